#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Records judged and reported: verdicts, gates, and what is said of a record that was changed.

load common

setup() {
	common_setup
}

teardown() {
	common_teardown
}

# The folder of the run that ended last.
newest() {
	echo "$XDG_STATE_HOME/immure/runs/$("$IMMURE" audit show --json | jq -r .run)"
}

# The status of a control in a report: status_of FILE ID
status_of() {
	jq -r --arg id "$2" '.findings[] | select(.id == $id) | .status' "$1"
}

@test "on a default run every control that can be proven passes" {
	"$IMMURE" run --host -- true
	"$IMMURE" audit report --standard all -o r.json
	[ "$(jq .summary.fail r.json)" = 0 ]
	# Memory and processor time of the whole sandbox need a cgroup; starts of programs the bpf collector.
	open=$(jq -r '.findings[] | select(.status == "not-proven") | .check' r.json | sort -u)
	for check in $open; do
		[[ " cgroup-memory cgroup-cpu anomaly-process " == *" $check "* ]]
	done
	[ "$(jq '[.findings[] | select(.standard == "cis-docker-1.6")] | length' r.json)" = 32 ]
	[ "$(jq '[.findings[] | select(.status == "pass" and (.level == "E3" or .level == "E4"))] | length' r.json)" -ge 30 ]
}

@test "however short a program is, the digest is of the file that was executed" {
	digest=$(sha256sum "$(readlink -f /usr/bin/true)")
	for _ in $(seq 20); do "$IMMURE" run --host -- true; done
	[ "$(jq -r .exe.sha256 "$XDG_STATE_HOME"/immure/runs/*/evidence.json | sort | uniq -c | tr -s ' ')" = " 20 ${digest%% *}" ]
	! jq -r .exe.level "$XDG_STATE_HOME"/immure/runs/*/evidence.json | grep -v '^E[23]$'
	# What never became a program is not named as one.
	run -127 "$IMMURE" run --host -- /no/such
	# A script: the kernel runs its interpreter, its name leads to the script.
	printf '#!/bin/sh\nsleep 0.3\n' >work/script
	chmod 755 work/script
	"$IMMURE" run --host -v "$WORK:/data:ro,exec" -- /data/script
	[ "$(jq -r '.exe | .level + " " + .sha256' "$(newest)/evidence.json")" = "E3 $(sha256sum "$(readlink -f /bin/sh)" | cut -d ' ' -f 1)" ]
}

@test "what weakens a run is found, with the option that did it" {
	mkdir data
	"$IMMURE" run --host --network host -v /etc:/data -- true
	run "$IMMURE" audit check --fail-on high -o r.json
	[ "$status" -eq 1 ]
	[ "$(status_of r.json 5.6)" = fail ]
	[ "$(status_of r.json 5.10)" = fail ]
	[ "$(jq -r '.findings[] | select(.id == "5.10") | .place | .file + .rule' r.json)" = "command line--network" ]
}

@test "what starts it again or asks after it is judged by the options that were given" {
	of() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | "\(.status) \(.level) \(.place.rule)"' r.json; }
	"$IMMURE" run --host -d --name again --restart always --health-cmd true -- sleep 60
	# One that is still there when it is looked at: of one that has ended nothing can be said.
	"$IMMURE" exec -d again sleep 60
	"$IMMURE" stop -t 1 again
	"$IMMURE" audit report -o r.json last
	[ "$(of 5.15)" = "fail E1 --restart" ]
	[ "$(of 5.27)" = "pass E1 null" ]
	# Somebody came in, with no capability and not as root.
	[ "$(of 5.23)" = "pass E3 null" ]
	[ "$(jq -r '.findings[] | select(.id == "5.24") | .observed' r.json)" = "1 entries, none of them so" ]
	"$IMMURE" run --host -- true
	"$IMMURE" audit report -o r.json last
	[ "$(of 5.15)" = "pass E1 null" ]
	[ "$(of 5.27)" = "manual - null" ]
}

@test "a verdict on a limit points at its line of the policy" {
	printf 'policy: 1\nextends: [builtin/default]\nlimits:\n  nofile: 64\n  pids: 100\n' >p.yaml
	"$IMMURE" run --host --policy p.yaml -- true
	"$IMMURE" audit report -o r.json
	[ "$(jq -r '.findings[] | select(.id == "5.29") | .place | "\(.file):\(.line)"' r.json)" = "$PWD/p.yaml:5" ] ||
		[ "$(jq -r '.findings[] | select(.id == "5.29") | .place | "\(.file):\(.line)"' r.json)" = "p.yaml:5" ]
	[ "$(jq -r '.findings[] | select(.id == "5.29") | .expected' r.json)" = "at most 100" ]
}

@test "the last line for people says what came of it, and why" {
	"$IMMURE" run --host --network host -- true
	run -1 "$IMMURE" audit check
	[ "${lines[-1]}" = "exit    1  findings, fail-on=medium" ]
	run -0 "$IMMURE" audit check --fail-on critical
	[ "${lines[-1]}" = "exit    0  fail-on=critical" ]
	"$IMMURE" audit report -o base.json
	run -0 "$IMMURE" audit check --baseline base.json
	[ "${lines[-1]}" = "exit    0  nothing worse than the baseline, fail-on=medium" ]
	run -0 "$IMMURE" audit report
	[[ "${lines[-1]}" = "ended "* ]]
	run -1 "$IMMURE" audit check --format csv
	[[ "${lines[-1]}" != exit* ]]
}

@test "peaks are those of the largest process, with or without a cgroup, in every format" {
	need python3
	"$IMMURE" run --host -- sh -c 'python3 -c "x = bytearray(90 << 20)"; python3 -c "x = bytearray(60 << 20)"; true'
	"$IMMURE" audit report -o r.json -o r.txt -o r.md -o r.csv -o r.xml -o r.sarif -o r.ocsf.json -o r.html
	jq -e '.activity.peaks.usage | .level == "E3" and .largest_process_kib > (90 * 1024) and
		.largest_process_kib < (140 * 1024) and .user_us + .system_us > 0' r.json >/dev/null
	mib=$(grep -o 'of processes that had ended: the largest [0-9]*\.[0-9] MiB, processor time [0-9.]* s, E3' r.txt)
	for file in r.csv r.xml r.sarif r.ocsf.json r.html; do
		grep -qF "$mib" $file || { echo "$file has no $mib" >&2; return 1; }
	done
	grep -qF "${mib%%:*}" r.md
	# Who is ended with the sandbox is not counted: then nothing is said.
	run "$IMMURE" run --host --wall 300ms -- sleep 60
	[ "$status" -eq 137 ]
	"$IMMURE" audit report --format json | jq -e '.activity.peaks.usage == null' >/dev/null
	run "$IMMURE" audit report
	[[ $output != *"processes that had ended"* ]]
	# Of several starts the largest.
	"$IMMURE" run -d --restart on-failure:1 --host -v "$WORK:/data" -- sh -c \
		'[ -e /data/second ] || { touch /data/second; python3 -c "x = bytearray(90 << 20)"; }; exit 3' >id
	run "$IMMURE" wait "$(cat id)"
	"$IMMURE" audit report --format json "$(cat id)" | jq -e '.activity.peaks.usage.largest_process_kib > (90 * 1024)' >/dev/null
}

@test "the exit status says what came of it, and never depends on formats" {
	"$IMMURE" run --host -- true
	run "$IMMURE" audit check --standard nist-800-190 --fail-on critical
	[ "$status" -eq 0 ]
	run "$IMMURE" audit check --standard nist-800-190 --fail-on critical --require-evidence E4
	[ "$status" -eq 3 ]
	"$IMMURE" run --host --network host -- true
	for format in text json sarif junit ocsf csv markdown html; do
		run "$IMMURE" audit check --fail-on high --format $format
		[ "$status" -eq 1 ]
	done
	run "$IMMURE" audit check --fail-on critical last -o r.txt
	[ "$status" -eq 0 ]
	run "$IMMURE" audit check --standard nonesuch
	[ "$status" -eq 2 ]
	run "$IMMURE" audit check --fail-on often
	[ "$status" -eq 2 ]
	run "$IMMURE" audit check -o r.unknown
	[ "$status" -eq 2 ]
	[ ! -e r.unknown ]
	run "$IMMURE" audit check nonesuch
	[ "$status" -eq 125 ]
}

@test "the same record gives the same report" {
	"$IMMURE" run --host -- sh -c 'unshare -U true; true'
	for run in a b; do
		"$IMMURE" audit report -o $run.json -o $run.txt -o $run.sarif -o $run.xml -o $run.csv -o $run.md \
			-o $run.html -o $run.ocsf.json
		sleep 1.1
	done
	for ending in json txt sarif xml csv md html ocsf.json; do
		cmp a.$ending b.$ending
	done
}

@test "with a baseline only what is worse counts" {
	"$IMMURE" run --host --network host -- true
	"$IMMURE" audit report -o before.json
	run "$IMMURE" audit check --fail-on high
	[ "$status" -eq 1 ]
	run "$IMMURE" audit check --fail-on high --baseline before.json
	[ "$status" -eq 0 ]
	"$IMMURE" run --host --network host -v /etc:/data -- true
	run "$IMMURE" audit check --fail-on high --baseline before.json
	[ "$status" -eq 1 ]
	# Of another policy: it counts, and that is said.
	printf 'policy: 1\nname: acme/other\nextends: [builtin/default]\n' >p.yaml
	"$IMMURE" run --host --network host --policy p.yaml -- true
	run "$IMMURE" audit check --fail-on high --baseline before.json
	[ "$status" -eq 0 ]
	[[ "$output" == *"warning: the baseline is of policy builtin/default, this run of acme/other"* ]]
	# What cannot be held against it: no report, one of other standards, one of a broken record.
	"$IMMURE" audit report --standard nist-800-190 -o other.json
	jq '.completeness.chain = "record 1 was changed"' before.json >broken.json
	jq '.completeness.sealed = false' before.json >unsealed.json
	jq 'del(.findings)' before.json >empty.json
	jq '.findings = [1, null, {"id": 5}]' before.json >strange.json
	echo '{}' >no.json
	head -c 3000 /dev/urandom >noise.json
	jq -c . before.json | head -c 500 >short.json
	: >void.json
	for bad in other broken unsealed empty strange no noise short void absent; do
		run "$IMMURE" audit check --baseline $bad.json -o out.json
		[ "$status" -eq 2 ] || { echo "$bad: $status $output" >&2; return 1; }
		[ ! -e out.json ]
	done
}

@test "a waiver holds until its day is over" {
	"$IMMURE" run --host --network host -- true
	for id in 5.7 5.8 5.9 5.10 5.11 5.14; do
		echo "{\"control\":\"cis-docker-$id\",\"until\":\"2026-12-31\",\"by\":\"sec@acme.example\",\"why\":\"a probe\"}"
	done | jq -s . >w.json
	run "$IMMURE" audit check --waivers w.json --today 2026-12-31 -o r.json
	[ "$status" -eq 0 ]
	[ "$(status_of r.json 5.10)" = waived ]
	run "$IMMURE" audit check --waivers w.json --today 2027-01-01
	[ "$status" -eq 1 ]
	[[ "$output" == *"waiver expired"* ]]
	waiver() { echo "{\"control\":\"cis-docker-$1\",\"until\":\"$2\",\"by\":\"$3\",\"why\":\"w\"}"; }
	# One that is over takes nothing from one that holds, in either order.
	for order in . reverse; do
		{ waiver 5.10 2027-12-31 new; waiver 5.10 2026-01-01 old; } | jq -s "$order" >w.json
		"$IMMURE" audit report --waivers w.json --today 2026-12-31 -o r.json
		[ "$(jq -r '.findings[] | select(.id == "5.10") | .status + .waiver.by + .waiver.state' r.json)" = waivednewapplied ]
		[ "$(jq -r '[.waivers[] | .by + .state] | sort | join(" ")' r.json)" = "newapplied oldexpired" ]
	done
	# What names nothing, or what passes, is told.
	{ waiver 9.99 2027-12-31 a; waiver 5.4 2027-12-31 a; } | jq -s . >w.json
	run "$IMMURE" audit check --waivers w.json --fail-on high
	[ "$status" -eq 1 ]
	[ "$(grep -c '^waiver .* unused, until 2027-12-31 by a  w.json$' <<<"$output")" -eq 2 ]
	for bad in '[{"control":"x"}]' "[$(waiver 5.10 2027-02-29 a)]" "[$(waiver 5.10 2027-12-31 '')]" "$(waiver 5.10 2027-12-31 a)" '[1]' '[' ''; do
		echo "$bad" >w.json
		run "$IMMURE" audit check --waivers w.json
		[ "$status" -eq 2 ] || { echo "$bad: $status $output" >&2; return 1; }
	done
	run "$IMMURE" audit check --today 2027-02-29
	[ "$status" -eq 2 ]
}

@test "nothing passes in a record that was changed, cut off or never sealed" {
	"$IMMURE" run --host -- sh -c 'unshare -U true; true'
	folder=$(newest)
	cp -r "$folder" kept
	for file in plan.json evidence.json status.json events.jsonl; do
		sed -i '0,/[1-9]/s/[1-9]/0/' "$folder/$file"
		cmp -s "$folder/$file" "kept/$file" && return 1
		run "$IMMURE" audit check -o r.json
		[ "$status" -eq 4 ] || { echo "$file: $status $output" >&2; return 1; }
		[ "$(jq .summary.pass r.json)" = 0 ]
		cp "kept/$file" "$folder/$file"
	done
	run "$IMMURE" audit verify
	[ "$status" -eq 0 ]
	rm "$folder/status.json"
	run "$IMMURE" audit check
	[ "$status" -eq 4 ]
	[[ "$output" == *"never sealed"* ]]
}

@test "the compiled policy of a record is the one that the run had" {
	cat >lenient.yaml <<-'END'
		policy: 1
		name: acme/lenient
		extends: [builtin/default]
		waivers:
		  - cis-docker-5.27 until 2999-12-31 by me why x
	END
	"$IMMURE" run --host --policy lenient.yaml -- true
	lenient=$(newest)
	"$IMMURE" run --host -- true
	strict=$(newest)
	rm "$strict/policy.bundle"
	cp "$lenient/policy.bundle" "$strict/policy.bundle"
	run "$IMMURE" audit verify "${strict##*/}"
	[ "$status" -eq 4 ]
	[[ $output == *"policy.bundle was changed"* ]]
	rm "$strict/policy.bundle"
	run "$IMMURE" audit check -o r.json "${strict##*/}"
	[ "$status" -eq 4 ]
	[ "$(jq -r '.completeness.chain, .summary.pass' r.json | paste -sd,)" = 'policy.bundle is missing,0' ]
}

@test "a standard of one's own" {
	"$IMMURE" run --host -- true
	cat >own.json <<-END
		{"standard":"acme-1","title":"ours","prefix":"ACME","version":1,"controls":[
		{"id":"a","title":"no root","severity":"high","check":"not-root","remedy":"be somebody"},
		{"id":"b","title":"own network","severity":"high","check":"namespace","param":"net","remedy":"none"}]}
	END
	run "$IMMURE" audit check --standard own.json
	[ "$status" -eq 0 ]
	[[ "$output" == *"PASS 2"* ]]
	sed -i s/not-root/no-such-check/ own.json
	run "$IMMURE" audit check --standard own.json
	[ "$status" -eq 2 ]
	[[ "$output" == *'no check "no-such-check"'* ]]
}

@test "a run is signed by one's own key, and every change of the record or signature is found" {
	"$IMMURE" run --host -- true
	folder=$(newest)
	"$IMMURE" audit verify | grep -q 'signed  no'
	"$IMMURE" audit sign
	"$IMMURE" audit verify | grep -q 'signed  by ed25519:'
	"$IMMURE" audit key >pub.pem
	"$IMMURE" audit verify --key pub.pem
	"$IMMURE" audit check --fail-on critical --key pub.pem
	[ "$(stat -c %a "$XDG_STATE_HOME/immure/keys/ed25519.pem")" = 600 ]
	cp "$folder/signature.json" kept
	# Each byte of the signature and of the payload, in steps.
	size=$(stat -c %s kept)
	for ((at = 12; at < size - 8; at += 7)); do
		python3 - "$at" "$folder/signature.json" <<-'END'
			import sys
			at, out = int(sys.argv[1]), sys.argv[2]
			text = bytearray(open('kept', 'rb').read())
			text[at] = ord('B') if text[at] == ord('A') else ord('A')
			open(out, 'wb').write(text)
		END
		cmp -s kept "$folder/signature.json" && continue
		run "$IMMURE" audit verify --key pub.pem
		[ "$status" -eq 4 ] || { echo "byte $at: $status $output" >&2; return 1; }
	done
	cp kept "$folder/signature.json"
	"$IMMURE" audit verify --key pub.pem
	# A whole new chain fits itself, and not the signature.
	"$IMMURE" run --host -- true
	cp "$folder/signature.json" "$(newest)"
	run "$IMMURE" audit verify
	[ "$status" -eq 4 ]
	[[ "$output" == *"another run or head"* ]]
	run "$IMMURE" audit check
	[ "$status" -eq 4 ]
}

@test "a run is signed when it is sealed, if that is asked for" {
	"$IMMURE" run --host --sign-by own -- echo said >out
	[ "$(cat out)" = said ]
	"$IMMURE" audit verify | grep -q 'signed  by ed25519:'
	openssl genpkey -algorithm ed25519 -out job.pem 2>/dev/null
	chmod 600 job.pem
	openssl pkey -in job.pem -pubout -out job.pub
	run "$IMMURE" run --host --sign-by job.pem -- sh -c 'exit 7'
	[ "$status" -eq 7 ]
	"$IMMURE" audit verify --key job.pub
	n=$(find "$XDG_STATE_HOME/immure/runs" -mindepth 1 -maxdepth 1 | wc -l)
	run "$IMMURE" run --host --sign-by absent.pem -- touch never
	[ "$status" -eq 2 ]
	[[ "$output" == *"--sign-by: cannot read the key absent.pem"* ]]
	[ "$(find "$XDG_STATE_HOME/immure/runs" -mindepth 1 -maxdepth 1 | wc -l)" -eq "$n" ]
	# What is no key is found out at the end; the record stays.
	echo no key >bad.pem
	chmod 600 bad.pem
	run "$IMMURE" run --host --sign-by bad.pem -- true
	[ "$status" -eq 125 ]
	[[ "$output" == *"is recorded, but not signed"* ]]
	"$IMMURE" audit verify | grep -q 'signed  no'
}

@test "a signature of somebody else is not taken for one's own" {
	"$IMMURE" run --host -- true
	openssl genpkey -algorithm ed25519 -out other.pem 2>/dev/null
	chmod 600 other.pem
	openssl pkey -in other.pem -pubout -out other.pub
	"$IMMURE" audit sign --key other.pem
	run "$IMMURE" audit verify
	[ "$status" -eq 4 ]
	[[ "$output" == *"not your key"* ]]
	"$IMMURE" audit verify --key other.pub
	"$IMMURE" audit key >own.pub
	run "$IMMURE" audit verify --key own.pub
	[ "$status" -eq 4 ]
	chmod 644 other.pem
	run "$IMMURE" audit sign --key other.pem
	[ "$status" -eq 2 ]
	[[ "$output" == *"can be read by others"* ]]
}

@test "a file that was named and cannot be used is wrong usage, told in one line" {
	"$IMMURE" run --host -- true
	for verb in check report verify sign; do
		run "$IMMURE" audit $verb --key none.pem
		[ "$status" -eq 2 ]
		[ "$output" = "immure: --key: cannot open the key none.pem: No such file or directory" ]
	done
	echo nonsense >none.pem
	run "$IMMURE" audit check --key none.pem
	[ "$status" -eq 2 ]
	[ "$output" = "immure: --key: none.pem holds no Ed25519 key in PEM form" ]
	for args in 'report -o none/r.html' 'export --to none/e.jsonl' 'export --to syslog:none'; do
		# shellcheck disable=SC2086
		run "$IMMURE" audit $args
		[ "$status" -eq 2 ] || { echo "$args: $status $output" >&2; return 1; }
		[ "${#lines[@]}" -eq 1 ]
	done
	openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
	chmod 600 key.pem
	run "$IMMURE" audit check --key key.pem
	[ "$status" -eq 4 ]
	[[ $output == *"the record does not hold: the run is not signed, which --key asks for"* ]]
}

@test "a report goes into a pipe or a device, and through a link, and takes the place of none" {
	"$IMMURE" run --host -- true
	mkfifo pipe
	echo old >target
	ln -s target link.json
	ln -s /proc/self/fd/1 stdout.json
	cat pipe >from_pipe &
	"$IMMURE" audit report --format json -o pipe -o link.json
	wait $!
	[ -p pipe ] && [ -L link.json ]
	jq -e .schema from_pipe target >/dev/null
	"$IMMURE" audit report -o stdout.json | jq -e .schema >/dev/null
	[ -L stdout.json ]
	if mknod full c 1 7 2>/dev/null; then # in vain in a user namespace
		run "$IMMURE" audit report --format json -o full
		[ -c full ]
		[ "$status" -eq 2 ]
		[[ $output == *"No space left"* ]]
	fi
}

@test "a file that is named is read through links, and from a pipe" {
	"$IMMURE" run --host -- true
	"$IMMURE" audit report -o before.json
	ln -s before.json link.json
	"$IMMURE" audit check --baseline link.json --fail-on critical
	"$IMMURE" audit check --baseline <(cat before.json) --fail-on critical
	"$IMMURE" audit diff ./link.json last
	echo '[]' >waivers
	ln -s waivers some
	"$IMMURE" audit report --waivers some >/dev/null
	run "$IMMURE" audit report --waivers none
	[ "$status" -eq 2 ]
	[ "$output" = "immure: --waivers: cannot read none: No such file or directory" ]
	run "$IMMURE" audit check -s "$HOME_DIR"
	[ "$status" -eq 2 ]
	[[ $output == *"neither a shipped standard nor a file"*"Is a directory" ]]
}

@test "a record for which there is no room left stays, cut short" {
	"$IMMURE" run --host -- true
	# As on a full disk: what goes beyond that fails.
	run bash -c "trap '' XFSZ; ulimit -f 14; exec \"\$0\" run --host -- sh -c 'for i in \$(seq 60); do mount -t tmpfs x\$i /mnt; done; echo over' 2>&1" "$IMMURE"
	[ "$status" -eq 125 ]
	[[ $output == *over* ]]
	id=$(sed -n 's/.*the record of run \(.*\) is not sealed: cannot write the event log: File too large$/\1/p' <<<"$output")
	[ -n "$id" ]
	"$IMMURE" audit list | grep -q "^$id  cut short "
	run "$IMMURE" audit check "$id"
	[ "$status" -eq 4 ]
	[[ $output == *"  d1  mount("* ]]
	# Not even room for what the kernel says of it: it is ended, and that it was there is on record.
	run bash -c "trap '' XFSZ; ulimit -f 8; exec \"\$0\" run --host --name begun -- sh -c 'mount -t tmpfs x /mnt; exec sleep 60' 2>&1" "$IMMURE"
	[ "$status" -eq 125 ]
	[[ $output == *"cannot write evidence.json: File too large"* ]]
	"$IMMURE" audit list | grep -q '  cut short .* begun$'
	# Where nothing began there is nothing to tell.
	before=$("$IMMURE" audit list --json | jq length)
	run -127 "$IMMURE" run --host -- /none
	[ "$("$IMMURE" audit list --json | jq length)" -eq "$before" ]
}

@test "an empty name is no run" {
	"$IMMURE" run --host -- true
	for verb in 'audit show' 'audit check' 'audit verify' 'audit tail' 'audit export' 'why --run'; do
		# shellcheck disable=SC2086
		run "$IMMURE" $verb ''
		[ "$status" -eq 125 ] || { echo "$verb: $status $output" >&2; return 1; }
		[[ $output == *'no run ""'* ]]
	done
}

@test "a record that is damaged or cut short is listed and told as that" {
	"$IMMURE" run --host -- true
	"$IMMURE" audit report -o whole.json
	"$IMMURE" run --host -- sh -c 'exit 3' || [ $? -eq 3 ]
	run=$(newest)
	id=${run##*/}
	"$IMMURE" audit list --json | jq -e --arg id "$id" '.[] | select(.run == $id) |
		.exit == 3 and .command == "sh -c exit 3" and .name != "" and .started > 1700000000' >/dev/null
	rm "$run/status.json"
	sed -i '$d' "$run/events.jsonl"
	"$IMMURE" audit list | grep -qE "^$id  cut short  exit   - "
	"$IMMURE" audit list --json | jq -e --arg id "$id" '.[] | select(.run == $id) | .exit == null' >/dev/null
	for verb in 'tail' 'tail --no-follow' export verify; do
		# shellcheck disable=SC2086
		run "$IMMURE" audit $verb "$id"
		[ "$status" -eq 4 ] || { echo "$verb: $status $output" >&2; return 1; }
		[[ $output == *"cut short"* ]]
	done
	[[ $output != *"immure audit sign"* ]]
	run "$IMMURE" audit diff "$id" ./whole.json
	[ "$status" -eq 4 ]
	[[ $output == *"$id: the record does not hold"* ]]
	rm "$run/plan.json"
	"$IMMURE" audit list | grep -qE "^$id  damaged "
	run "$IMMURE" audit show "$id"
	[ "$status" -eq 125 ]
}

@test "the signed statement is verified by openssl" {
	"$IMMURE" run --host -- true
	"$IMMURE" audit report -o r.intoto.json -o r.json
	"$IMMURE" audit key >pub.pem
	python3 - <<-'END'
		import base64, hashlib, json
		e = json.load(open('r.intoto.json'))
		body, kind = base64.b64decode(e['payload']), e['payloadType'].encode()
		open('pae', 'wb').write(b'DSSEv1 %d %s %d ' % (len(kind), kind, len(body)) + body)
		open('sig', 'wb').write(base64.b64decode(e['signatures'][0]['sig']))
		s = json.loads(body)
		assert s['_type'] == 'https://in-toto.io/Statement/v1'
		digest = [x['digest']['sha256'] for x in s['subject'] if x['name'].startswith('report ')]
		assert digest == [hashlib.sha256(open('r.json', 'rb').read()).hexdigest()]
	END
	openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in pae -sigfile sig
	printf x >>pae
	run openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in pae -sigfile sig
	[ "$status" -ne 0 ]
}

@test "a report says whose signature the run's policy has" {
	signature() { "$IMMURE" audit report --format json "$@" | jq -c '.policy.signature | .state // .'; }
	printf 'policy: 1\nname: t/signed\nextends: [builtin/default]\n' >p.yaml
	"$IMMURE" run --policy p.yaml --host -- true
	[ "$(signature)" = null ]
	"$IMMURE" policy sign p.yaml
	[ "$(signature)" = '"ok"' ]
	run -0 "$IMMURE" audit show
	[[ ${lines[0]} == *"policy t/signed (signed: ed25519:"*")" ]]
	# What was run is held against it, not what the file is now.
	first=$("$IMMURE" audit show --json | jq -r .run)
	echo '# another' >>p.yaml
	[ "$(signature)" = '"ok"' ]
	"$IMMURE" run --policy p.yaml --host -- true
	[ "$(signature)" = '"other version"' ]
	[ "$(signature "$first")" = '"ok"' ]
	jq -c '.signatures[0].sig = (.signatures[0].sig | if startswith("A") then "B" else "A" end + .[1:])' p.yaml.sig >changed
	cat changed >p.yaml.sig
	[ "$(signature "$first")" = '"does not fit"' ]
	echo garbage >p.yaml.sig
	[ "$(signature "$first")" = null ]
}

@test "no sandbox sees the key" {
	"$IMMURE" audit key >pub.pem
	key=$XDG_STATE_HOME/immure/keys/ed25519.pem
	run "$IMMURE" run --host -- cat "$key"
	[ "$status" -ne 0 ]
	for folder in "$XDG_STATE_HOME" "$XDG_STATE_HOME/immure" "$XDG_STATE_HOME/immure/keys"; do
		run "$IMMURE" run --host --read "$folder" -- cat "$key"
		[ "$status" -ne 0 ]
		[[ "$output" != *PRIVATE* ]]
		run "$IMMURE" run --host -v "$folder:/data" -- sh -c 'cat /data/* /data/*/* /data/*/*/*'
		[[ "$output" != *PRIVATE* ]]
	done
}

@test "tail shows events as they come and ends with the run" {
	on_host -- sh -c 'unshare -U true; until [ -e /data/go ]; do sleep 0.1; done; unshare -U true; true' 2>/dev/null &
	pid=$!
	until grep -q denied now 2>/dev/null; do
		kill -0 "$pid"
		"$IMMURE" audit tail --no-follow >now 2>/dev/null || true
	done
	[ "$(grep -c denied now)" -eq 1 ]
	run ! grep -q sealed now
	running=$("$IMMURE" ps -q)
	for verb in verify check report; do
		run "$IMMURE" audit $verb "$running"
		[ "$status" -eq 4 ]
		[[ $output == *"ok so far, but the run goes on"* ]]
	done
	"$IMMURE" audit tail >all &
	touch "$WORK/go"
	wait "$!"
	wait "$pid"
	[ "$(grep -c denied all)" -eq 2 ]
	[[ $(tail -n 1 all) == *"sealed    exit 0, 2 refused" ]]
	[ "$("$IMMURE" audit tail -k sealed | wc -l)" -eq 1 ]
	run "$IMMURE" audit tail -k nonesuch
	[ "$status" -eq 2 ]
	[[ $output == *"expected one of start sealed"*" would-deny "*" life" ]]
}

@test "export hands on every record, to a file, syslog and journald" {
	"$IMMURE" run --host -- sh -c 'unshare -U true; mount -t tmpfs x /mnt; true' 2>/dev/null
	"$IMMURE" audit export --to e.jsonl
	cmp e.jsonl "$(newest)/events.jsonl"
	"$IMMURE" audit export --format ocsf | jq -e 'select(.class_uid == 1003 and .kernel.name == "mount")' >/dev/null
	for kind in syslog journald; do
		python3 - "$kind" "$IMMURE" <<-'END'
			import socket, subprocess, sys
			kind, immure = sys.argv[1:]
			path = kind + '.sock'
			receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
			receiver.bind(path)
			receiver.settimeout(10)
			subprocess.run([immure, 'audit', 'export', '--to', f'{kind}:{path}'], check=True)
			lines = open('e.jsonl', 'rb').read().splitlines()
			for line in lines:
			    got = receiver.recv(1 << 20)
			    assert line in got, got
			    denied = b'"kind":"denied"' in line
			    if kind == 'syslog':
			        assert got.startswith(b'<84>' if denied else b'<86>'), got
			    else:
			        assert (b'PRIORITY=4\n' if denied else b'PRIORITY=6\n') in got, got
			        assert b'IMMURE_RUN=' in got
		END
	done
}

@test "diff names what became worse, better and new" {
	"$IMMURE" run --host -- true
	"$IMMURE" audit report -o before.json
	"$IMMURE" run --host --network host -- sh -c 'unshare -U true; true' 2>/dev/null
	"$IMMURE" audit report -o after.json
	run "$IMMURE" audit diff ./before.json ./after.json
	[ "$status" -eq 1 ]
	[[ "$output" == *"WORSE    CIS 5.10"* ]]
	[[ "$output" == *"new      refused unshare"* ]]
	run "$IMMURE" audit diff ./after.json ./before.json
	[ "$status" -eq 0 ]
	[[ "$output" == *"better   CIS 5.10"* ]]
	run "$IMMURE" audit diff last last
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	"$IMMURE" audit diff --json ./before.json last | jq -e '.worse | length > 0' >/dev/null
}

@test "retain removes the oldest, and never what is running" {
	for _ in 1 2 3 4; do
		"$IMMURE" run --host -- true
	done
	"$IMMURE" run --host -- sleep 60 &
	pid=$!
	for _ in $(seq 900); do
		[ "$("$IMMURE" audit list --json | jq length)" -eq 5 ] && break
		sleep 0.1
	done
	"$IMMURE" audit retain --keep 2 --dry-run | grep -c 'would be removed' | grep -qx 3
	[ "$("$IMMURE" audit list --json | jq length)" -eq 5 ]
	"$IMMURE" audit retain --keep 2
	[ "$("$IMMURE" audit list --json | jq length)" -eq 2 ]
	"$IMMURE" audit retain --keep 30d
	[ "$("$IMMURE" audit list --json | jq length)" -eq 2 ]
	"$IMMURE" audit retain --keep 0 | grep -q 'is running, stays'
	[ "$("$IMMURE" audit list --json | jq length)" -eq 1 ]
	run "$IMMURE" audit retain --keep some
	[ "$status" -eq 2 ]
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
}

@test "the machine itself is judged by the same rules" {
	"$IMMURE" audit host -o h.json -o h.html -o h.sarif || [ "$?" -eq 1 ] || [ "$?" -eq 3 ]
	[ "$(jq '.findings | length' h.json)" -ge 15 ]
	[ "$(jq -r '.findings[] | select(.id == "seccomp") | .status' h.json)" = pass ]
	"$IMMURE" audit host --baseline h.json
}

@test "a policy waives by itself, as it was when the run began" {
	cat >p.yaml <<-END
		policy: 1
		extends: [builtin/default]
		waivers:
		  - cis-docker-5.11 until 2026-12-31 by sec@acme.example why "a small machine"
	END
	"$IMMURE" run --host --policy p.yaml -- true
	"$IMMURE" audit report --today 2026-12-31 -o r.json
	[ "$(status_of r.json 5.11)" = waived ] || [ "$(status_of r.json 5.11)" = pass ]
	"$IMMURE" audit report --today 2027-01-01 -o r.json
	[ "$(status_of r.json 5.11)" != waived ]
	jq -e '.waivers == [{"by":"sec@acme.example","control":"cis-docker-5.11","file":.waivers[0].file,"line":4,"state":"expired","until":"2026-12-31","why":"a small machine"}]' r.json
	"$IMMURE" audit report --today 2027-01-01 | grep -q 'waiver  cis-docker-5.11  expired, until 2026-12-31 by sec@acme.example  .*p.yaml:4'
	# The record holds it: another text of the policy changes no verdict on a run that is over.
	echo '# changed' >>p.yaml
	"$IMMURE" audit report --today 2026-12-31 -o r.json
	[ "$(status_of r.json 5.11)" = waived ] || [ "$(status_of r.json 5.11)" = pass ]
	"$IMMURE" policy compile --bundle b p.yaml
	"$IMMURE" run --host --policy b -- true
	"$IMMURE" audit report --today 2026-12-31 -o r.json
	jq -e '.waivers[0].file | endswith("p.yaml")' r.json
}

@test "lint tells a waiver that names nothing" {
	cat >p.yaml <<-END
		policy: 1
		extends: [builtin/default]
		waivers:
		  - cis-docker-5.11 until 2999-12-31 by me why x
		  - cis-docker-1.6-5.12 until 2999-12-31 by me why x
		  - nist-800-190-4.4.1-version until 2999-12-31 by me why x
		  - cis-docker-99.1 until 2999-12-31 by me why x
		  - cis-docker-5.10 until 2020-12-31 by me why x
	END
	run "$IMMURE" policy lint p.yaml
	[[ $output == *"p.yaml:7:5: low: a waiver for a finding that is not there: cis-docker-99.1 is neither"* ]]
	[[ $output == *"p.yaml:8:5: high: a waiver is over"* ]]
	[[ $output != *"p.yaml:4:"* && $output != *"p.yaml:5:"* ]]
}

@test "what was probed in an identical sandbox is known at E4" {
	"$IMMURE" run --host -- true
	"$IMMURE" audit report -o r.json
	run=$(jq -r .subject.run r.json)
	[ "$(jq -r '.findings[] | select(.id == "5.22") | .level' r.json)" = E3 ]
	"$IMMURE" audit check --fail-on critical --probe -o r.json
	[ "$(jq -r '.findings[] | select(.id == "5.22") | .level' r.json)" = E4 ]
	[ "$(jq -r '.findings[] | select(.id == "5.22") | .status' r.json)" = pass ]
	[ "$(jq -r .subject.run r.json)" = "$run" ]
}
