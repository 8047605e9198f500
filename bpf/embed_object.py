#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed_object.py FILE: the bytes of a BPF object as a C array, on standard output."""
import pathlib
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
print('/* made by embed_object.py */')
print('static const _Alignas(8) unsigned char tracer_object[] = {')
for i in range(0, len(data), 16):
    print('\t' + ' '.join(f'{b},' for b in data[i:i + 16]))
print('};')
