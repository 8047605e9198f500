#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How a program is asked to end: by immure stop, by Ctrl-C, by the time limit; what an image says of it.

load common

setup() {
	common_setup
	export XDG_DATA_HOME="$HOME_DIR/data"
}

teardown() {
	"$IMMURE" ps -q | xargs -r "$IMMURE" kill >/dev/null 2>&1 || true
	common_teardown
}

# Says which signals come, and ends at none but QUIT.
HEARS='trap "echo int" INT; trap "echo term" TERM; trap "echo quit; exit 3" QUIT; echo ready; while :; do sleep 0.05; done'

hears() {
	"$IMMURE" run "$@" --host -- bash -c "$HEARS" >"$WORK/out" 2>&1 &
	PID=$!
	for _ in $(seq 900); do grep -q ready "$WORK/out" && return; sleep 0.05; done
	return 1
}

@test "immure stop sends the stop signal of the run, and waits as long as it says" {
	local id
	id=$("$IMMURE" run -d --stop-signal SIGQUIT --host -- bash -c "$HEARS")
	for _ in $(seq 900); do "$IMMURE" logs "$id" | grep -q ready && break; sleep 0.05; done
	"$IMMURE" stop "$id"
	run -3 "$IMMURE" wait "$id"
	"$IMMURE" logs "$id" | grep -qx quit
	[ "$("$IMMURE" inspect "$id" | jq -r '.[0].plan.stop | "\(.signal) \(.ms)"')" = "QUIT 10000" ]
	id=$("$IMMURE" run -d --stop-timeout 300ms --host -- bash -c "$HEARS")
	for _ in $(seq 900); do "$IMMURE" logs "$id" | grep -q ready && break; sleep 0.05; done
	"$IMMURE" stop "$id"
	run -137 "$IMMURE" wait "$id"
	"$IMMURE" logs "$id" | grep -qx term
}

@test "Ctrl-C means the stop signal if there is one; twice means now" {
	local status=0
	hears --stop-signal QUIT
	kill -INT "$PID"
	wait "$PID" || status=$?
	[ "$status" = 3 ]
	grep -qx quit "$WORK/out"
	! grep -qx int "$WORK/out"
	hears --stop-signal WINCH --stop-timeout 1h
	kill -INT "$PID"
	sleep 0.3
	kill -TERM "$PID"
	status=0
	wait "$PID" || status=$?
	[ "$status" = 137 ]
	hears --stop-signal WINCH --stop-timeout 200ms
	kill -TERM "$PID"
	status=0
	wait "$PID" || status=$?
	[ "$status" = 137 ]
	! grep -qx term "$WORK/out"
	# Nobody chose one: passed as it is.
	hears
	kill -INT "$PID"
	for _ in $(seq 900); do grep -qx int "$WORK/out" && break; sleep 0.05; done
	kill -QUIT "$PID"
	status=0
	wait "$PID" || status=$?
	[ "$status" = 3 ]
}

@test "the time limit kills at once, or asks first where a time for that was given" {
	run -137 "$IMMURE" run --wall 500ms --stop-signal QUIT --host -- bash -c "$HEARS"
	[[ $output != *quit* ]]
	run -3 "$IMMURE" run --wall 500ms --stop-signal QUIT --stop-timeout 1h --host -- bash -c "$HEARS"
	[[ $output == *quit* ]]
	[[ $output == *"time limit"* ]]
	run -137 "$IMMURE" run --wall 500ms --stop-timeout 200ms --host -- bash -c "$HEARS"
	[[ $output == *term* ]]
}

@test "an image's stop signal and ports are honoured, and select nothing else" {
	need busybox jq
	PYTHONDONTWRITEBYTECODE=1 python3 "$DIR/../images/make.py" "$HOME_DIR/images"
	"$IMMURE" load -q "$HOME_DIR/images/two"
	local id
	run -0 "$IMMURE" run --dry-run --json example.org/two:1
	[ "$(jq -r '.stop.signal' <<<"$output")" = INT ]
	[ "$(jq -c '.ports' <<<"$output")" = "[]" ]
	run -0 "$IMMURE" run --dry-run --json --stop-signal USR1 example.org/two:1
	[ "$(jq -r '.stop.signal' <<<"$output")" = USR1 ]
	run -0 "$IMMURE" run --dry-run --json -P --network private example.org/two:1
	[ "$(jq -r '.ports[] | "\(.address) \(.inside) \(.protocol) \(.outside > 0)"' <<<"$output")" = "127.0.0.1 80 tcp true" ]
	run -2 "$IMMURE" run -P example.org/two:1
	run -2 "$IMMURE" run -P --network private --host -- true
}

@test "what is no signal or time is refused" {
	run -2 "$IMMURE" run --stop-signal NONE --host -- true
	run -2 "$IMMURE" run --stop-signal 65 --host -- true
	run -2 "$IMMURE" run --stop-timeout 0 --host -- true
	run -2 "$IMMURE" run --stop-timeout -1 --host -- true
}
