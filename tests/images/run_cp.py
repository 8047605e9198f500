#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""immure cp while the run exchanges folders for links as fast as it can: run_cp.py IMMURE SWAP WORK [ROUNDS].

SWAP is swap.c, linked statically. Whatever cp does, nothing outside of the run may change, and nothing of it may get into a
copy; what cp says may be an error."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from image import Layout, busybox, entry, tar

SECRET = 'nobody inside may have this'


def snapshot(folder):
    found = []
    for path in sorted(folder.rglob('*')):
        st = path.lstat()
        found.append((str(path), st.st_mode, st.st_size, st.st_mtime_ns, path.read_bytes() if path.is_file() and not path.is_symlink() else b''))
    return found


class Race:
    def __init__(self, immure, swap, work, rounds):
        self.immure, self.swap, self.work, self.rounds = immure, pathlib.Path(swap), work, rounds
        self.victim = work / 'victim'
        self.passed = self.failed = 0
        self.env = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(work), 'XDG_DATA_HOME': str(work / 'data'), 'XDG_STATE_HOME': str(work / 'state')}

    def call(self, *words):
        return subprocess.run([self.immure, *map(str, words)], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def check(self, what, good, why=''):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f'FAIL cp in a race: {what} {why}')

    def make_image(self):
        layout = Layout(self.work / 'image')
        layout.image([tar(busybox() + [entry('bin/swap', self.swap.read_bytes(), mode=0o755)])])
        done = self.call('load', '-q', '-t', 'race:1', self.work / 'image')
        assert done.returncode == 0, done.stderr

    def start(self):
        """Folders and links of one shape: whichever is there when a name is looked up, the next name exists."""
        outside, script = str(self.victim), ['PATH=/bin', 'cd /work']
        for name in ('in', 'out', 'deep/in', 'deep/out'):
            script += [f'busybox mkdir -p {name}/sub', f'echo inside >{name}/file', f'echo inside >{name}/sub/file', f'busybox ln -s {outside} {name}.link']
        # A folder that is shared with the outside, exchanged below what is copied to.
        script += ['busybox mkdir -p /shared/out/sub /shared/out/moved', f'busybox ln -s {outside} /shared/out/link']
        pairs = ' '.join(f'{n} {n}.link' for n in ('in', 'out', 'deep/in', 'deep/out')) + ' /shared/out/sub /shared/out/link'
        script += [f'exec swap {pairs}']
        shared = self.work / 'shared'
        shared.mkdir()
        done = self.call('run', '-d', '--keep', '--name', 'race', '-u', '0', '-v', f'{shared}:/shared', 'race:1', 'sh', '-c', 'busybox mkdir -p /work; ' + '; '.join(script))
        assert done.returncode == 0, done.stderr
        for _ in range(100):
            if self.swaps() > 0:
                return
            time.sleep(0.1)

    def swaps(self):
        got = self.call('cp', 'race:/work/swaps', self.work / 'swaps')
        text = (self.work / 'swaps').read_text() if got.returncode == 0 else ''
        return int(text) if text.strip().isdigit() else 0

    def round(self, number):
        source, out = self.work / 'source', self.work / 'got'
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        where = 'race:/work'
        for words in (('cp', source, f'{where}/in'), ('cp', source / 'file', f'race:/work/deep/in/{number}'),
                      ('cp', f'{source}/.', 'race:/work/deep/in/sub'), ('cp', 'race:/work/out/file', out / 'file'),
                      ('cp', 'race:/work/deep/out/sub', out / 'sub'), ('cp', 'race:/work/out', out / 'tree'),
                      ('cp', 'race:/work/deep/.', out / 'deep'), ('cp', 'race:/work/source-tree', self.work / 'shared' / 'out')):
            yield self.call(*words)

    def all(self):
        self.victim.mkdir(parents=True)
        (self.victim / 'file').write_text(SECRET)
        (self.victim / 'sub').mkdir()
        (self.victim / 'sub' / 'file').write_text(SECRET)
        source = self.work / 'source'
        (source / 'sub').mkdir(parents=True)
        for name in ('file', 'sub/file', 'sub/more'):
            (source / name).write_text('from outside')
        self.make_image()
        before = snapshot(self.victim)
        self.start()
        self.call('cp', source, 'race:/work/source-tree')
        first, outcomes, leaked = self.swaps(), [], []
        for number in range(self.rounds):
            outcomes += [done.returncode for done in self.round(number)]
            leaked += [p for p in (self.work / 'got').rglob('*') if p.is_file() and not p.is_symlink() and SECRET in p.read_text()]
            if snapshot(self.victim) != before or leaked:
                break
        swaps = self.swaps() - first
        self.check('nothing outside changed', snapshot(self.victim) == before)
        self.check('nothing from outside came out', not leaked, str(leaked))
        self.check('no crash', set(outcomes) <= {0, 125}, str(set(outcomes)))
        self.check('some copies were made', outcomes.count(0) > len(outcomes) // 20, f'{outcomes.count(0)} of {len(outcomes)}')
        self.check(f'at least 10,000 exchanges: {swaps}', swaps >= 10000 or self.rounds < 20)
        self.call('rm', '--force', 'race')
        print(f'{swaps} exchanges, {outcomes.count(0)} of {len(outcomes)} copies went through', file=sys.stderr)


def main():
    race = Race(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 40)
    race.work.mkdir(parents=True, exist_ok=True)
    race.all()
    subprocess.run(['chmod', '-R', 'u+rwX', str(race.work)], check=False)
    shutil.rmtree(race.work, ignore_errors=True)
    print(f'{race.passed} passed, {race.failed} failed, 0 skipped')


if __name__ == '__main__':
    main()
