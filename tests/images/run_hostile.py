#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Load and run every image that means harm, and import what its layers are: run_hostile.py IMMURE WORK. Ends with "N passed, N failed, N skipped"."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

from hostile import cases

PATIENCE = 60  # seconds until it is called a hang: a hundred times what any of them takes on a quiet machine


def snapshot(folder):
    seen = {}
    for file in sorted(folder.rglob('*')):
        name = str(file.relative_to(folder))
        if name == 'lock' or name.split('/')[0] == 'partial':
            continue
        st = file.lstat()
        content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() and not file.is_symlink() else ''
        seen[name] = (st.st_mode, st.st_size if content else 0, content)
    return seen


class Checker:
    def __init__(self, immure, work):
        self.immure, self.work = immure, work
        self.outside = work / 'outside'
        shutil.rmtree(work, ignore_errors=True)
        self.outside.mkdir(parents=True)
        (self.outside / 'secret').write_text('secret\n')
        (self.outside / 'passwd').write_text('outsider:x:0:0::/:/bin/sh\n')
        self.env = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': str(work), 'XDG_DATA_HOME': str(work / 'data'), 'XDG_STATE_HOME': str(work / 'state')}
        self.watched = snapshot(self.outside)

    def call(self, *words):
        started = time.monotonic()
        try:
            done = subprocess.run([self.immure, *words], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return None, 'hang', PATIENCE
        return done.returncode, done.stderr.decode('utf-8', 'backslashreplace'), time.monotonic() - started

    def complaint(self, status, text):
        """What is wrong with a refusal, or None."""
        if status is None:
            return 'it hangs'
        if status not in (2, 125, 126, 127):
            return f'exit status {status}: {text[-200:]}'
        lines = [x for x in text.splitlines() if not x.startswith('layer ')]
        if len(lines) != 1 or not lines[0].startswith('immure: ') or 'ended by signal' in lines[0] or 'without a word' in lines[0]:
            return f'no one clear error: {text[-300:]!r}'
        if any(ord(c) < 32 for c in lines[0]):
            return f'control bytes in the error: {text!r}'
        return None

    def judge(self, expected, folder):
        store = self.work / 'data/immure'
        before = snapshot(store)
        status, text, _ = self.call('load', '-q', '-t', 'hostile:1', str(folder))
        if expected == 'refused':
            after = snapshot(store)
            extra = set(after) ^ set(before)
            # JSON that was checked by itself may stay as a blob until prune.
            extra = {x for x in extra if not x.startswith('blobs/sha256/') and x.split('/')[0] != 'layers'}
            return self.complaint(status, text) or (f'the store has changed: {sorted(extra)[:3]}' if extra else None)
        if status != 0:
            return f'load failed: {text[-300:]}'
        status, text, _ = self.call('run', 'hostile:1')
        if expected == 'no start':
            return self.complaint(status, text)
        return None if status is not None and status < 128 else f'run: exit status {status}: {text[-200:]}'

    def import_layers(self, folder):
        """Archives by themselves: taken or refused by the same rules. Returns what is wrong, or None."""
        for blob in sorted(folder.glob('blobs/sha256/*')):
            with open(blob, 'rb') as file:
                if file.read(1) in (b'{', b'[', b''):
                    continue
            status, text, _ = self.call('import', str(blob), 'hostile:2')
            wrong = self.complaint(status, text) if status != 0 else None
            if wrong:
                return f'import: {wrong}'
        return None

    def check(self, name, expected, build):
        folder = self.work / 'layout'
        build(folder)
        wrong = self.judge(expected, folder) or self.import_layers(folder)
        if snapshot(self.outside) != self.watched:
            wrong = 'something outside has changed'
        for made in ('hostile:1', 'hostile:2'):
            self.call('rmi', made)
        status, text, _ = self.call('image', 'prune', '-a')
        left = [x for x in snapshot(self.work / 'data/immure') if x.split('/')[0] != 'volumes' and '/' in x and x != 'blobs/sha256']
        if status != 0 or left:
            wrong = wrong or f'left after prune: {left[:3]} {text}'
        if wrong:
            print(f'FAIL {name}: {wrong}')
        return not wrong


def main():
    checker = Checker(sys.argv[1], pathlib.Path(sys.argv[2]))
    checker.call('image', 'prune')
    only = sys.argv[3] if len(sys.argv) > 3 else ''
    results = [checker.check(*case) for case in cases(checker.outside) if only in case[0]]
    subprocess.run(['chmod', '-R', 'u+rwX', str(checker.work)], check=False)
    shutil.rmtree(checker.work, ignore_errors=True)
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed, 0 skipped')
    return 0


os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
sys.exit(main())
