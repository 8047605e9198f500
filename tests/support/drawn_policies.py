#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""drawn_policies.py FOLDER: sixteen policies drawn by chance, the same ones each time."""

import pathlib
import random
import sys

CALLS = ("socket", "bind", "connect", "listen", "accept4", "ptrace", "mmap", "shmget", "msgget", "kill", "setsockopt",
         "bpf", "add_key", "perf_event_open", "shutdown")
FAMILIES = ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET")
TOPS = ("/etc", "/etc/ssl", "/usr/bin", "/usr/lib", "/usr/share", "/opt", "/proc", "/srv", "")
LETTERS = "abcXYZ019._-+~"


def rule(chance):
    name = "".join(chance.choice(LETTERS) for _ in range(chance.randrange(1, 20))).strip(".")
    verb = chance.choice(("read", "exec", "read,exec", "write", "deny"))
    return f"  - {verb} {chance.choice(TOPS)}/a{name}{chance.choice(('', '/**'))}\n"


def call(chance, name):
    if name == "socket" and chance.random() < 0.7:
        return f"  - allow socket if domain == {chance.choice(FAMILIES)}\n"
    return f"  - allow {name}\n"


def main():
    chance = random.Random(46)
    for number in range(16):
        text = f"policy: 1\nname: {chance.choice(('drawn', 'x/y-z', 'N0.a'))}{number}\nfiles:\n"
        text += "".join(rule(chance) for _ in range(chance.randrange(1, 12)))
        text += f"  - read {chance.choice(TOPS)}/**\nsyscalls:\n  - allow execve\n"
        text += "".join(call(chance, name) for name in chance.sample(CALLS, chance.randrange(1, len(CALLS))))
        pathlib.Path(sys.argv[1], f"{number}.yaml").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
