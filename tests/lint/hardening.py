#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the built programs must have: position independence, full RELRO, no executable stack."""
import subprocess
import sys


def readelf(program, *flags):
    return subprocess.run(['readelf', '-W', *flags, program], capture_output=True, text=True,
                          check=True).stdout


def check(program):
    header, segments = readelf(program, '-h'), readelf(program, '-l')
    dynamic, symbols = readelf(program, '-d'), readelf(program, '-s')
    stack = next(line for line in segments.splitlines() if 'GNU_STACK' in line)
    yield 'is not position independent', 'DYN' in header
    yield 'has no GNU_RELRO', 'GNU_RELRO' in segments
    yield 'has an executable stack', 'RWE' not in stack
    yield 'binds symbols late', 'BIND_NOW' in dynamic or 'NOW' in dynamic or 'NEEDED' not in dynamic
    yield 'has no stack protector', '__stack_chk_fail' in symbols


def main():
    faults = [f'{p} {fault}' for p in sys.argv[1:] for fault, good in check(p) if not good]
    print('\n'.join(faults))
    return bool(faults)


sys.exit(main())
