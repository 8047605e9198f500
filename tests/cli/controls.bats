#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each control of the shipped standards: what a default run makes of it, and what makes it fail.

load common

setup() {
	common_setup
	export XDG_DATA_HOME=$HOME_DIR/share
}

teardown() {
	common_teardown
}

@test "each control passes on a default run, or fails with its place in a run that is made to" {
	need busybox python3
	run python3 "$DIR/../support/controls.py"
	echo "$output"
	[ "$status" -eq 0 ]
}
