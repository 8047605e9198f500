#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""load_policy.py FILE: into the kernel, by the one write(2) that it asks for."""

import os
import sys

with open(sys.argv[1], "rb") as file:
    policy = file.read()
kernel = os.open("/sys/fs/selinux/load", os.O_WRONLY)
os.write(kernel, policy)
os.close(kernel)
