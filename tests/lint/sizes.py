#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file answers one question (500 lines), a function fits on a screen (80)."""
import json
import pathlib
import shutil
import subprocess
import sys

MAX_FILE, MAX_FUNCTION = 500, 80


def main():
    top = pathlib.Path(sys.argv[1])
    if not shutil.which('ctags'):
        print('skipped: ctags is not installed')
        return 77
    files = [p for d in ['base', 'policies', 'bpf', 'sandbox', 'audit', 'runtime', 'fuzz', 'tests']
             for p in sorted((top / d).rglob('*')) if p.suffix in ('.c', '.h', '.py', '.sh')]
    faults = []
    for path in files:
        lines = len(path.read_text().splitlines())
        if lines > MAX_FILE:
            faults.append(f'{path.relative_to(top)}: {lines} lines')
    sources = [str(p) for p in files if p.suffix == '.c']
    tags = subprocess.run(['ctags', '--output-format=json', '--fields=+ne', '--kinds-C=f', '-f', '-',
                           *sources], capture_output=True, text=True, check=True).stdout
    for line in tags.splitlines():
        tag = json.loads(line)
        if tag.get('end', 0) - tag['line'] > MAX_FUNCTION:
            faults.append(f"{tag['path']}: {tag['name']} has {tag['end'] - tag['line']} lines")
    print('\n'.join(faults))
    return 1 if faults else 0


sys.exit(main())
