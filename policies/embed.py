#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn shipped texts into a C file: embed.py [--standards|--assets|--cil] OUT.c FILE..."""
import pathlib
import sys


def literal(text):
    return '\n'.join('\t"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'
                     for line in text.splitlines())


def main():
    kinds = {'--standards': ('', 'standard', 'audit/standard.h'), '--assets': ('', 'asset', 'audit/asset.h'),
             '--cil': ('', 'cil', 'policies/to_selinux.h')}
    is_named = sys.argv[1] in kinds
    out, *files = sys.argv[1 + is_named:]
    prefix, symbol, header = kinds.get(sys.argv[1], ('builtin/', 'builtin', 'policies/policy_read.h'))
    texts = sorted((prefix + pathlib.Path(f).stem, pathlib.Path(f).read_text()) for f in files)
    with open(out, 'w') as c:
        c.write(f'#include <string.h>\n\n#include "{header}"\n\n')
        for i, (_, text) in enumerate(texts):
            c.write(f'static const char text_{i}[] =\n{literal(text)};\n\n')
        names = ', '.join(f'"{name}"' for name, _ in texts)
        c.write(f'const char *const {symbol}_names[] = {{ {names} }};\n')
        c.write(f'const size_t n_{symbol}_names = {len(texts)};\n\n')
        c.write(f'struct span {symbol}_text(const char *name)\n{{\n')
        for i, (name, _) in enumerate(texts):
            c.write(f'\tif (strcmp(name, "{name}") == 0)\n'
                    f'\t\treturn (struct span){{ text_{i}, sizeof(text_{i}) - 1 }};\n')
        c.write('\treturn (struct span){ "", 0 };\n}\n')


main()
