#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn the shipped profiles into a C file: embed.py OUT.c PROFILE.yaml..."""
import pathlib
import sys


def literal(text):
    return '\n'.join('\t"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'
                     for line in text.splitlines())


def main():
    out, *files = sys.argv[1:]
    profiles = sorted(('builtin/' + pathlib.Path(f).stem, pathlib.Path(f).read_text()) for f in files)
    with open(out, 'w') as c:
        c.write('#include <string.h>\n\n#include "policies/policy_read.h"\n\n')
        for i, (_, text) in enumerate(profiles):
            c.write(f'static const char text_{i}[] =\n{literal(text)};\n\n')
        names = ', '.join(f'"{name}"' for name, _ in profiles)
        c.write(f'const char *const builtin_names[] = {{ {names} }};\n')
        c.write(f'const size_t n_builtin_names = {len(profiles)};\n\n')
        c.write('struct span builtin_text(const char *name)\n{\n')
        for i, (name, _) in enumerate(profiles):
            c.write(f'\tif (strcmp(name, "{name}") == 0)\n'
                    f'\t\treturn (struct span){{ text_{i}, sizeof(text_{i}) - 1 }};\n')
        c.write('\treturn (struct span){ "", 0 };\n}\n')


main()
