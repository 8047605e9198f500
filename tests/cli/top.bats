#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What goes on: what needs no collector of the kernel's is there without one, the rest is "-".

load background

top_of() { IMMURE_TRACERD='' "$IMMURE" top --interval 1 --json | jq -c ".[] | select(.run == \"$1\") | $2"; }

@test "refused calls are counted while the program runs, and nothing is made up" {
	need jq unshare
	# Denied calls of one kind have a record each only in the beginning: these are more.
	run -0 "$IMMURE" run -d --host -- sh -c "
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do unshare -U true; done; echo done; sleep 1000; : $TOKEN"
	local id=$output i
	for i in $(seq 900); do [[ "$("$IMMURE" logs "$id")" != *done ]] || break; sleep 0.1; done
	run -0 top_of "$id" '[.denied, .calls_per_second, .events_per_second, .sent, .lost]'
	[ "$output" = '[15,null,null,null,null]' ]
	run -0 top_of "$id" '.processes >= 2 and .memory > 100000'
	[ "$output" = true ]
	run -0 env IMMURE_TRACERD= "$IMMURE" top --interval 1
	[[ ${lines[0]} =~ ^run\ +procs\ +memory\ +calls/s\ +events/s\ +denied ]]
	[[ $output =~ $id\ +[0-9]+\ +[0-9.]+[kM]\ +-\ +-\ +15\ +-\ +-\ +- ]]
	run -0 "$IMMURE" ps --json
	[ "$(jq -c ".[] | select(.run == \"$id\") | .denied" <<<"$output")" = 15 ]
	"$IMMURE" stop --time 0 "$id"
	run -0 "$IMMURE" ps --all --json
	[ "$(jq -c ".[] | select(.run == \"$id\") | .denied" <<<"$output")" = 15 ]
	# The number is in the sealed record now.
	[ ! -e "$XDG_STATE_HOME/immure/runs/$id/denied" ]
}

@test "a run to which nothing is refused has nothing of the kind" {
	need jq
	run -0 "$IMMURE" run -d --host -- sleep 1000
	local id=$output
	run -0 top_of "$id" .denied
	[ "$output" = 0 ]
	[ ! -e "$XDG_STATE_HOME/immure/runs/$id/denied" ]
	"$IMMURE" stop --time 0 "$id"
	run -0 top_of "$id" .denied
	[ -z "$output" ]
}

@test "looks that make no sense" {
	run -2 "$IMMURE" top --interval 0
	run -2 "$IMMURE" top --count x
	run -2 "$IMMURE" top extra
}
