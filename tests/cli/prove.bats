# SPDX-License-Identifier: Apache-2.0
# Proving a policy: what it allows and refuses is tried; a layer that is missing shows, and only that layer's probes.

load common

setup() {
	common_setup
	need jq
}
teardown() { common_teardown; }

@test "every shipped policy holds: each probe comes out as predicted" {
	local policy
	for policy in builtin/default builtin/strict builtin/start builtin/learn builtin/shell; do
		run -0 "$IMMURE" policy prove --json "$policy"
		[ "$(jq .different <<<"$output")" = 0 ]
		[ "$(jq '.layers[] | select(.layer == "seccomp") | .probes' <<<"$output")" -gt 100 ]
		[ "$(jq '[.layers[] | select(.layer == null) | .probes] | add' <<<"$output")" -gt 40 ]
	done
}

@test "without a layer exactly its probes come out differently" {
	local layer
	for layer in seccomp landlock rlimits nslimits; do
		run -1 "$IMMURE" policy prove --json --without $layer builtin/strict
		jq -e --arg layer $layer '[.probes[] | select((.outcome == "DIFFERENT") != (.layer == $layer and .outcome != "untestable"))] == []' <<<"$(grep '^{' <<<"$output")"
		[ "$(grep '^{' <<<"$output" | jq --arg layer $layer '.layers[] | select(.layer == $layer) | .different')" -gt 0 ]
	done
}

@test "a policy that was learned holds" {
	on_host --learn p.yaml -- ls -l /etc
	run -0 "$IMMURE" policy prove p.yaml -- --host -v "$WORK:/data"
	[[ $output == *"0 different"* ]]
	[[ $output == *"landlock "* ]]
	# /bin/sh is a link: the rule names what it leads to.
	on_host --learn sh.yaml -- sh -c 'cat /etc/hostname'
	run -0 "$IMMURE" policy prove sh.yaml
	[[ $output == *"0 different"* ]]
}

@test "the result is kept by the policy's digest, and only a whole sandbox's" {
	"$IMMURE" policy prove builtin/strict
	run -1 "$IMMURE" policy prove --without seccomp builtin/shell
	[ "$(ls "$XDG_STATE_HOME/immure/proofs" | wc -l)" = 1 ]
	jq -e '.version == 1 and .without == null and .policy == "builtin/strict" and .different == 0' "$XDG_STATE_HOME"/immure/proofs/*.json
	"$IMMURE" policy prove -o out.json builtin/strict
	jq -e .policy_digest out.json
}

@test "what a run without a layer did is recorded as lost" {
	run -0 "$IMMURE" run --without landlock --dry-run --json --host -- true
	jq -e '[.ledger[] | select(.layer == "landlock")][0].state == "lost"' <<<"$output"
	run -2 "$IMMURE" run --without mounts --host -- true
	run -2 "$IMMURE" policy prove builtin/no-such-policy
}

@test "probes are not the run \"last\"" {
	run "$IMMURE" run --host -- sh -c 'exit 7'
	"$IMMURE" policy prove builtin/strict
	run "$IMMURE" audit show last
	[[ $output == *"exit 7"* || $output == *"exit\":7"* ]]
	rm -r "$XDG_STATE_HOME/immure/runs"
	"$IMMURE" policy prove builtin/strict
	run ! "$IMMURE" audit show last
	[[ $output == *"there is no run yet"* ]]
}

@test "a folder without stars is granted by no layer, and the ledger says so" {
	cat >p.yaml <<'EOF'
policy: 1
extends: [builtin/start]
files:
  - read,exec /usr/** /bin/**
  - read /etc /etc/hostname
EOF
	run -0 "$IMMURE" run --host --policy p.yaml -- cat /etc/hostname
	for path in /etc /etc/passwd /etc/ssl; do
		run ! "$IMMURE" run --host --policy p.yaml -- cat "$path"
		[[ $output == *"Permission denied"* ]]
	done
	run -0 "$IMMURE" run --host --dry-run --policy p.yaml -- true
	[[ $output == *"nothing granted on /etc: it is a folder"* ]]
	run "$IMMURE" policy lint p.yaml
	[[ $output == *"/etc [folder-alone]"* ]]
	run -0 "$IMMURE" policy prove p.yaml
	[[ $output == *"0 different"* ]]
	sed 's,read /etc /etc/hostname,read /etc/**,' p.yaml >wide.yaml
	run -0 "$IMMURE" run --host --policy wide.yaml -- cat /etc/passwd
	run -1 "$IMMURE" policy diff p.yaml wide.yaml
	[[ $output == *"wider file:"*"read /etc/"* ]]
}

@test "what stands beneath the filter is tried without it" {
	run -0 "$IMMURE" policy prove --json builtin/strict
	[ "$(jq '.layers[] | select(.layer == "capabilities") | .probes' <<<"$output")" -ge 8 ]
	[ "$(jq '.layers[] | select(.layer == "nslimits") | .probes' <<<"$output")" = 1 ]
	jq -e '.probes[] | select(.what == "unshare(flags=CLONE_NEWUSER) beneath the filter") | .observed == "ENOSPC" and .layer == "nslimits"' <<<"$output"
	run -1 "$IMMURE" policy prove --without nslimits builtin/strict
	[[ $output == *"DIFFERENT"*"nslimits"*"unshare(flags=CLONE_NEWUSER) beneath the filter"*"(observed: it was done)"* ]]
	# Neither of the two runs is "last".
	run ! "$IMMURE" audit show last
}
