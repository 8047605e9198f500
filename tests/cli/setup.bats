# SPDX-License-Identifier: Apache-2.0
# What an administrator prepares, on a machine that has no use for it, and what is said without doing it.

load common

setup() { common_setup; }
teardown() { common_teardown; }

@test "setup says what it would do, to everybody, and does nothing" {
	run -0 "$IMMURE" setup --dry-run
	[[ $output == *"immure-tracerd"*"(not done)"* ]]
	local line
	while read -r line; do
		[[ $line == *"(not done)" || $line == *": nothing to do: "* ]]
	done <<<"$output"
	[ ! -e /etc/tmpfiles.d/immure-apparmor.conf ]
	[ ! -e /etc/apparmor.d/immure-floor ]
}

@test "a part that has no use here says why" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is on"
	run -125 "$IMMURE" setup --dry-run selinux
	[[ $output == *"SELinux is not enabled here"* ]]
	run -125 "$IMMURE" setup --dry-run --remove selinux
	[ -e /sys/kernel/security/apparmor/policy ] && skip "AppArmor is on"
	run -125 "$IMMURE" setup --dry-run apparmor
	[[ $output == *"AppArmor is not enabled here"* ]]
}

@test "setup is for root, and knows its words" {
	if [ "$(id -u)" -ne 0 ]; then
		run -125 "$IMMURE" setup tracer
		[[ $output == *"needs root"* ]]
	fi
	run -2 "$IMMURE" setup --dry-run nonsense
	[[ $output == *"unknown part nonsense"* ]]
	run -125 "$IMMURE" setup --dry-run --user nobody-of-that-name
	[[ $output == *"not all of these users"* ]]
	run -0 "$IMMURE" setup --help
	[[ $output == *"apparmor, selinux, tracer"* ]]
}

@test "policy install: says what it would do, and why it cannot" {
	run -0 "$IMMURE" policy install --dry-run builtin/default builtin/strict
	[[ ${lines[0]} == "install the SELinux module immure (not done)" ]]
	[[ ${lines[1]} == "install the SELinux module immure_default_"*" (not done)" ]]
	[ "${#lines[@]}" -eq 3 ]
	run -0 "$IMMURE" policy install --dry-run --remove builtin/strict
	[[ $output == "remove the SELinux module immure_strict_"*" (not done)" ]]
	run -2 "$IMMURE" policy install --dry-run no-such-file.yaml
	run -2 "$IMMURE" policy install
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is on"
	run -125 "$IMMURE" policy install builtin/default
	[[ $output == *"SELinux is not enabled here"* ]]
}

@test "doctor and the ledger say that SELinux is not here" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is on"
	run "$IMMURE" doctor
	[[ $output == *"selinux"*"not enabled"* ]]
	mkdir v
	run -0 "$IMMURE" run --dry-run --host -v "$PWD/v:/work:z" -- true
	[[ $output == *"selinux"*"not enabled here"* ]]
	printf 'policy: 1\nextends: [builtin/default]\nrequire: [selinux]\n' >p.yaml
	run -125 "$IMMURE" run --host --policy p.yaml -- true
	[[ $output == *"selinux"*"--allow-degraded selinux"* ]]
	run -0 "$IMMURE" run --host --policy p.yaml --allow-degraded selinux -- true
}
