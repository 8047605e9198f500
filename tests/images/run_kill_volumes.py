#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End what makes, fills and removes volumes at every call that changes something, or let that call fail:
run_kill_volumes.py IMMURE IMAGES WORK.

Afterwards the volumes are those of before or those that should be now, each of them whole: empty, or with all that it
should hold. prune leaves nothing else behind."""
import os
import pathlib
import shutil
import stat
import sys

from run_kill import Harness

MAKING = ['mkdir,mkdirat', 'renameat2,renameat,rename', 'fsync,syncfs', 'write,pwrite64']
REMOVING = ['renameat2,renameat,rename', 'unlinkat,unlink', 'fsync,syncfs']
FILLING = ['mkdir,mkdirat', 'renameat2,renameat,rename', 'fsync,syncfs', 'write,copy_file_range', 'fchmod,fchown', 'clone3,mount_setattr']


def tree(top):
    """What a folder holds, as a picture to compare."""
    seen = []
    for folder, folders, files in os.walk(top):
        for name in sorted(folders + files):
            path = pathlib.Path(folder, name)
            mode = path.lstat().st_mode
            what = os.readlink(path) if stat.S_ISLNK(mode) else path.read_bytes() if stat.S_ISREG(mode) else ''
            seen.append((str(path.relative_to(top)), oct(mode), what))
    return sorted(seen)


class Volumes(Harness):
    """The same, looking at volumes: their names and what they hold."""

    def folder(self):
        return self.data / 'immure/volumes'

    def both(self):
        listed = self.immure_('volume', 'ls', '-q').stdout.split()
        return [(name, (self.folder() / name / 'record').exists(), tree(self.folder() / name / 'data')) for name in listed if len(name) < 32]

    def wrong(self, old, new):
        now = self.both()
        # A name comes first, empty; what is to be in it comes at once.
        between = [(name, True, []) for name, _, _ in new]
        if now not in (old, new, between) or not all(record for _, record, _ in now):
            return f'neither the old state nor the new one: {str(now)[:300]}'
        done = self.immure_('volume', 'prune')
        left = [p.name for p in self.folder().iterdir() if p.name not in [n for n, _, _ in now]]
        left += [str(p) for p in self.folder().glob('*/new')]
        if done.returncode != 0 or left:
            return f'left after prune: {left} {done.stderr}'
        return None if self.both() == now else 'prune took too much'

    def all(self):
        archive = self.work / 'archive.tar'
        shutil.make_archive(str(archive)[:-4], 'tar', os.path.dirname(os.path.abspath(__file__)))
        self.immure_('load', '-q', '-t', 'a:1', str(self.images / 'two'))
        self.immure_('volume', 'prune')
        for calls in MAKING:
            for how in ('signal=KILL', 'error=EIO', 'error=ENOSPC'):
                self.run('create', ['volume', 'create', '-l', 'a=b', 'v'], how, calls)
                self.run('import', ['volume', 'import', 'v', str(archive)], how, calls)
        self.statuses = range(256)  # the program, too, is hit
        for calls in FILLING:
            self.run('fill', ['run', '-v', 'v:/data', '--tmpfs', '/vol', 'a:1'], 'signal=KILL', calls, ['-f'])
        self.run('fill', ['run', '-v', 'v:/data', '--tmpfs', '/vol', 'a:1'], 'error=ENOSPC', 'mkdir,mkdirat,write,copy_file_range', ['-f'])
        self.statuses = (0, 125)
        self.immure_('volume', 'import', 'v', str(archive))
        for calls in REMOVING:
            self.run('rm', ['volume', 'rm', 'v'], 'signal=KILL', calls)
            self.run('prune', ['volume', 'prune', '-a'], 'signal=KILL', calls)


def main():
    harness = Volumes(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    harness.work.mkdir(parents=True, exist_ok=True)
    harness.all()
    shutil.rmtree(harness.work, ignore_errors=True)
    print(f'{harness.passed} passed, {harness.failed} failed, 0 skipped')


if __name__ == '__main__':
    main()
