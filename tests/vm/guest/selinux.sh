#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sandboxes of an ordinary user under Debian's reference policy: labels, categories, volumes, and what cannot be labelled.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
check "we are what users are, and it enforces" sh -c 'grep -q ":unconfined_t:" /proc/self/attr/current && grep -q 1 /sys/fs/selinux/enforce'
policies=/vm/tests/vm/guest/selinux

# The machine before anything of ours is installed.
says "nothing set up: the ledger says what to do" "immure setup selinux" as_user "immure run --dry-run --host -- true"
check "nothing set up: it runs all the same" as_user "immure run --host -- true"
says "nothing set up, and required: refused" "selinux" as_user "immure run --policy $policies/required.yaml --host -- true"
check "... unless told so" as_user "immure run --policy $policies/required.yaml --allow-degraded selinux --host -- true"
refuse "policy install is for root" as_user "immure policy install builtin/default"

# What semodule would do, done by hand: the whole policy with our modules.
check "a policy with our modules is loaded" /vm/tests/vm/guest/load_policy.py /vm/policy
says "the ledger" "domain of the module immure_default_" as_user "immure run --dry-run --host -- true"
check "required, and there" as_user "immure run --policy $policies/required.yaml --host -- true"
check "what the kernel answers of contexts" /vm/unit/test_sandbox_host_selinux
says "a policy without a module has the domain of all" ":immure_any_t:s0:c" as_user "immure run --policy $policies/unknown.yaml --host -- cat /proc/self/attr/current"

says "... and where its own is required: refused" "immure policy install" as_user "immure run --policy $policies/unknown-required.yaml --host -- true"
says "the program has its domain" ":immure_default_" as_user "immure run --host -- cat /proc/self/attr/current"
says "seen from outside" ":immure_default_" as_user "immure run --host -- true; cat .local/state/immure/runs/*/evidence.json"
says "root too" ":immure_default_" immure run --host -- cat /proc/self/attr/current
refuse "no other label from inside" as_user "immure run --host -- sh -c 'cat /proc/self/attr/current >/proc/self/attr/exec'"
for _ in 1 2 3 4 5 6; do as_user "immure run --host -- cat /proc/self/attr/current" | tr -d '\0'; echo; done >/tmp/labels
check "six runs, six pairs of categories" test "$(sort -u /tmp/labels | grep -c 's0:c[0-9]*,c[0-9]*$')" -eq 6

# What is handed over can be used, and not opened.
says "pipes of the caller" "through" sh -c "echo through | su -s /bin/sh immure-test -c 'cd && immure run -i --host -- cat'"
as_user "echo in >in; immure run -i --host -- cat <in >out"
check "files of the caller, handed over" grep -q in /home/immure-test/out
says "the same file by its name is refused" "denied" as_user "immure run --read /home/immure-test/in --host -- cat /home/immure-test/in 2>&1"

# Mode audit: a domain that refuses nothing, or none at all.
off=mounts,seccomp,capabilities,nslimits,landlock,rlimits
held() { su -s /bin/sh immure-test -c "cd && IMMURE_TEST_WITHOUT=$off exec /vm/immure-layers run --policy $policies/$1 --host --read /vm -- python3 /vm/tests/vm/guest/try.py $2"; }
says "the ledger of mode audit" "mode audit: nothing is refused" as_user "immure run --policy $policies/audit.yaml --dry-run --host -- true"
says "enforced: the call is refused by SELinux alone" "socket:inet,raw EACCES" held required.yaml socket:inet,raw
says "mode audit: the same call is let through" "socket:inet,raw yes" held audit.yaml socket:inet,raw
soon "... and recorded by the kernel" "immure_audit_" sh -c 'dmesg | grep "tclass=rawip_socket permissive=1"'
says "without a module: no label" "only a module of its own" as_user "immure run --policy $policies/unknown-audit.yaml --dry-run --host -- true"

# Volumes.
as_user "mkdir -p shared private deep/a/b; echo x >shared/f; echo x >private/f; ln -s /etc/passwd shared/link"
says "a volume without a label is refused by SELinux" "denied" as_user "immure run -v ~/shared:/v --host -- cat /v/f 2>&1"
says "... and the ledger says so" "refused for want of a label: /home/immure-test/shared" as_user "immure run -v ~/shared:/v --dry-run --host -- true"
check "labelled for all sandboxes" as_user "immure run -v ~/shared:/v:z --host -- sh -c 'cat /v/f; echo y >/v/g'"
check "another one reads what it wrote" as_user "immure run -v ~/shared:/v --host -- cat /v/g"
says "no link was followed" ":etc_t:" python3 -c 'import os; print(os.getxattr("/etc/passwd", "security.selinux"))'
check "labelled for one alone" as_user "immure run -v ~/private:/v:Z --host -- cat /v/f"
says "the next cannot read it" "denied" as_user "immure run -v ~/private:/v --host -- cat /v/f 2>&1"
says "the system is not labelled" "left as they are" as_user "immure run -v /usr:/v:z,ro --host -- true"
check "a named volume is labelled by itself" as_user "immure run -v data:/v --host -- sh -c 'echo kept >/v/f'"
says "... and is there the next time" "kept" as_user "immure run -v data:/v --host -- cat /v/f"

# A root of its own: one label for all of it, whatever lies on the disk.
as_user "mkdir -p root/bin root/proc root/dev root/tmp; cp /bin/busybox root/bin/busybox; ln -s busybox root/bin/sh"
says "a root directory" "immure_root_t" as_user "immure run --rootfs ~/root -- /bin/busybox sh -c 'busybox ls -Z /bin/busybox 2>/dev/null || busybox cat /proc/self/mountinfo'"
says "a root that is written to" "written" as_user "immure run --rootfs ~/root --writable -- /bin/busybox sh -c 'busybox echo written >/new; busybox cat /new'"

# A launcher in a domain that may not change to a sandbox's.
lost selinux "where immure itself is confined" n/a labelled 1234 unconfined_u:unconfined_r:guest_other_t:s0-s0:c0.c1023 immure run

two_sandboxes

# Two of one user with one policy, all other layers off: the categories alone.
su -s /bin/sh immure-test -c "cd && IMMURE_TEST_WITHOUT=$off exec /vm/immure-layers run --name one --host -v ~/private:/v:Z -- sleep 12345" &
await process "sleep 12345"
first=$(process "sleep 12345")
python3 - "$first" >/tmp/mcs.out 2>&1 <<'P'
import subprocess, sys
own = open("/proc/self/attr/current").read().rstrip("\0\n")
first = open(f"/proc/{sys.argv[1]}/attr/current").read().rstrip("\0\n")
other = first.rsplit(":", 1)[0] + ":c1,c2"
print(first, other)
number = int(open("/sys/fs/selinux/class/process/index").read())
for permission in ("signal", "sigkill", "sigstop", "signull", "ptrace", "getattr"):
    bit = int(open(f"/sys/fs/selinux/class/process/perms/{permission}").read())
    answers = []
    for subject in (other, first):
        with open("/sys/fs/selinux/access", "r+b", buffering=0) as file:
            file.write(f"{subject} {first} {number}".encode())
            answers.append(bool(int(file.read(64).split()[0], 16) & 1 << (bit - 1)))
    print(permission, "refused to another, given to itself" if answers == [False, permission != "ptrace"] else answers)
P
check "categories alone keep processes apart: $(tr '\n' ';' </tmp/mcs.out)" test "$(grep -c 'refused to another' /tmp/mcs.out)" -eq 6
# And tried: by a process of the same user in the same domain that sees the first, for it is in no sandbox.
reach() { # CATEGORIES
	labelled "$(stat -c %u "/proc/$first")" "$(tr -d '\0' <"/proc/$first/attr/current" | sed 's/:[^:]*$//'):$1" \
		python3 /vm/tests/vm/guest/try.py "kill:$first" "ptrace:$first" "read:/proc/$first/environ" "list:/proc/$first/fd"
}
own=$(tr -d '\0' <"/proc/$first/attr/current" | sed 's/.*://')
says "with its own categories it can be signalled" "kill:$first yes" reach "$own"
reach c1,c2 >/tmp/other.out 2>&1
check "with others neither signalled, traced nor read: $(tr '\n' ';' </tmp/other.out)" \
	test "$(grep -cE ' E(ACCES|PERM)$' /tmp/other.out)" -eq 4
kill "$first"
wait

echo 0 >/sys/fs/selinux/enforce
says "permissive: recorded" "permissive" as_user "immure run --dry-run --host -- true"
says "permissive, and required: refused" "permissive" as_user "immure run --policy $policies/required.yaml --host -- true"
