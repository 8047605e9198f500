#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End load, rmi and prune at every call that changes something, or let that call fail: run_kill.py IMMURE IMAGES WORK.
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


def copy(source, target):
    subprocess.run(['cp', '-a', str(source), str(target)], check=True)


class Harness:
    def __init__(self, immure, images, work):
        self.immure, self.images, self.work = immure, images, work
        self.data, self.before = work / 'data', work / 'before'
        self.env = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(work), 'XDG_DATA_HOME': str(self.data), 'XDG_STATE_HOME': str(work / 'state')}
        self.passed = self.failed = 0

    def immure_(self, *words, trace=()):
        return subprocess.run([*trace, self.immure, *words], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def names(self):
        images = json.loads(self.immure_('images', '--json').stdout)
        return sorted((i['name'], i['digest']) for i in images if i['name'])

    def wrong(self, old, new):
        now = self.names()
        if now not in (old, new):
            return f'neither the old state nor the new one: {now}'
        check = self.immure_('image', 'check')
        if check.returncode != 0:
            return f'something is damaged: {check.stdout[-200:]} {check.stderr[-200:]}'
        prune = self.immure_('image', 'prune')
        left = [p for part in ('tmp', 'partial') for p in os.listdir(self.data / 'immure' / part)]
        if prune.returncode != 0 or left:
            return f'left after prune: {left} {prune.stderr}'
        if self.names() not in (old, new):
            return 'prune took too much'
        return None

    def run(self, what, words, how, calls, more=()):
        """One operation, ended at its first, second, third ... such call, until it gets through."""
        old = self.names()
        shutil.rmtree(self.before, ignore_errors=True)
        copy(self.data, self.before)
        new = None
        self.immure_(*words)
        new = self.names()
        for number in range(1, 400):
            shutil.rmtree(self.data)
            copy(self.before, self.data)
            done = self.immure_(*words, trace=['strace', *more, '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e', f'inject={calls}:{how}:when={number}'])
            wrong = self.wrong(old, new)
            if how != 'signal=KILL' and done.returncode not in (0, 125):
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
            if done.returncode == 0 and self.names() == new and number > 3:
                break
        shutil.rmtree(self.data)
        copy(self.before, self.data)

    def all(self):
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


main()
