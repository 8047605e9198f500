#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What each layer's archive may call: symbols.py BUILD_DIR. Spelling cannot hide it from nm."""
import pathlib
import re
import subprocess
import sys

BANNED = set('''strcpy strcat sprintf vsprintf gets system popen strtok mktemp tmpnam tempnam alloca
                setjmp longjmp getpwuid getpwnam getgrnam initgroups dlopen rand srand'''.split())
PRINTS = set('printf puts putchar vprintf perror __printf_chk __vprintf_chk'.split())
# policies/ is pure: text, numbers, memory, and the libraries it reads with.
PURE = re.compile(r'''^(mem(cpy|move|set|cmp|chr|mem)|__mem(cpy|move|set)_chk|str(len|nlen|cmp|ncmp|chr|rchr|str|cspn)
                      |__?(v?snprintf)(_chk)?|__v?snprintf_chk|(v?snprintf)|free|malloc|calloc|realloc|qsort|bcmp|abort
                      |__stack_chk_fail|__assert_fail|_GLOBAL_OFFSET_TABLE_|__errno_location
                      |yaml_.*|seccomp_syscall_resolve_.*|__asan.*|__ubsan.*|__sanitizer.*)$''', re.X)
OWN = re.compile(r'^(address|arena|strbuf|span|text|path|digest|err|jsonw|fd|diags|layer|limit)_')


def undefined(archive):
    lines = subprocess.run(['nm', '-A', str(archive)], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    rows = [line.split() for line in lines if line.strip()]
    defined = {r[-1] for r in rows if len(r) >= 3 and r[-2] in 'TDRBVWtdrb'}
    return {r[-1] for r in rows if r[-2] == 'U'} - defined


def main():
    build = pathlib.Path(sys.argv[1])
    faults = []
    for name in ['base', 'policies', 'bpf', 'sandbox', 'audit', 'runtime']:
        for archive in sorted((build / name).glob('lib*.a')):
            used = undefined(archive)
            faults += [f'{archive.name} calls {s}, which is banned' for s in sorted(used & BANNED)]
            if name != 'runtime':
                faults += [f'{archive.name} prints with {s}' for s in sorted(used & PRINTS)]
            if name == 'policies':
                known = undefined_in_core(build, archive)
                faults += [f'{archive.name} calls {s}, and policies/ is pure'
                           for s in sorted(used - known) if not PURE.match(s) and not OWN.match(s)]
    print('\n'.join(faults))
    return bool(faults)


def undefined_in_core(build, archive):
    """What the other archive of the folder defines is the folder's own."""
    own = set()
    for other in archive.parent.glob('lib*.a'):
        lines = subprocess.run(['nm', str(other)], capture_output=True, text=True, check=True).stdout
        own |= {line.split()[-1] for line in lines.splitlines()
                if len(line.split()) == 3 and line.split()[1] in 'TDRB'}
    return own


sys.exit(main())
