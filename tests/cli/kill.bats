#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the supervisor at any moment: the workload is gone within a second, nothing is left
# that the next run does not clear, and the next run is fine. IMMURE_KILL_ROUNDS: how often (200).

load common

setup() {
	common_setup
	ROUNDS=${IMMURE_KILL_ROUNDS:-200}
	"$IMMURE" run --host -- true
}

teardown() {
	common_teardown
}

# kill_after MICROSECONDS COMMAND…: start it, wait, kill -9 it.
kill_after() {
	perl -e 'my $us = shift;
		my $pid = fork;
		exec @ARGV if $pid == 0;
		select undef, undef, undef, $us / 1e6;
		kill 9, $pid;
		waitpid $pid, 0;' "$@" >/dev/null 2>&1 3>&-
}

@test "kill -9 of the supervisor at random moments" {
	need perl
	local i
	remember_footprint
	for i in $(seq "$ROUNDS"); do
		kill_after $((RANDOM * 30000 / 32768)) "$IMMURE" run --host -v "$WORK:/data" -- \
			sh -c "sleep 1000; echo $TOKEN"
		if [ $((i % 10)) = 0 ]; then
			assert_no_process
		fi
	done
	assert_no_process
	run -0 on_host -- echo fine
	[ "$output" = fine ]
	assert_nothing_left
}

@test "kill -9 while a workload forks and writes" {
	need perl
	local i
	remember_footprint
	for i in $(seq $((ROUNDS / 10))); do
		kill_after $((50000 + RANDOM * 100000 / 32768)) "$IMMURE" run --host \
			-v "$WORK:/data" -w /data -- busybox sh -c \
			"while :; do (busybox sleep 100 & echo $i >f) & done; : $TOKEN"
		assert_no_process
	done
	run -0 on_host -- echo fine
	assert_nothing_left
}

@test "kill -9 with a subordinate range" {
	need perl newuidmap
	grep -q "^$(id -un):" /etc/subuid 2>/dev/null || skip "no subordinate ids"
	[ "$(id -u)" != 0 ] || skip "root writes the maps itself"
	local i
	remember_footprint
	for i in $(seq $((ROUNDS / 4))); do
		kill_after $((RANDOM * 60000 / 32768)) "$IMMURE" run --host --ids range -- \
			sh -c "sleep 1000; echo $TOKEN"
	done
	assert_no_process
	run -0 "$IMMURE" run --host --ids range -- echo fine
	assert_nothing_left
}

@test "kill -9 while the policy is compiled leaves no half of it" {
	need perl
	local i
	for i in $(seq $((ROUNDS / 10))); do
		rm -rf "$XDG_STATE_HOME/immure" "$XDG_CACHE_HOME/immure"
		kill_after $((RANDOM * 60000 / 32768)) "$IMMURE" run --host -- echo "$TOKEN"
		run -0 "$IMMURE" run --host -- echo fine
		[ "$output" = fine ]
	done
	assert_no_process
}

@test "the supervisor's own end: its terminal, its parent, a stop" {
	need perl
	# A parent that dies does not take the sandbox with it, and does not leave it unsupervised.
	perl -e 'exec @ARGV' sh -c "'$IMMURE' run --host -- sh -c 'sleep 0.5; echo $TOKEN' & exit 0"
	sleep 1
	assert_no_process
	# A stop signal stops; a continue continues.
	"$IMMURE" run --host -- sh -c "echo $TOKEN; sleep 0.3; echo end" >"$HOME_DIR/out" 3>&- &
	local pid=$!
	sleep 0.1
	kill -STOP "$pid"
	sleep 0.5
	kill -CONT "$pid"
	wait "$pid"
	grep -q end "$HOME_DIR/out"
}
