#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""policies.py MODULE: for each policy, what it denies is denied by that module alone.

All other layers are switched off: what is tried succeeds without the module, is refused with it, and what the policy
allows works.
"""

import pathlib
import subprocess
import sys

import policies_selinux

LAUNCHER, TRY = "/vm/immure-layers", "/vm/tests/vm/guest/try.py"
OTHERS = "mounts,seccomp,capabilities,nslimits,landlock,rlimits"
MODULES = ("apparmor", "selinux")
NEWNET, NEWIPC = policies_selinux.NEWNET, policies_selinux.NEWIPC

# What every Python program needs; the rest is what a policy is about.
BASE = """files:
  - read,exec /usr/** /lib/** /lib64/** /bin/**
  - read /etc/** /proc/** /dev/** /vm/**
"""
# Process 1 is not dumpable, and Debian's unconfined domain cannot make code either: refused without the module's rule, too.
MODULE_ONLY = ("ptrace", "read:/proc/1", "make-code")

# Name, files and calls of the policy, what it must deny, what it must allow. /data is read-only, /work writable.
POLICIES = (
    ("one file", ["read /opt/data/open"], [], ["read:/opt/data/secret"], ["read:/opt/data/open"]),
    ("one folder", ["read /opt/data/a/**"], [], ["read:/opt/data/b/x", "list:/opt/data/b"],
     ["read:/opt/data/a/x", "list:/opt/data/a"]),
    ("deny below an allow", ["read /opt/data/**", "deny /opt/data/secret"], [], ["read:/opt/data/secret"],
     ["read:/opt/data/open"]),
    ("deny a folder below an allow", ["read /opt/data/**", "deny /opt/data/b/**"], [], ["read:/opt/data/b/x"],
     ["read:/opt/data/a/x"]),
    ("deny in a volume", ["deny /work/b/**"], [], ["write:/work/b/x", "read:/work/b/x", "create:/work/b/y"],
     ["write:/work/a/x", "create:/work/a/y"]),
    ("execute nothing of a folder", ["read /opt/data/**"], [], ["exec:/opt/data/tool", "map:/opt/data/tool"],
     ["read:/opt/data/tool"]),
    ("execute one program of it", ["read /opt/data/**", "exec /opt/data/tool"], [], ["exec:/opt/data/other"],
     ["exec:/opt/data/tool"]),
    ("no socket at all", [], ["deny socket"], ["socket:inet,stream", "socket:inet,dgram", "socket:unix,stream"],
     ["read:/etc/passwd"]),
    ("local sockets only", [], ["deny socket if domain != AF_UNIX"], ["socket:inet,stream", "socket:inet6,stream"],
     ["socket:unix,stream"]),
    ("no raw packets", [], [], ["socket:inet,raw", "socket:packet,raw"], ["socket:inet,stream"]),
    ("no netlink", [], [], ["socket:netlink,raw"], ["socket:inet,dgram"]),
    ("no capability", [], [], ["hostname:x", "chroot:/usr"], ["read:/etc/passwd"]),
    ("no mount", [], [], ["mount:/work/a"], ["write:/work/open"]),
    ("no namespaces", [], [], [f"unshare:{NEWNET}", f"unshare:{NEWIPC}"], ["read:/etc/passwd"]),
    ("no signal to another label", [], [], ["kill:1"], ["kill:2"]),
    ("no look at another label", [], ["allow ptrace"], ["ptrace:1", "read:/proc/1/environ", "read:/proc/1/maps"],
     ["read:/proc/self/maps"]),
    ("strange names", ["read /opt/data/o^d,x@y"], [], ["read:/opt/data/open"], ["read:/opt/data/o^d,x@y"]),
)


def table(module):
    """Of one module: (name, text of the policy, what is denied, what is allowed)."""
    if module == "selinux":
        rows = [(name, extends, "files:\n" + "".join(f"  - {rule}\n" for rule in policies_selinux.FILES + files), calls,
                 denied, allowed) for name, extends, files, calls, denied, allowed in policies_selinux.POLICIES]
    else:
        rows = [(name, policies_selinux.NETWORK, BASE + "".join(f"  - {rule}\n" for rule in files), calls, denied,
                 allowed) for name, files, calls, denied, allowed in POLICIES]
    for number, (name, extends, files, calls, denied, allowed) in enumerate(rows):
        text = f"policy: 1\nname: t/p{number}\nextends: [{', '.join(extends)}]\n{files}"
        if calls:
            text += "syscalls:\n" + "".join(f"  - {rule}\n" for rule in calls)
        yield name, text, denied, allowed


def words(policy, off, command):
    return ["env", f"IMMURE_TEST_WITHOUT={off}", LAUNCHER, "run", "--host", "--read", "/vm", "-v", "/tmp/data:/work:z,exec",
            "-v", "/tmp/strange:/strange", "--policy", str(policy), "--", *command]


def attempt(policy, off, tries):
    done = subprocess.run(["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups",
                           *words(policy, off, ["/usr/bin/python3", TRY, *tries])],
                          capture_output=True, text=True, check=False, timeout=200, cwd="/home/immure-test",
                          env={"HOME": "/home/immure-test", "PATH": "/usr/bin:/usr/sbin"})
    found = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if " " in line)
    return found, done.stderr.strip().splitlines()[-1:] or [""]


def write_policy(name, text):
    path = pathlib.Path(f"/tmp/{name}.yaml")
    path.write_text(text, encoding="ascii")
    return path


def verdict(number, row, module, free):
    """One line for each policy: all that is denied, and all that is allowed."""
    name, text, denied, allowed = row
    off = ",".join([OTHERS, *(m for m in MODULES if m != module)])
    bound, why = attempt(write_policy(f"policy-{number}", text), off, denied + allowed)
    for what in denied:
        if free.get(what) != "yes" and not what.startswith(MODULE_ONLY):
            return f"FAIL {name}: {what} does not succeed without {module} either: {free.get(what)}"
        if bound.get(what, "?") not in ("EACCES", "EPERM", "ENOENT"):
            return f"FAIL {name}: {what}: {bound.get(what)} {why}"
    for what in allowed:
        if bound.get(what) != "yes":
            return f"FAIL {name}: {what} must work: {bound.get(what)} {why}"
    return f"ok {module} alone: {name}: {' '.join(denied)}"


def main():
    module = sys.argv[1]
    rows = list(table(module))
    # With every layer off a policy means nothing, so one will do to see what could be done.
    everything = sorted({what for row in rows for what in row[2]})
    free, _ = attempt(write_policy("free", rows[0][1]), f"{OTHERS},{','.join(MODULES)}", everything)
    for number, row in enumerate(rows):
        print(verdict(number, row, module, free), flush=True)


if __name__ == "__main__":
    main()
