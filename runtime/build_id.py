#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A header with the digest of all sources that decide what a compiled policy looks like."""
import hashlib
import pathlib
import sys

out, version, *files = sys.argv[1:]
digest = hashlib.sha256(version.encode())
for name in sorted(files, key=lambda f: pathlib.Path(f).name):
    digest.update(pathlib.Path(name).read_bytes())
pathlib.Path(out).write_text(
    f'#ifndef IMMURE_BUILD_ID\n#define IMMURE_BUILD_ID "{version}-{digest.hexdigest()[:16]}"\n#endif\n')
