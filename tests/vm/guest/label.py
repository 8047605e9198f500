#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""label.py TYPE[:LEVEL] PATH...: as chcon(1)."""

import os
import sys

kind, _, level = sys.argv[1].partition(":")
for path in sys.argv[2:]:
    context = f"system_u:object_r:{kind}:{level or 's0'}\0"
    os.setxattr(path, "security.selinux", context.encode(), follow_symlinks=False)
