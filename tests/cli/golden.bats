#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the generators write, to the byte. To take over a change that was meant:
#   GOLDEN_UPDATE=1 IMMURE=... bats tests/cli/golden.bats

load common

setup() { common_setup; }
teardown() { common_teardown; }

@test "every generator writes what it wrote" {
	[ "$(uname -m)" = x86_64 ] || skip "the files are of x86-64"
	golden="$BATS_TEST_DIRNAME/../golden/export"
	for target in oci apparmor systemd landlock network capabilities selinux; do
		"$IMMURE" policy export -o "$target" "$target" "$golden/web.yaml"
		# The digits in the name of a type are a digest, which says nothing here.
		[ "$target" != selinux ] || sed -i -E 's/immure_web_[0-9a-f]{8}_t/immure_web_00000000_t/g' "$target"
		[ -z "${GOLDEN_UPDATE-}" ] || cp "$target" "$golden/web.$target"
		diff -u "$golden/web.$target" "$target"
	done
	# Nobody forgot one: each target that is offered has its file.
	for target in $("$IMMURE" policy export --help | sed -n 's/.*TARGET is //p' | tr -d , | tr ' ' '\n' | grep -v -x -e or -e selinux-base); do
		[ -s "$golden/web.$target" ]
	done
}

@test "... and what it loses is in the ledger" {
	golden="$BATS_TEST_DIRNAME/../golden/export"
	(cd "$golden" && "$IMMURE" policy targets --json web.yaml) | jq -S . >targets.json
	[ -z "${GOLDEN_UPDATE-}" ] || cp targets.json "$golden/web.targets.json"
	diff -u "$golden/web.targets.json" targets.json
}
