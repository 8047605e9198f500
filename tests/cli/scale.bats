#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many at once, and many one after the other: all succeed, and nothing grows. IMMURE_LONG=1 makes
# 10,000 runs of it.

load common

setup() {
	common_setup
	"$IMMURE" run --host -- true
}

teardown() {
	common_teardown
}

# What the kernel keeps for us: processes, mounts, keys, shared memory, namespaces of our user.
kernel_footprint() {
	echo "mounts $(grep -c . /proc/self/mountinfo)"
	echo "shm $(grep -c . /proc/sysvipc/shm)"
	echo "net $(grep -c . /proc/self/net/unix)"
	# No line is no key: the last one of a user may go at any time.
	awk -v uid="$(id -u):" '$1 == uid {n = $2} END {print "keys", n + 0}' /proc/key-users 2>/dev/null
	find /sys/fs/cgroup -type d -name '*immure*' 2>/dev/null | sort
}

# Others on the machine come and go: what counts is growth that stays.
assert_same_footprint() {
	local before=$1 grown i
	for i in $(seq 300); do
		grown=$(awk 'NR == FNR {was[$1] = $2; next} !($1 in was) || $2 > was[$1]' \
			<(echo "$before") <(kernel_footprint))
		[ -n "$grown" ] || return 0
		sleep 0.1
	done
	echo "grown ($i looks): $grown" >&2
	return 1
}

@test "100 in parallel: all succeed, nothing is left" {
	local pids=() pid before bad=0 i
	before=$(kernel_footprint)
	remember_footprint
	for i in $(seq 100); do
		"$IMMURE" run --host -v "$WORK:/data" -- sh -c "sleep 0.2; echo $TOKEN >/data/$i" \
			2>>"$HOME_DIR/err" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || bad=$((bad + 1))
	done
	cat "$HOME_DIR/err"
	[ "$bad" = 0 ]
	[ "$(cat "$WORK"/* | grep -c "$TOKEN")" = 100 ]
	assert_nothing_left
	assert_same_footprint "$before"
}

@test "each of 100 parallel runs has a folder of its own" {
	local i
	for i in $(seq 100); do
		"$IMMURE" run --host -- true 3>&- &
	done
	wait
	[ "$(find "$XDG_STATE_HOME/immure/runs" -mindepth 1 -maxdepth 1 -type d | wc -l)" = 101 ]
}

@test "many runs one after the other: nothing grows" {
	local rounds=300 before i first last
	[ -z "${IMMURE_LONG-}" ] || rounds=10000
	before=$(kernel_footprint)
	remember_footprint
	for i in $(seq "$rounds"); do
		"$IMMURE" run --host -- true
		# What a run keeps of itself is evidence; only its own size matters here.
		[ $((i % 50)) != 0 ] || rm -rf "$XDG_STATE_HOME"/immure/runs/*-*
		[ "$i" != 20 ] || first=$(ls /proc/self/fd | wc -l)
	done
	last=$(ls /proc/self/fd | wc -l)
	[ "$first" = "$last" ]
	assert_nothing_left
	assert_same_footprint "$before"
}

@test "a long run does not grow with what it refuses" {
	need python3
	run -0 /usr/bin/python3 "$DIR/workloads/denials.py" "$IMMURE" 20000
	echo "$output"
	[[ $output == "20000 refused, memory "*" ok" ]]
}
