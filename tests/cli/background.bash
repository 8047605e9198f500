# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests of what happens to a run in the background. None outlives its test.

load common

setup() {
	common_setup
}

teardown() {
	"$IMMURE" ps -q | xargs -r "$IMMURE" kill >/dev/null 2>&1 || true
	common_teardown
}

start() { # ARG...: sets ID
	ID=$("$IMMURE" run -d --host -v "$WORK:/data" "$@")
}

wait_for() { # CMD...: until it succeeds
	local i
	for i in $(seq 900); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "never: $*" >&2
	return 1
}
