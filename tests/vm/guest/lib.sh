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

# await COMMAND...: until it succeeds, or for a minute.
await() {
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		test $SECONDS -lt $end || return
		sleep 0.1
	done
}

# soon NAME TEXT COMMAND...: its output holds the text, at once or later: the kernel logs some things in a thread of its own.
holds() { "${@:2}" 2>&1 | grep -qF -- "$1"; }
soon() {
	await holds "${@:2}"
	says "$@"
}

# process COMMAND LINE: the number of the process that has exactly this one. A program has it once it has its label, and its
# name, which pidof(1) looks for, before.
process() {
	local file line
	for file in /proc/[0-9]*/cmdline; do
		mapfile -d '' line 2>/dev/null <"$file"
		if [ "${line[*]}" = "$1" ]; then file=${file%/*} && echo "${file##*/}" && return; fi
	done
	return 1
}

as_user() { su -s /bin/sh immure-test -c "cd && $*"; }

# The same without a shell between.
as_words() { (cd /home/immure-test && HOME=/home/immure-test exec setpriv --reuid=immure-test --regid=immure-test --clear-groups "$@"); }

# labelled USER LABEL WORDS...: the program begins as this user under a label of AppArmor ("exec NAME") or SELinux.
labelled() {
	local user=$1
	shift
	HOME=/home/immure-test setpriv --reuid="$user" --regid="$user" --clear-groups python3 - "$@" <<-'P'
		import os, sys
		label = sys.argv[1]
		attribute = os.open("/proc/self/attr/" + ("apparmor/" if label.startswith("exec ") else "") + "exec", os.O_WRONLY)
		os.write(attribute, label.encode())
		os.execvp(sys.argv[2], sys.argv[2:])
	P
}

label() { /vm/tests/vm/guest/label.py "$@"; }

# require FILE LAYER: a policy that does not start without it.
require() { printf 'policy: 1\nname: t/required\nextends: [builtin/default]\nrequire: [%s]\n' "$2" >"$1"; }

# recorded LAYER: its state in the record of immure-test's last run.
recorded() {
	python3 - "$1" <<-'P'
		import json, pathlib, sys
		runs = pathlib.Path("/home/immure-test/.local/state/immure/runs")
		last = max(runs.iterdir(), key=lambda run: run.stat().st_mtime_ns)
		plan = json.loads((last / "plan.json").read_text())
		print(next(entry["state"] for entry in plan["ledger"] if entry["layer"] == sys.argv[1]))
	P
}

# lost LAYER WHY STATE COMMAND...: the command, `immure run` as immure-test. Where the policy requires the layer nothing is
# started; otherwise, and where the caller insists, it is, and the record says what was missing.
lost() {
	local layer=$1 why=$2 state=$3
	shift 3
	require "/tmp/lost-$layer.yaml" "$layer"
	says "$layer, $why: refused where it is required" "immure: $layer: " "$@" --policy "/tmp/lost-$layer.yaml" --host -- echo begun
	refuse "... before anything was begun" grep -q begun /tmp/check.out
	says "... and not where it is not" begun "$@" --host -- echo begun
	says "... which is recorded" "$state" recorded "$layer"
	says "... nor where the caller insists" begun "$@" --policy "/tmp/lost-$layer.yaml" --allow-degraded "$layer" --host -- echo begun
	says "... which is recorded as well" "${state/n\/a/lost}" recorded "$layer"
}

# Two sandboxes of one user: the second tries to reach the first.
two_sandboxes() {
	local other tries
	as_user "immure run --name first --host -- sleep 12345" &
	await process "sleep 12345"
	other=$(process "sleep 12345")
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
	await test -S /run/immure/tracerd.sock || fail "immure-tracerd does not listen"
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
