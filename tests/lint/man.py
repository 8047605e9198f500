#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every verb and option that --help shows has its line in a man page: man.py IMMURE_TOOL MAN_DIR."""
import json
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


def faults_of_controls(standards, page):
    """Each control of a run stands in immure-controls(7) by its id and title, and nothing else does."""
    there = dict(re.findall(r'^\*(\S+ [^*\n]+)\* (.+)\n\t\S', page, re.M))
    wanted = {}
    for file in standards.glob('*.json'):
        standard = json.loads(file.read_text())
        if file.stem != 'host':
            wanted.update({f'{standard["prefix"]} {c["id"]}': c['title'] for c in standard['controls']})
    for name in sorted(there.keys() | wanted.keys()):
        if there.get(name) != wanted.get(name):
            yield f'immure-controls.7: {name}: {there.get(name)}; expected {wanted.get(name)}'


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
    faults += faults_of_controls(pathlib.Path(folder).parents[1] / 'audit' / 'controls', pages['immure-controls.7.scd'])
    print('\n'.join(sorted(set(faults))))
    return bool(faults)


sys.exit(main())
