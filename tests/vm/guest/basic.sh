#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# immure as an ordinary user and as root on this kernel, without any module of the kernel's.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish

check "kernel $(uname -r): doctor" immure doctor
for user in root immure-test immure-nosub; do
	run() { su -s /bin/sh "$user" -c "cd && $*"; }
	says "$user: the program runs" "hello" run "immure run --host -- echo hello"
	says "$user: not root inside, no capability" "0000000000000000" run "immure run --host -- grep CapEff /proc/self/status"
	check "$user: status comes back" run "immure run --host -- sh -c 'exit 7'; test \$? -eq 7"
	refuse "$user: files of the host cannot be written" run "immure run --host -- touch /usr/x"
	refuse "$user: no further namespaces" run "immure run --host -- unshare -U true"
	says "$user: the report names the security modules in their order" "\"lsm\": \"$(cat /sys/kernel/security/lsm)\"" \
		run "immure run --host -- true; immure audit report --format json -o -"
	says "$user: a refused call is recorded" "unshare" run "immure run --host -- unshare -U true; immure audit show last"
done

# What a policy allows and refuses comes out so on this kernel, too. Executing is tried otherwise before Linux 6.9.
for policy in default strict shell start learn; do
	check "builtin/$policy: each probe comes out as predicted" as_user "immure policy prove builtin/$policy"
done
printf 'policy: 1\nname: t/exec\nextends: [builtin/shell]\nfiles:\n  - read,exec /usr/lib/** /lib/** /lib64/** /usr/bin/python3\n' >/tmp/exec.yaml
as_user "immure policy prove --verbose /tmp/exec.yaml" >/tmp/exec.out
says "executing what is granted goes through" "as predicted allowed   exec /usr/bin/python3" cat /tmp/exec.out
says "... and what is not is refused" "as predicted landlock  exec /usr/bin/id" cat /tmp/exec.out
says "... by Landlock alone" "DIFFERENT    landlock  exec /usr/bin/id" as_user "immure policy prove --without landlock /tmp/exec.yaml"

as_user "immure run --learn learned.yaml --host -- ls /" >/dev/null
check "what was learned requires Landlock" grep -q "^require: .landlock" /home/immure-test/learned.yaml
check "... and runs on the kernel on which it was learned" as_user "immure run --policy learned.yaml --host -- ls /"

two_sandboxes

lost apparmor "which this kernel was booted without" n/a as_words immure run
lost selinux "which this kernel was booted without" n/a as_words immure run

for test in /vm/unit/test_*; do
	check "$(basename "$test")" su -s /bin/sh immure-nosub -c "$test"
done
