#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attached to a run in the background: both directions, several at once, slow ones, and the end.

load background

attached() { # N: so many have been attached to ID
	[ "$(grep -c '"what":"attached"' "$XDG_STATE_HOME/immure/runs/$ID/events.jsonl")" -ge "$1" ]
}

says() { # FILE TEXT
	grep -qF -- "$2" "$1"
}

ends() { # STATUS PID
	local status=0
	wait "$2" || status=$?
	[ "$status" = "$1" ]
}

# Each line is answered, on both streams; "end" ends it.
ECHO='while read -r line; do [ "$line" != end ] || exit 7; echo "got $line"; echo "err $line" >&2; done; exit 8'

@test "-d -i: input, both streams, exit status; the log has it all" {
	start -i -- sh -c "$ECHO"
	run --separate-stderr -7 "$IMMURE" attach "$ID" < <(echo one; sleep 0.3; echo end)
	[ "$output" = "got one" ]
	[ "$stderr" = "err one" ]
	run --separate-stderr -0 "$IMMURE" logs "$ID"
	[ "$output" = "got one" ]
	run -7 "$IMMURE" wait "$ID"
	"$IMMURE" audit verify "$ID"
	run --separate-stderr -125 "$IMMURE" attach "$ID"
	assert_says 'not running detached'
}

@test "the end of one's input is not the program's; the next one goes on" {
	start -i -- sh -c "$ECHO"
	timeout 120 "$IMMURE" attach "$ID" <<<first >"$WORK/out" &
	local client=$!
	wait_for says "$WORK/out" "got first"
	run -7 timeout 120 "$IMMURE" attach "$ID" <<<end
	ends 7 "$client"
}

@test "without -i input is ignored; --no-stdin leaves it to others" {
	start -- sh -c 'cat; until [ -e /data/go ]; do sleep 0.1; done; echo over; exit 3'
	(wait_for attached 1; touch "$WORK/go") &
	run -3 timeout 120 "$IMMURE" attach "$ID" <<<lost
	[ "$output" = over ]
	start -i -- sh -c "$ECHO"
	printf 'end\n' >"$WORK/in"
	exec 7<"$WORK/in"
	timeout 120 "$IMMURE" attach --no-stdin "$ID" <&7 &
	local client=$!
	wait_for attached 1
	run -7 timeout 120 "$IMMURE" attach "$ID" <&7
	ends 7 "$client"
}

@test "a signal ends it: 128 and its number; without a terminal INT and TERM are passed on" {
	start -- sleep 1000
	"$IMMURE" attach "$ID" </dev/null &
	local client=$!
	wait_for attached 1
	kill -TERM "$client"
	ends 143 "$client"
	start -- sh -c 'trap "echo int; exit 5" INT; while :; do sleep 0.1; done'
	"$IMMURE" attach "$ID" </dev/null >"$WORK/out" &
	client=$!
	wait_for attached 1
	"$IMMURE" kill -s INT "$ID"
	ends 5 "$client"
	says "$WORK/out" int
	# Any other ends the attachment, not the run.
	start -- sleep 1000
	"$IMMURE" attach "$ID" </dev/null &
	client=$!
	wait_for attached 1
	kill -HUP "$client"
	ends 129 "$client"
	run -0 "$IMMURE" ps -q
	[ "$output" = "$ID" ]
}

@test "-d -t -i: a terminal, its size, keys that leave it, and Ctrl-C for the program" {
	need script
	start -t -i -- sh -c 'trap "stty size; exit 6" INT; tty; stty size; while read -r line; do echo "got $line"; done; exit 8'
	wait_for sh -c "'$IMMURE' logs '$ID' | grep -q '24 80'"
	run -0 script -qec "stty rows 33 cols 77; '$IMMURE' attach $ID; stty -a | grep -c ' icanon'" /dev/null < <(wait_for attached 1; sleep 0.3; echo hello; sleep 0.5; printf 'x\020\020\021'; sleep 0.5)
	[[ $output == *"got hello"*"detached: run $ID goes on"*1* ]]
	run -6 script -qec "stty rows 22 cols 66; '$IMMURE' attach --detach-keys ctrl-a,x $ID" /dev/null < <(wait_for attached 2; sleep 0.3; printf '\003'; sleep 0.5)
	[[ $output == *"22 66"* ]]
	run -0 "$IMMURE" logs "$ID"
	[[ $output == */dev/pts/*hello*"22 66"* ]]
}

@test "the keys leave a run without a terminal or input, too" {
	need script
	start -- sleep 1000
	run -0 script -qec "'$IMMURE' attach $ID" /dev/null < <(wait_for attached 1; sleep 0.3; printf 'abc\020\021'; sleep 0.5)
	[[ $output == *"goes on"* ]]
	start -i -- sh -c "$ECHO"
	run -0 script -qec "'$IMMURE' attach --detach-keys ctrl-],q $ID" /dev/null < <(wait_for attached 1; sleep 0.3; echo one; sleep 0.5; printf '\035q'; sleep 0.5)
	[[ $output == *"got one"*"goes on"* ]]
}

@test "with a terminal and no -i nothing typed gets in" {
	need script
	start -t -- sh -c 'until [ -e /data/go ]; do sleep 0.1; done; read -t 0 && echo input; exit 4'
	(wait_for attached 1; sleep 0.5; touch "$WORK/go") &
	run -4 script -qec "'$IMMURE' attach $ID" /dev/null < <(wait_for attached 1; echo typed; sleep 1)
	run -0 "$IMMURE" logs "$ID"
	[[ $output != *typed* && $output != *input* ]]
}

@test "several see the same; one that is stopped is dropped, and nobody waits for it" {
	start -- sh -c 'until [ -e /data/go ]; do sleep 0.1; done; seq 1000000; echo >/data/done; until [ -e /data/end ]; do sleep 0.1; done; echo last'
	"$IMMURE" attach "$ID" </dev/null >"$WORK/one" &
	local one=$!
	"$IMMURE" attach "$ID" </dev/null >"$WORK/two" &
	local two=$!
	wait_for attached 2
	"$IMMURE" attach "$ID" </dev/null >"$WORK/three" 2>"$WORK/said" &
	local three=$!
	wait_for attached 3
	kill -STOP "$three"
	touch "$WORK/go"
	local i
	for i in $(seq 900); do [ ! -e "$WORK/done" ] || break; sleep 0.5; done
	[ -e "$WORK/done" ]
	kill -CONT "$three"
	ends 125 "$three"
	says "$WORK/said" 'dropped'
	touch "$WORK/end"
	ends 0 "$one"
	ends 0 "$two"
	(seq 1000000; echo last) >"$WORK/all"
	cmp "$WORK/one" "$WORK/all"
	cmp "$WORK/two" "$WORK/all"
	# The log is bounded, as ever: its end is whole.
	"$IMMURE" logs -n 100000 "$ID" | cmp - <(tail -n 100000 "$WORK/all")
}

@test "a program that reads nothing: input waits, the monitor and others do not" {
	start -i -- sleep 1000
	"$IMMURE" attach "$ID" </dev/zero &
	local client=$!
	wait_for attached 1
	sleep 0.5
	run -0 timeout 120 "$IMMURE" ps -q
	run -124 timeout -s HUP 1 "$IMMURE" attach --no-stdin "$ID"
	# Those that are gone, with input that nobody took, do not keep others out.
	kill -9 "$client"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		timeout -s KILL 0.3 "$IMMURE" attach "$ID" </dev/zero || true
	done
	"$IMMURE" attach "$ID" </dev/null &
	client=$!
	wait_for attached 12
	run -0 "$IMMURE" kill "$ID"
	ends 137 "$client"
}

@test "one stays attached when the program is started again" {
	start -t -i -- sh -c 'read -r line; echo "got $line $(stty size)"; exit 2'
	"$IMMURE" attach "$ID" < <(wait_for attached 1; "$IMMURE" restart --time 1 "$ID" >/dev/null; echo again; sleep 1) >"$WORK/out" &
	ends 2 $!
	says "$WORK/out" 'got again 24 80'
}

@test "too many, bad keys, no such run" {
	start -- sleep 1000
	local i
	for i in 1 2 3 4 5 6 7 8; do "$IMMURE" attach "$ID" </dev/null & done
	wait_for attached 8
	run --separate-stderr -125 "$IMMURE" attach "$ID"
	assert_says 'too many'
	run --separate-stderr -2 "$IMMURE" attach --detach-keys 'ctrl-p,,q' "$ID"
	assert_says 'detach-keys'
	run -2 "$IMMURE" attach --detach-keys '' "$ID"
	run -2 "$IMMURE" attach --detach-keys 'ctrl-1' "$ID"
	run -2 "$IMMURE" attach
	run -125 "$IMMURE" attach no-such-run
}

@test "nothing of the monitor's is open inside" {
	local how
	for how in -i -t '-t -i'; do
		# shellcheck disable=SC2086
		start $how -- sh -c 'ls -l /proc/self/fd /proc/1/fd >/data/fds 2>&1; echo >/data/done; sleep 1000'
		wait_for test -e "$WORK/done"
		run -0 grep -cE ' [0-9]+ -> ' "$WORK/fds"
		[ "$output" = 4 ] # 0, 1, 2 and the folder that ls reads
		"$IMMURE" kill "$ID"
		"$IMMURE" wait "$ID" >/dev/null || true
		rm "$WORK/done"
	done
}

@test "what is written to a terminal just before the end is in the log" {
	for _ in $(seq 20); do
		start -t -- echo hi
		"$IMMURE" wait "$ID" >/dev/null
		[ "$("$IMMURE" logs "$ID")" = $'hi\r' ]
	done
}
