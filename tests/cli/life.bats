#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Detached runs that are started again, that say whether they do their work.

load common

setup() {
	common_setup
}

teardown() {
	"$IMMURE" ps -q | xargs -r "$IMMURE" stop --time 0 >/dev/null 2>&1 || true
	common_teardown
}

detached() {
	"$IMMURE" run -d --host -v "$WORK:/data" "$@"
}

# What ps says of a run: field RUN
field() {
	"$IMMURE" ps -a --filter "name=$2" --format "{{.$1}}"
}

# Wait for what the words after it say, 20 seconds at most.
await() {
	local i
	for i in $(seq 200); do
		if "$@"; then return 0; fi
		sleep 0.1
	done
	echo "in vain: $* ($i)" >&2
	return 1
}

is() { # FIELD RUN VALUE
	[ "$(field "$1" "$2")" = "$3" ]
}

events() { # RUN WORDS
	grep -c "$2" "$XDG_STATE_HOME/immure/runs/$1/events.jsonl"
}

@test "on-failure: so often, then its status; one record and one log for all starts" {
	run -0 detached --name three --restart on-failure:2 -- sh -c 'echo start; exit 3'
	local id=$output
	run -3 timeout 120 "$IMMURE" wait three
	[ "$("$IMMURE" logs three | grep -c start)" = 3 ]
	[ "$(events "$id" '"what":"restarted"')" = 2 ]
	"$IMMURE" audit verify "$id"
	run -0 detached --name good --restart on-failure -- true
	run -0 timeout 120 "$IMMURE" wait good
}

@test "always: until it is stopped, also between two starts" {
	run -0 detached --name again --restart always -- sh -c 'echo start'
	await sh -c "[ \$('$IMMURE' logs again | grep -c start) -ge 3 ]"
	run -0 timeout 120 "$IMMURE" stop --time 1 again
	is State again done
	run -0 detached --name slow --restart unless-stopped -- false
	await is State slow waiting
	run -0 timeout 120 "$IMMURE" rm --force slow
}

@test "restart: the program is another one, in the same run" {
	run -0 detached --name web -- sh -c "echo begin; trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done; : $TOKEN"
	local id=$output first second
	await sh -c "'$IMMURE' logs web | grep -q begin"
	first=$("$IMMURE" inspect web | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["monitor"]["program"])')
	run -0 timeout 30 "$IMMURE" restart web
	second=$("$IMMURE" inspect web | python3 -c 'import json, sys; m = json.load(sys.stdin)[0]["monitor"]; assert m["starts"] == 2; print(m["program"])')
	[ "$first" != "$second" ]
	await sh -c "[ \$('$IMMURE' logs web | grep -c begin) = 2 ]"
	run -0 "$IMMURE" logs web
	[[ $output == *bye* ]]
	run -0 "$IMMURE" exec web true
	# One that does not listen is killed.
	run -0 detached --name deaf -- sh -c "trap '' TERM; while :; do sleep 0.1; done; : $TOKEN"
	run -0 timeout 30 "$IMMURE" restart --time 1 deaf
	run -0 timeout 30 "$IMMURE" rm --force web deaf
	assert_no_process
	[ ! -e "$XDG_STATE_HOME/immure/runs/$id" ]
}

@test "restart: nothing of an earlier start stays open" {
	run -0 detached --name again -- sh -c "sleep 1000; : $TOKEN"
	local monitor before
	monitor=$(pgrep -o -f "run -d --host.*$TOKEN")
	run -0 timeout 30 "$IMMURE" restart again
	before=$(find "/proc/$monitor/fd" -type l | wc -l)
	for _ in 1 2 3; do
		run -0 timeout 30 "$IMMURE" restart again
	done
	await sh -c "[ \$(find '/proc/$monitor/fd' -type l | wc -l) -le $before ]"
	run -0 timeout 30 "$IMMURE" rm --force again
	assert_no_process
}

@test "a monitor that is told to end does not start it again; a killed one is told as cut short" {
	run -0 detached --name ended --restart always -- sh -c "sleep 1000; : $TOKEN"
	kill -TERM "$(pgrep -o -f "run -d --host.*$TOKEN")"
	run -143 timeout 120 "$IMMURE" wait ended
	run -0 detached --name killed --restart always -- sh -c "sleep 1000; : $TOKEN"
	kill -9 "$(pgrep -o -f "run -d --host.*$TOKEN")"
	assert_no_process
	is State killed "cut short"
	run --separate-stderr -125 "$IMMURE" wait killed
	assert_says 'cut short'
}

@test "health: starting, unhealthy, healthy, and the record knows" {
	run -0 detached --name sick --health-cmd 'test -e /data/well' --health-interval 200ms --health-retries 2 -- sleep 1000
	local id=$output
	await is Health sick unhealthy
	: >"$WORK/well"
	await is Health sick healthy
	[ "$("$IMMURE" ps -q --filter health=healthy)" = "$id" ]
	rm "$WORK/well"
	await is Health sick unhealthy
	[ "$(events "$id" '"health":"unhealthy"')" = 2 ]
	[ "$(events "$id" '"health":"healthy"')" = 1 ]
	run -0 "$IMMURE" stop --time 0 sick
	"$IMMURE" audit verify "$id"
}

@test "health: a check that hangs is killed and has failed; its refused calls are recorded" {
	need python3
	run -0 detached --name stuck --health-cmd "python3 -c 'import socket
try: socket.socket(socket.AF_ALG)
except OSError: pass'; exec sleep 7000" --health-interval 200ms --health-timeout 4s --health-retries 1 -- sleep 1000
	local id=$output
	await is Health stuck unhealthy
	[ "$(events "$id" AF_ALG)" -ge 1 ]
	[ "$("$IMMURE" exec stuck ps ax | grep -c 'sleep 7000')" -le 2 ]
	run -0 "$IMMURE" stop --time 0 stuck
}

@test "stats: who works and who does not; named or all; until they end" {
	run -0 detached --name busy -- sh -c 'while :; do :; done'
	run -0 detached --name idle -- sh -c 'sleep 1000; :'
	run -0 timeout 60 "$IMMURE" stats --no-stream --json
	python3 - "$output" <<'PY'
import json, sys
rows = {r["name"]: r for r in json.loads(sys.argv[1])}
assert rows["busy"]["cpu_percent"] > 1 > rows["idle"]["cpu_percent"], rows
assert rows["idle"]["processes"] == 3 and rows["idle"]["rss_bytes"] > 1000000, rows
assert rows["idle"]["net_received_bytes"] == rows["idle"]["net_sent_bytes"] == 0, rows
PY
	run -0 timeout 60 "$IMMURE" stats --no-stream idle
	[[ $output == *idle* && $output != *busy* ]]
	run -2 "$IMMURE" stats --interval 0
	run -125 "$IMMURE" stats nobody
	"$IMMURE" stop --time 0 busy idle
	run -0 timeout 60 "$IMMURE" stats --interval 50ms
}

@test "stats: what is sent and written, and what nobody can know" {
	need python3
	run -0 detached --name server --network host -- sleep 1000
	run -0 detached --name writer -- sh -c 'dd if=/dev/zero of=/data/file bs=64k count=40 conv=fsync; echo written; sleep 1000'
	await sh -c "'$IMMURE' logs writer 2>&1 | grep -qx written"
	run -0 timeout 60 "$IMMURE" stats --no-stream --json writer server
	python3 - "$output" "$(stat -f -c %T "$WORK")" <<'PY'
import json, sys
rows = {r["name"]: r for r in json.loads(sys.argv[1])}
assert rows["server"]["net_received_bytes"] is None and rows["server"]["net_sent_bytes"] is None, rows
written = rows["writer"]["block_written_bytes"]
assert sys.argv[2] == "tmpfs" or written is None or written >= 2621440, rows
PY
	run -0 timeout 60 "$IMMURE" stats --no-stream server
	[[ ${lines[1]} == *"server"*" - "* ]]
	"$IMMURE" stop --time 0 server writer
}

@test "rename: another name, in every list, and for every verb" {
	run -0 detached --name web -- sh -c 'echo said; sleep 1000'
	local id=$output
	run -0 detached --name other -- sleep 1000
	run -0 "$IMMURE" rename web site
	[ "$output" = "$id" ]
	[ "$("$IMMURE" ps --filter name=site -q)" = "$id" ]
	[ -z "$("$IMMURE" ps --filter name=web -q)" ]
	await sh -c "'$IMMURE' logs site | grep -qx said"
	run -125 "$IMMURE" logs web
	run -125 "$IMMURE" rename site other
	[[ $output == *"the name other is in use by run"* ]]
	run -2 "$IMMURE" rename site ../x
	run -125 "$IMMURE" rename nobody x
	run -0 detached --name web -- sleep 1000
	run -0 "$IMMURE" stop --time 0 site
	run -0 "$IMMURE" rename site old
	"$IMMURE" audit verify "$id"
	run -0 "$IMMURE" rm old
	[ ! -L "$XDG_STATE_HOME/immure/names/old" ]
	# What a run with --rm was called goes with it, whatever it was.
	run -0 detached --rm --name brief -- sleep 1000
	run -0 "$IMMURE" rename brief short
	run -0 "$IMMURE" stop --time 0 short
	await test ! -L "$XDG_STATE_HOME/immure/names/short"
	run -0 "$IMMURE" stop --time 0 web other
}

@test "pause: refused without a cgroup, said so, and nothing has changed" {
	run -0 detached --name cold -- sleep 1000
	if run --separate-stderr "$IMMURE" pause cold && [ "$status" = 0 ]; then
		is State cold paused
		run -125 "$IMMURE" exec cold true
		run -0 "$IMMURE" unpause cold
	else
		[ "$status" = 125 ]
		assert_says cgroup
	fi
	is State cold running
	run -0 "$IMMURE" exec cold true
	run -125 "$IMMURE" unpause cold
}

@test "what does not go together is refused" {
	run -2 "$IMMURE" run --restart always --host -- true
	run -2 detached --restart sometimes -- true
	run -2 detached --restart always --rm -- true
	run -2 detached --health-interval 1s -- true
	run -2 detached --health-cmd true --health-retries 0 -- true
	run -2 detached --health-cmd true --learn "$WORK/policy" -- true
}

@test "generate systemd: a unit that systemd takes, and that does what the run did" {
	need systemd-analyze
	cd "$WORK"
	run -0 "$IMMURE" run -d --name unit --restart on-failure:2 --host -v ./:/data -e 'A=a "b" $HOME %h \' -- sh -c 'echo "$A" >/data/said; exit 4'
	cd "$HOME_DIR"
	run -4 timeout 30 "$IMMURE" wait unit
	[ "$(cat "$WORK/said")" = 'a "b" $HOME %h \' ]
	mkdir "$HOME_DIR/units"
	"$IMMURE" generate systemd unit >"$HOME_DIR/units/immure-unit.service"
	# --man=no: the pages may not be installed. Every remark is a failure.
	run env HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR" systemd-analyze verify --man=no --user "$HOME_DIR/units/immure-unit.service"
	if [ "$status" != 0 ] || [ -n "$output" ]; then echo "$output" && false; fi
	# What systemd would execute, without systemd: its quotes are those of a shell but for $$ and %%.
	rm "$WORK/said"
	local line
	line=$(sed -n 's/^ExecStart=//p' "$HOME_DIR/units/immure-unit.service" | sed 's/%%/%/g; s/\$\$/$/g')
	run -4 python3 -c 'import shlex, subprocess, sys; sys.exit(subprocess.run(shlex.split(sys.argv[2]), cwd=sys.argv[1]).returncode)' "$WORK" "$line"
	[ "$(cat "$WORK/said")" = 'a "b" $HOME %h \' ]
	run -0 "$IMMURE" run -d --host -- true
	run --separate-stderr -125 "$IMMURE" generate systemd "$output"
	assert_says name
}

@test "many at once: 30, or 200 with IMMURE_LONG=1; each monitor is small, and all can be seen and ended" {
	local n=30 pid most=0 kib i
	[ -z "${IMMURE_LONG-}" ] || n=200
	for i in $(seq "$n"); do detached -l "many=$TOKEN" -- sh -c "sleep 1000; : $TOKEN" >/dev/null; done
	[ "$("$IMMURE" ps -q --filter "label=many=$TOKEN" | wc -l)" = "$n" ]
	for pid in $(pgrep -f "run -d --host.*$TOKEN.*$TOKEN"); do
		kib=$(awk '/VmHWM/ {print $2}' "/proc/$pid/status" 2>/dev/null) || continue
		[ "${kib:-0}" -le "$most" ] || most=$kib
	done
	echo "# $n runs, the largest process of ours: $most KiB" >&3
	[ "$most" -gt 0 ]
	[ "$most" -le 2048 ]
	run -0 "$IMMURE" exec "$("$IMMURE" ps -q --filter "label=many=$TOKEN" | tail -n 1)" true
	"$IMMURE" ps -q --filter "label=many=$TOKEN" | xargs "$IMMURE" rm --force >/dev/null
	assert_no_process
	[ -z "$("$IMMURE" ps -q)" ]
}
