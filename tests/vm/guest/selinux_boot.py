#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""selinux_boot.py POLICY COMMAND...: what an SELinux distribution's boot does, then the command as its root's shell.

Load the policy, label every file as Debian's file contexts do for the part of the tree that is here, become unconfined,
enforce.
"""

import os
import stat
import sys

SELINUX = "/sys/fs/selinux"
ME = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
# The longest that fits decides; a type for folders, one for files that may be executed, one for the others.
PLACES = {
    "/": ("root_t", "bin_t", "root_t"),
    "/usr": ("usr_t", "bin_t", "usr_t"),
    "/usr/bin": ("bin_t", "bin_t", "bin_t"),
    "/usr/sbin": ("bin_t", "bin_t", "bin_t"),
    "/usr/libexec": ("bin_t", "bin_t", "bin_t"),
    "/usr/lib": ("lib_t", "lib_t", "lib_t"),
    "/usr/lib64": ("lib_t", "lib_t", "lib_t"),
    "/etc": ("etc_t", "etc_t", "etc_t"),
    "/home": ("user_home_dir_t", "user_home_t", "user_home_t"),
    "/root": ("user_home_dir_t", "user_home_t", "user_home_t"),
    "/tmp": ("tmp_t", "tmp_t", "tmp_t"),
    "/run": ("var_run_t", "var_run_t", "var_run_t"),
    "/var": ("var_t", "var_t", "var_t"),
    "/var/lib": ("var_lib_t", "var_lib_t", "var_lib_t"),
    "/var/tmp": ("tmp_t", "tmp_t", "tmp_t"),
    "/dev": ("device_t", "device_t", "device_t"),
    "/vm": ("lib_t", "bin_t", "lib_t"),
}
FILES = {
    "/home": "home_root_t",
    "/usr/bin/bash": "shell_exec_t",
    "/usr/bin/busybox": "shell_exec_t",
    "/etc/shadow": "shadow_t",
    "/etc/ld.so.cache": "ld_so_cache_t",
    "/dev/null": "null_device_t",
    "/dev/zero": "zero_device_t",
    "/dev/full": "null_device_t",
    "/dev/random": "random_device_t",
    "/dev/urandom": "urandom_device_t",
    "/dev/tty": "devtty_t",
    "/dev/console": "console_device_t",
    "/dev/ttyS0": "tty_device_t",
    "/dev/ttyS1": "tty_device_t",
    "/dev/kmsg": "kmsg_device_t",
    "/dev/mem": "memory_device_t",
}
ELSEWHERE = ("/proc", "/sys", "/dev/pts", "/dev/mqueue", "/vm/root")  # their file systems label them


def write(path, data):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)


def type_of(path, mode):
    if path in FILES:
        return FILES[path]
    if "/ld-linux" in path:
        return "ld_so_t"
    place = path if stat.S_ISDIR(mode) else os.path.dirname(path)
    while place not in PLACES:
        place = os.path.dirname(place)
    folder, program, other = PLACES[place]
    if stat.S_ISDIR(mode):
        return folder if path in PLACES or place.startswith(("/home", "/root")) is False else "user_home_t"
    return program if stat.S_ISREG(mode) and mode & 0o111 else other


def label(path):
    mode = os.lstat(path).st_mode
    context = f"system_u:object_r:{type_of(path, mode)}:s0"
    try:
        os.setxattr(path, "security.selinux", context.encode() + b"\0", follow_symlinks=False)
    except OSError as why:
        print(f"FAIL label of {path}: {why}")


def label_all(top):
    label(top)
    for folder, folders, files in os.walk(top):
        folders[:] = [f for f in folders if os.path.join(folder, f) not in ELSEWHERE]
        for name in folders + files:
            label(os.path.join(folder, name))


def main():
    with open(sys.argv[1], "rb") as file:
        policy = file.read()
    write(f"{SELINUX}/load", policy)
    label_all("/")
    write("/proc/self/attr/current", ME.encode())
    write(f"{SELINUX}/enforce", b"1")
    with open("/proc/sys/kernel/printk_ratelimit", "w", encoding="ascii") as limit:
        limit.write("0")
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
