#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every verb and option that --help shows has its line in a man page: man.py IMMURE_TOOL MAN_DIR."""
import pathlib
import re
import subprocess
import sys


def help_of(tool, *words):
    return subprocess.run([tool, *words, '--help'], capture_output=True, text=True,
                          check=True).stdout


def verbs_in(text):
    block = text.split('Verbs:\n', 1)
    if len(block) < 2:
        return []
    return re.findall(r'^  ([a-z]+)  +\S', block[1].split('\n\n', 1)[0], re.M)


def main():
    tool, folder = sys.argv[1:]
    pages = {p.name: p.read_text() for p in pathlib.Path(folder).glob('*.scd')}
    text = '\n'.join(pages.values())
    faults = []
    calls = []
    for verb in verbs_in(help_of(tool)):
        if f'*{verb}*' not in pages['immure.1.scd'] and f'immure-{verb}' not in pages['immure.1.scd']:
            faults.append(f'immure.1 does not name {verb}')
        subs = verbs_in(help_of(tool, verb))
        calls += [(verb, s) for s in subs] or [(verb,)]
    for call in calls:
        page = pages.get(f'immure-{call[0]}.1.scd', text)
        if len(call) == 2 and f'*{call[1]}*' not in page:
            faults.append(f'immure-{call[0]}.1 does not name {call[1]}')
        for option in re.findall(r'--([a-z][a-z-]*)', help_of(tool, *call).split('Options:', 1)[-1]):
            if f'*--{option}*' not in page and f'\\--{option}' not in page and option != 'help':
                faults.append(f'the page of {" ".join(call)} does not name --{option}')
    catalogue = subprocess.run([tool, 'policy', 'lint', '--list'], capture_output=True, text=True, check=True)
    for lint in re.findall(r'^([a-z0-9-]+)  ', catalogue.stdout, re.M):
        if f'\n*{lint}*\n' not in pages['immure-lint.7.scd']:
            faults.append(f'immure-lint.7 does not explain {lint}')
    print('\n'.join(sorted(set(faults))))
    return bool(faults)


sys.exit(main())
