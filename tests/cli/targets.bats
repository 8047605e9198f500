# SPDX-License-Identifier: Apache-2.0
# The ledger of targets, and policies written for other tools.

load common

setup() { common_setup; }
teardown() { common_teardown; }

@test "each rule has its line in the ledger, and what is lost is said" {
	need jq
	run -0 "$IMMURE" policy targets builtin/strict
	[[ $output == *"builtin/strict:"*"deny /etc/shadow /etc/gshadow"* ]]
	[[ $output == *"lost      landlock  cannot take away below a grant"* ]]
	run -0 "$IMMURE" policy targets --json builtin/strict
	[ "$(jq '[.[] | select(.targets == [])] | length' <<<"$output")" = 0 ]
	[ "$(jq '[.[].targets[] | select(.state != "enforced" and .reason == null)] | length' <<<"$output")" = 0 ]
	[ "$(jq '[.[] | select(.rule | startswith("allow ")) | .targets[] | select(.target == "seccomp") | .state] | unique' <<<"$output" | tr -d ' \n')" = '["enforced"]' ]
}

@test "export writes what was asked for, complete or not at all" {
	run -0 "$IMMURE" policy export oci builtin/strict
	[[ $output == '{"architectures":['* ]]
	"$IMMURE" policy export -o x.json oci builtin/strict
	diff <("$IMMURE" policy export oci builtin/strict) x.json
	run -2 "$IMMURE" policy export nothing builtin/strict
	run -2 "$IMMURE" policy export oci no-such-file.yaml
	run -125 "$IMMURE" policy export -o gone/x.json oci builtin/strict
}

@test "a learned policy can be exported" {
	on_host --learn p.yaml -- sort /etc/passwd
	local target
	for target in oci apparmor selinux systemd landlock network capabilities; do
		"$IMMURE" policy export -o "x.$target" $target p.yaml
		[ -s "x.$target" ]
	done
	grep -q '^"/etc/passwd"\|/etc/passwd' x.landlock
}
