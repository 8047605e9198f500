#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Let each call of the confined unpacker to the store's file system fail, by a file system that does so: run_failing.py IMMURE
IMAGES WORK. Nobody can trace that process, and its filter would not let it be; the kernel asks this file system all the same.

The cause is named, nothing of it stays behind prune, everything is whole, and the same works when nothing fails. As root, in a mount
namespace of its own."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SERVER = HERE.parent / 'support' / 'failing_fs.py'
CAUSES = {'EIO': 'Input/output error', 'ENOSPC': 'No space left', 'EDQUOT': 'quota exceeded'}
# Calls, how they fail, and every which of them does.
LOAD = (('write', 'EIO', 1), ('write', 'ENOSPC', 4), ('write', 'EDQUOT', 9), ('create,mknod,mkdir', 'EIO', 2), ('create,mknod,mkdir', 'ENOSPC', 3),
        ('symlink,link', 'EIO', 3), ('setattr', 'EIO', 4))
CHECK = (('read', 'EIO', 4), ('write', 'EIO', 7))


class Harness:
    def __init__(self, immure, images, work):
        self.immure, self.images, self.work = immure, images, work
        self.below, self.point, self.base = work / 'below', work / 'point', work / 'base'
        self.env = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(work), 'XDG_STATE_HOME': str(work / 'state')}
        self.passed = self.failed = 0

    def call(self, data, *words):
        return subprocess.run([self.immure, *words], env={**self.env, 'XDG_DATA_HOME': str(data)}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)

    def names(self):
        return sorted((i['name'], i['digest']) for i in json.loads(self.call(self.below, 'images', '--json').stdout))

    def wrong(self, done, error, old):
        if done.returncode == 0:
            return 'it was not noticed'
        said = done.stdout + done.stderr
        if done.returncode not in (1, 125) or CAUSES[error] not in said:
            return f'exit status {done.returncode}, and the cause is not named: {said[-200:]}'
        if self.names() != old:
            return 'the images are others'
        check = self.call(self.below, 'image', 'check')
        if check.returncode != 0:
            return f'something is damaged: {check.stdout[-200:]}{check.stderr[-200:]}'
        prune = self.call(self.below, 'image', 'prune')
        left = [p for part in ('tmp', 'partial') for p in os.listdir(self.below / 'immure' / part)]
        if prune.returncode != 0 or left:
            return f'left after prune: {left} {prune.stderr}'
        return None

    def one(self, calls, number, error, words):
        """Returns how many such calls there were, and what came of it."""
        shutil.rmtree(self.below, ignore_errors=True)
        subprocess.run(['cp', '-a', str(self.base), str(self.below)], check=True)
        with subprocess.Popen([sys.executable, '-B', str(SERVER), str(self.below), str(self.point), 'immure-unpack', calls, str(number), error],
                              stdout=subprocess.PIPE, text=True) as server:
            if server.stdout.readline() != 'ready\n':
                print('a file system of ours cannot be mounted here')
                sys.exit(77)
            done = self.call(self.point, *words)
            subprocess.run(['umount', str(self.point)], check=True)
            seen = int(server.stdout.readline())
        return seen, done

    def all(self, what, kinds, words):
        shutil.rmtree(self.below, ignore_errors=True)
        subprocess.run(['cp', '-a', str(self.base), str(self.below)], check=True)
        old = self.names()
        for calls, error, step in kinds:
            seen, done = self.one(calls, 1 << 30, error, words)
            if done.returncode != 0 or seen == 0:
                self.failed += 1
                print(f'FAIL {what}: {seen} {calls}, exit status {done.returncode} where nothing fails: {done.stderr[-200:]}')
            for number in range(1, seen + 1, step):
                _, done = self.one(calls, number, error, words)
                wrong = self.wrong(done, error, old)
                self.passed += not wrong
                self.failed += bool(wrong)
                if wrong:
                    print(f'FAIL {what}, {error} at {calls} number {number} of {seen}: {wrong}')


def main():
    immure, images, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    shutil.rmtree(work, ignore_errors=True)
    harness = Harness(immure, images, work)
    for folder in (harness.base, harness.point, work / 'state'):
        folder.mkdir(parents=True, mode=0o755)
    if harness.call(harness.base, 'load', '-q', '-t', 'a:1', str(images / 'one')).returncode != 0:
        raise SystemExit('cannot load')
    harness.all('load', LOAD, ('load', '-q', '-t', 'b:1', str(images / 'two')))
    harness.all('image check', CHECK, ('image', 'check'))
    shutil.rmtree(work)
    print(f'{harness.passed} passed, {harness.failed} failed, 0 skipped')


main()
