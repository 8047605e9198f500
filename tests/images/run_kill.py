#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End load, rmi, prune, run --keep, rm, commit, import, save and cp at every call that changes something, or let that call
fail: run_kill.py IMMURE IMAGES WORK.
The same of pull, and of the processes that work for it: run_kill.py IMMURE --pull NAME WORK.

Afterwards each name means what it meant before or what it should mean now, everything is whole, and prune leaves nothing
behind. (An image comes before its name, and goes after it: between the two there is a whole image without a name.)"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

CALLS = ['mkdir,mkdirat', 'renameat2,renameat,rename', 'unlinkat,unlink', 'fsync,syncfs', 'write,pwrite64', 'fchown,fchmod', 'memfd_create', 'clone3']
CAUSES = {'error=EIO': 'Input/output error', 'error=ENOSPC': 'No space left'}


def open_up(folder):
    """What overlayfs leaves without rights, and rubbish of it."""
    for work in (*folder.glob('immure/kept/*/data/work/work'), *folder.glob('immure/tmp/*/data/work/work'), *folder.glob('immure/tmp/*/work/work')):
        work.chmod(0o700)


def copy(source, target):
    open_up(source)
    subprocess.run(['cp', '-a', str(source), str(target)], check=True)


class Harness:
    def __init__(self, immure, images, work):
        self.immure, self.images, self.work = immure, images, work
        self.data, self.before = work / 'data', work / 'before'
        self.env = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(work), 'XDG_DATA_HOME': str(self.data), 'XDG_STATE_HOME': str(work / 'state')}
        self.passed = self.failed = 0
        self.statuses = (0, 125)

    def immure_(self, *words, trace=()):
        return subprocess.run([*trace, self.immure, *words], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def names(self):
        images = json.loads(self.immure_('images', '--json').stdout)
        return sorted((i['name'], i['digest']) for i in images if i['name'])

    def kept(self):
        """Each kept layer with its parts: one that is there has all of them."""
        folder = self.data / 'immure' / 'kept'
        parts = ('record', 'data/upper', 'data/work')
        return sorted(str([p for p in parts if (one / p).exists()]) for one in (folder.iterdir() if folder.exists() else ()))

    def both(self):
        return self.names(), self.kept()

    def wrong(self, old, new):
        now = self.both()
        if now not in (old, new):
            return f'neither the old state nor the new one: {now}'
        check = self.immure_('image', 'check')
        if check.returncode != 0:
            return f'something is damaged: {check.stdout[-200:]} {check.stderr[-200:]}'
        prune = self.immure_('image', 'prune')
        left = [p for part in ('tmp', 'partial') for p in os.listdir(self.data / 'immure' / part)]
        if prune.returncode != 0 or left:
            return f'left after prune: {left} {prune.stderr}'
        if self.both() not in (old, new):
            return 'prune took too much'
        return None

    def clear(self):
        open_up(self.data)
        shutil.rmtree(self.data)

    def run(self, what, words, how, calls, more=()):
        """One operation, ended at its first, second, third ... such call, until it gets through."""
        old = self.both()
        if self.before.exists():
            open_up(self.before)
            shutil.rmtree(self.before)
        copy(self.data, self.before)
        new = None
        self.immure_(*words)
        new = self.both()
        for number in range(1, 400):
            self.clear()
            copy(self.before, self.data)
            done = self.immure_(*words, trace=['strace', *more, '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e', f'inject={calls}:{how}:when={number}'])
            wrong = self.wrong(old, new)
            if how != 'signal=KILL' and done.returncode not in self.statuses:
                wrong = wrong or f'exit status {done.returncode}: {done.stderr[-200:]}'
            # The call that failed may be the one that says why.
            if done.returncode == 125 and done.stderr and CAUSES.get(how, '') not in done.stderr:
                wrong = wrong or f'the cause is not named: {done.stderr[-200:]}'
            self.passed += not wrong
            self.failed += bool(wrong)
            if wrong:
                print(f'FAIL {what}, {how} at {calls} number {number}: {wrong}')
            if done.returncode == 0 and how == 'signal=KILL':
                break
            if done.returncode == 0 and self.both() == new and number > 3:
                break
        self.clear()
        copy(self.before, self.data)

    def save(self, words, name, how, calls):
        """What is saved is there whole or not at all; with an error nothing else is left beside it."""
        out = self.work / 'out'
        for number in range(1, 400):
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            (out / 'old').write_text('old')
            done = self.immure_('save', *words, '-o', str(out / name), 'a:1', trace=['strace', '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e', f'inject={calls}:{how}:when={number}'])
            wrong = None
            target = out / name
            if target.exists() and not (name == 'old' and target.read_text(errors='replace') == 'old'):
                again = self.immure_('load', '-q', '-t', 'again:1', str(target))
                wrong = None if again.returncode == 0 else f'not whole: {again.stderr[-200:]}'
            left = [n for n in os.listdir(out) if n not in ('old', name)]
            if left and how != 'signal=KILL':
                wrong = wrong or f'left: {left}'
            if how != 'signal=KILL' and done.returncode not in (0, 125):
                wrong = wrong or f'exit status {done.returncode}: {done.stderr[-200:]}'
            self.passed += not wrong
            self.failed += bool(wrong)
            if wrong:
                print(f'FAIL save, {how} at {calls} number {number}: {wrong}')
            if done.returncode == 0 and (how == 'signal=KILL' or number > 3):
                break
        shutil.rmtree(out)

    def cp(self, how, calls):
        """A file of a kept layer is the old one or the new one."""
        source, got = self.work / 'source', self.work / 'got'
        for number in range(1, 200):
            source.write_text('old')
            assert self.immure_('cp', str(source), 'last:/file').returncode == 0
            source.write_text('new')
            done = self.immure_('cp', str(source), 'last:/file', trace=['strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e', f'inject={calls}:{how}:when={number}'])
            back = self.immure_('cp', 'last:/file', str(got))
            text = got.read_text() if back.returncode == 0 else back.stderr
            wrong = text not in ('old', 'new') or (done.returncode == 0 and text != 'new')
            self.passed += not wrong
            self.failed += wrong
            if wrong:
                print(f'FAIL cp, {how} at {calls} number {number}: {text[-200:]}')
            if done.returncode == 0:
                break

    def new_ways(self):
        """What makes images of something else, and what runs keep."""
        one = str(self.images / 'one')
        kills = ('mkdir,mkdirat', 'renameat2,renameat,rename', 'unlinkat,unlink', 'fsync,syncfs', 'linkat', 'clone,clone3')
        self.immure_('load', '-q', '-t', 'a:1', one)
        for calls in kills[:4]:
            self.run('run --keep', ['run', '--keep', 'a:1', 'true'], 'signal=KILL', calls)
        made = self.immure_('run', '--keep', '-u', '0', 'a:1', 'sh', '-c', 'echo x >/new; echo y >/etc/passwd')
        assert made.returncode == 0, made.stderr
        root = self.work / 'root'
        root.mkdir()
        (root / 'file').write_text('x')
        for what, words in (('commit', ('commit', '--timestamp', '1', 'last', 'c:1')), ('import', ('import', '--timestamp', '1', str(root), 'i:1'))):
            for calls in kills:
                self.run(what, words, 'signal=KILL', calls)
            for calls in ('mkdir,mkdirat', 'renameat2', 'fsync,syncfs', 'write,pwrite64'):
                self.run(what, words, 'error=EIO', calls)
        for calls in ('linkat', 'renameat2,renameat,rename', 'fsync'):
            self.save((), 'new', 'signal=KILL', calls)
            self.save((), 'old', 'signal=KILL', calls)
            self.save(('--format', 'oci-dir'), 'new', 'signal=KILL', calls)
        for calls in ('write', 'fsync', 'linkat,renameat'):
            self.save((), 'old', 'error=EIO', calls)
        self.save(('--format', 'oci-dir'), 'new', 'error=EIO', 'write,fsync,mkdirat,renameat2')
        for calls in ('openat', 'renameat', 'write,copy_file_range'):
            self.cp('signal=KILL', calls)
        for calls in ('renameat', 'copy_file_range,fchmod'):
            self.cp('error=EIO', calls)
        for calls in ('renameat2,renameat,rename', 'unlinkat,unlink', 'fsync'):
            self.run('rm', ['image', 'prune', '--kept'], 'signal=KILL', calls)

    def all(self):
        self.immure_('image', 'prune')
        self.new_ways()
        self.clear()
        self.immure_('image', 'prune')
        for how in ('signal=KILL', 'error=EIO'):
            for calls in CALLS:
                self.run('load', ['load', '-q', '-t', 'a:1', str(self.images / 'two')], how, calls)
        self.immure_('load', '-q', '-t', 'a:1', str(self.images / 'two'))
        self.immure_('load', '-q', '-t', 'b:1', str(self.images / 'docker.tar'))
        for calls in ('renameat2,renameat,rename', 'unlinkat,unlink', 'fsync,syncfs'):
            self.run('rmi', ['rmi', 'a:1'], 'signal=KILL', calls)
        self.immure_('load', '-q', str(self.images / 'one'))
        for calls in ('renameat2,renameat,rename', 'unlinkat,unlink'):
            self.run('prune', ['image', 'prune', '-a'], 'signal=KILL', calls)

    def all_of_pull(self, name):
        self.immure_('image', 'prune')
        words = ['pull', '-q', name]
        for calls in CALLS:
            self.run('pull', words, 'signal=KILL', calls)
        for calls in CALLS:
            self.run('pull', words, 'error=EIO', calls)
        # The helper that hears the registry, those that unpack. (A call that is made to fail would end them as well: their
        # filter kills what is no call. Full disks are the stage's.)
        self.run('pull and its helpers', words, 'signal=KILL', 'write,pwrite64', ['-f'])


def main():
    is_pull = sys.argv[2] == '--pull'
    images, work = sys.argv[3 if is_pull else 2], pathlib.Path(sys.argv[-1])
    harness = Harness(sys.argv[1], pathlib.Path(images), work)
    harness.work.mkdir(parents=True, exist_ok=True)
    if is_pull:
        harness.all_of_pull(images)
    else:
        harness.all()
    shutil.rmtree(harness.work, ignore_errors=True)
    print(f'{harness.passed} passed, {harness.failed} failed, 0 skipped')


if __name__ == '__main__':
    main()
