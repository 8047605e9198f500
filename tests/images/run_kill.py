#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End load, rmi and prune at every call that changes something, or let that call fail: run_kill.py IMMURE IMAGES WORK.

Afterwards each name means what it meant before or what it should mean now, everything is whole, and prune leaves nothing
behind. (An image comes before its name, and goes after it: between the two there is a whole image without a name.)"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

CALLS = ['mkdir,mkdirat', 'renameat2,renameat,rename', 'unlinkat,unlink', 'fsync,syncfs', 'write,pwrite64', 'fchown,fchmod', 'memfd_create', 'clone3']


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

    def run(self, what, words, how, calls):
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
            done = self.immure_(*words, trace=['strace', '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e', f'inject={calls}:{how}:when={number}'])
            wrong = self.wrong(old, new)
            if how != 'signal=KILL' and done.returncode not in (0, 125):
                wrong = wrong or f'exit status {done.returncode}: {done.stderr[-200:]}'
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


def main():
    harness = Harness(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    harness.work.mkdir(parents=True, exist_ok=True)
    harness.all()
    shutil.rmtree(harness.work, ignore_errors=True)
    print(f'{harness.passed} passed, {harness.failed} failed, 0 skipped')


main()
