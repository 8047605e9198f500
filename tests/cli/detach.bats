#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Runs that go on in the background: their output, their end, their names, and what is left.

load background

detached() {
	"$IMMURE" run -d --host -v "$WORK:/data" "$@"
}

@test "the id is printed, the program goes on, its end is known" {
	run -0 detached -- sh -c "echo $TOKEN; echo error >&2; sleep 0.3; exit 7"
	local id=$output
	[[ $id =~ ^[0-9a-f]{8}-[0-9a-f]{4}$ ]]
	run -0 "$IMMURE" ps
	[[ $output == *"$id"*running* ]]
	run -7 "$IMMURE" wait "$id"
	[ "$output" = 7 ]
	run -0 "$IMMURE" ps
	[[ $output != *"$id"* ]]
	run -0 "$IMMURE" ps --all
	[[ $output == *"$id"*done*7* ]]
	run --separate-stderr -0 "$IMMURE" logs "$id"
	[ "$output" = "$TOKEN" ]
	[ "$stderr" = error ]
	# Still there when it is long over.
	run -7 "$IMMURE" wait "$id"
	"$IMMURE" audit verify "$id"
}

@test "what cannot start is an error of run itself" {
	run --separate-stderr -127 detached -- /no/such/program
	assert_says '/no/such/program'
	[ -z "$(ls "$XDG_STATE_HOME/immure/runs")" ]
	run -125 detached --workdir /no/such -- true
}

@test "logs: follow, tail, time stamps, a long line, an end without a newline" {
	run -0 detached -- sh -c 'echo one; echo two; head -c 10000 /dev/zero | tr "\0" x; echo; sleep 0.5; printf end'
	local id=$output
	run -0 timeout 120 "$IMMURE" logs -f "$id"
	[ "${lines[0]}" = one ]
	[ "${#lines[2]}" = 10000 ]
	[ "${lines[3]}" = end ]
	run -0 "$IMMURE" logs --tail 1 "$id"
	[ "$output" = end ]
	run -0 "$IMMURE" logs -t "$id"
	[[ ${lines[0]} =~ ^[0-9]{4}-[0-9-]+T[0-9:.]+Z\ one$ ]]
	run -2 "$IMMURE" logs --tail x "$id"
}

@test "the log is bounded: the newest stays, in two files" {
	run -0 detached -- sh -c 'yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -n 400000; echo last'
	local id=$output
	run -0 "$IMMURE" wait "$id"
	[ "$(du -cb "$XDG_STATE_HOME/immure/runs/$id"/output.log* | tail -n 1 | cut -f 1)" -le $((21 << 20)) ]
	run -0 "$IMMURE" logs --tail 1 "$id"
	[ "$output" = last ]
}

@test "stop: a signal, some patience, the end" {
	run -0 detached -- sh -c 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	local id=$output i
	for i in $(seq 900); do [ -z "$("$IMMURE" logs "$id")" ] || break; sleep 0.1; done
	run -0 "$IMMURE" stop "$id"
	run -3 "$IMMURE" wait "$id"
	run -0 "$IMMURE" logs "$id"
	[ "${lines[1]}" = bye ]
	run -0 detached -- sh -c "trap '' TERM; while :; do sleep 0.1; done; : $TOKEN"
	id=$output
	run -0 "$IMMURE" stop --time 1 "$id"
	run -137 "$IMMURE" wait "$id"
	assert_no_process
	run --separate-stderr -125 "$IMMURE" stop "$id"
	assert_says "$id" 'not running detached'
}

@test "kill: any signal, by name and number" {
	run -0 detached -- sh -c 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done'
	local id=$output
	for _ in $(seq 900); do [ -z "$("$IMMURE" logs "$id")" ] || break; sleep 0.1; done
	run -0 "$IMMURE" kill -s SIGUSR1 "$id"
	run -9 "$IMMURE" wait "$id"
	run -0 detached -- sleep 1000
	id=$output
	run -0 "$IMMURE" kill -s 15 "$id"
	run -143 "$IMMURE" wait "$id"
	run -2 "$IMMURE" kill -s NOSUCH "$id"
}

@test "names: found by them, unique while they live, free again afterwards" {
	run -0 detached --name web -- sleep 1000
	local id=$output
	run --separate-stderr -125 detached --name web -- true
	assert_says 'web' "$id"
	run -0 "$IMMURE" kill web
	run -137 "$IMMURE" wait web
	run -0 detached --name web -- sh -c 'exit 4'
	run -4 "$IMMURE" wait web
	run -0 "$IMMURE" rm web
	run --separate-stderr -125 "$IMMURE" wait web
	assert_says web
}

@test "rm: refused while it goes on, unless forced; then nothing is left" {
	run -0 detached -- sh -c "sleep 1000; : $TOKEN"
	local id=$output
	run --separate-stderr -125 "$IMMURE" rm "$id"
	assert_says 'goes on'
	run -0 "$IMMURE" rm --force "$id"
	assert_no_process
	[ -z "$(ls "$XDG_STATE_HOME/immure/runs")" ]
}

@test "a monitor that is killed takes its sandbox with it, and is told as cut short" {
	run -0 detached -- sh -c "sleep 1000; : $TOKEN"
	local id=$output pid
	pid=$(pgrep -o -f "run -d --host.*$TOKEN")
	kill -9 "$pid"
	assert_no_process
	run -0 "$IMMURE" ps --all
	[[ $output == *"$id"*"cut short"* ]]
	run --separate-stderr -125 "$IMMURE" wait "$id"
	assert_says 'cut short'
	run -0 "$IMMURE" rm "$id"
}

@test "20 at once, and their monitors are small" {
	local i pid
	for i in $(seq 20); do detached -- sh -c "sleep 1000; : $TOKEN" >/dev/null; done
	[ "$("$IMMURE" ps -q | wc -l)" = 20 ]
	for pid in $(pgrep -o -f "run -d --host.*$TOKEN"); do
		[ "$(awk '/VmHWM/ {print $2}' "/proc/$pid/status")" -le 2048 ]
	done
	"$IMMURE" ps -q | xargs "$IMMURE" rm --force >/dev/null
	assert_no_process
}

@test "labels, filters, templates" {
	run -0 detached --name web -l tier=front --label flag -- sleep 1000
	local web=$output
	run -0 detached --name db --label tier=back -- sleep 1000
	run -0 detached --name over -- true
	run -0 "$IMMURE" wait over
	run -0 "$IMMURE" ps -q --filter label=tier=front
	[ "$output" = "$web" ]
	[ "$("$IMMURE" ps -q --filter label=tier | wc -l)" = 2 ]
	run -0 "$IMMURE" ps -a --filter 'name=w*' --filter name=db --filter status=running --format '{{.Name}} {{.Labels}}'
	[ "$(sort <<<"$output")" = $'db tier=back\nweb tier=front,flag=' ]
	run -0 "$IMMURE" ps -a -f status=done --format '{{.Name}}:{{.Exit}}'
	[ "$output" = over:0 ]
	"$IMMURE" ps --format json | python3 -m json.tool >/dev/null
	run --separate-stderr -2 "$IMMURE" ps --format '{{.Nothing}}'
	assert_says Nothing Name
	run -2 "$IMMURE" ps --filter colour=red
	run -2 detached --label ' =x' -- true
	"$IMMURE" inspect web | python3 -c 'import json, sys; assert json.load(sys.stdin)[0]["life"]["labels"] == {"flag": "", "tier": "front"}'
}

@test "--rm: nothing is left, detached or not; --init changes nothing" {
	run -3 "$IMMURE" run --rm --init --host -- sh -c 'exit 3'
	[ -z "$(ls "$XDG_STATE_HOME/immure/runs")" ]
	run -0 detached --rm --name short -- sh -c 'sleep 0.3; exit 5'
	run -5 "$IMMURE" wait short
	local i
	for i in $(seq 900); do [ -n "$(ls "$XDG_STATE_HOME/immure/runs" "$XDG_STATE_HOME/immure/names" | grep -v :)" ] || break; sleep 0.1; done
	[ -z "$(ls -A "$XDG_STATE_HOME/immure/runs")$(ls -A "$XDG_STATE_HOME/immure/names")" ]
	run -2 detached --rm --keep -- true
}

@test "inspect and ps --json are JSON" {
	run -0 detached --name shown -- sleep 1000
	"$IMMURE" inspect shown | python3 -m json.tool >/dev/null
	"$IMMURE" ps --json | python3 -c 'import json, sys; assert json.load(sys.stdin)[0]["name"] == "shown"'
	run -0 "$IMMURE" kill shown
}
