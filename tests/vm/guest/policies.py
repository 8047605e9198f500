#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""policies.py MODULE: for each policy, what it denies is denied by that module alone.

All other layers are switched off: what is tried succeeds without the module, is refused with it, and what the policy
allows works.
"""

import pathlib
import subprocess
import sys

LAUNCHER, TRY = "/vm/immure-layers", "/vm/tests/vm/guest/try.py"
OTHERS = "mounts,seccomp,capabilities,nslimits,landlock,rlimits"
MODULES = ("apparmor", "selinux")
NEWNET, NEWIPC = "0x40000000", "0x08000000"

# What every Python program needs; the rest is what a policy is about.
BASE = """files:
  - read,exec /usr/** /lib/** /lib64/** /bin/**
  - read /etc/** /proc/** /dev/** /vm/**
"""
# Process 1 is not dumpable: only a module says so by itself where the capability is kept.
MODULE_ONLY = ("ptrace", "read:/proc/1")

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


def policy_file(number, files, calls):
    text = f"policy: 1\nname: t/p{number}\nextends: [builtin/python, builtin/network-client]\n{BASE}"
    text += "".join(f"  - {rule}\n" for rule in files)
    if calls:
        text += "syscalls:\n" + "".join(f"  - {rule}\n" for rule in calls)
    path = pathlib.Path(f"/tmp/policy-{number}.yaml")
    path.write_text(text, encoding="ascii")
    return path


def words(policy, off, command):
    return ["env", f"IMMURE_TEST_WITHOUT={off}", LAUNCHER, "run", "--host", "--read", "/vm", "-v", "/tmp/data:/work",
            "--policy", str(policy), "--", *command]


def attempt(policy, off, tries):
    done = subprocess.run(["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups",
                           *words(policy, off, ["/usr/bin/python3", TRY, *tries])],
                          capture_output=True, text=True, check=False, timeout=60, cwd="/home/immure-test",
                          env={"HOME": "/home/immure-test", "PATH": "/usr/bin:/usr/sbin"})
    found = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if " " in line)
    return found, done.stderr.strip().splitlines()[-1:] or [""]


def verdict(number, policy, module):
    """One line for each policy: all that is denied, and all that is allowed."""
    name, files, calls, denied, allowed = policy
    path = policy_file(number, files, calls)
    everything = denied + allowed
    off = ",".join([OTHERS, *(m for m in MODULES if m != module)])
    free, _ = attempt(path, f"{OTHERS},{','.join(MODULES)}", everything)
    bound, why = attempt(path, off, everything)
    refused = everything[:len(denied)]
    for what in refused:
        if free.get(what) != "yes" and not what.startswith(MODULE_ONLY):
            return f"FAIL {name}: {what} does not succeed without {module} either: {free.get(what)}"
        if bound.get(what, "?") not in ("EACCES", "EPERM", "ENOENT"):
            return f"FAIL {name}: {what}: {bound.get(what)} {why}"
    for what in everything[len(denied):]:
        if bound.get(what) != "yes":
            return f"FAIL {name}: {what} must work: {bound.get(what)} {why}"
    return f"ok {module} alone: {name}: {' '.join(refused)}"


def main():
    module = sys.argv[1]
    for number, policy in enumerate(POLICIES):
        print(verdict(number, policy, module), flush=True)


if __name__ == "__main__":
    main()
