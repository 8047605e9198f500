# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the scripts that run in a guest: results, one a line, that tests/stages/90-kernels counts.

ok() { echo "ok $*"; }
fail() { echo "FAIL $*"; }
skip() { echo "SKIP $*"; }

# check NAME COMMAND...: must succeed.   refuse NAME COMMAND...: must not.
check() {
	name=$1
	shift
	if "$@" >/tmp/check.out 2>&1; then ok "$name"; else fail "$name: $(tail -n 3 /tmp/check.out | tr '\n' ' ')"; fi
}
refuse() {
	name=$1
	shift
	if "$@" >/tmp/check.out 2>&1; then fail "$name: it succeeded: $(tail -n 3 /tmp/check.out | tr '\n' ' ')"; else ok "$name"; fi
}

# says NAME TEXT COMMAND...: its output holds the text.
says() {
	name=$1 text=$2
	shift 2
	"$@" >/tmp/check.out 2>&1
	if grep -qF -- "$text" /tmp/check.out; then ok "$name"; else fail "$name: no \"$text\" in: $(tail -n 5 /tmp/check.out | tr '\n\0' '  ' | tail -c 600)"; fi
}

as_user() { su -s /bin/sh immure-test -c "cd && $*"; }

label() { /vm/tests/vm/guest/label.py "$@"; }

# Two sandboxes of one user: the second tries to reach the first.
two_sandboxes() {
	local other tries
	as_user "immure run --name first --host -- sleep 12345" &
	for _ in $(seq 100); do
		other=$(pidof sleep)
		test -n "$other" && break
		sleep 0.1
	done
	as_user "immure run --read /vm --host -- python3 /vm/tests/vm/guest/try.py kill:$other ptrace:$other read:/proc/$other/environ list:/proc/$other/fd" >/tmp/two.out 2>&1
	tries=$(grep -c ':' /tmp/two.out)
	check "two sandboxes of one user: $tries tries, none succeeds" sh -c "test $tries -eq 4 && ! grep -q yes /tmp/two.out"
	kill "$other"
	wait
}

# The kernel's collector where everybody looks for it.
trace_daemon() {
	echo 'immure-tracerd:x:990:990::/:/bin/false' >>/etc/passwd
	mount -t bpf bpf /sys/fs/bpf && mkdir -p /run/immure
	/usr/libexec/immure/immure-tracerd &
	for _ in $(seq 300); do
		test -S /run/immure/tracerd.sock && return
		sleep 0.1
	done
	fail "immure-tracerd does not listen"
}

# What an ordinary machine has and an empty guest has not.
furnish() {
	ulimit -n 65536
	ulimit -u 100000
	ulimit -i 100000
	ip link set lo up
	ip link add guest0 type dummy && ip addr add 10.1.1.1/24 dev guest0 && ip link set guest0 up
	dd if=/dev/zero of=/var/disk bs=1024 count=64 2>/dev/null && losetup /dev/loop0 /var/disk
}
