# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Loaded by the bats files here. IMMURE names the program to test; everything that a test writes
# goes below a folder of its own, and TOKEN is on the command line of all that it starts.

bats_require_minimum_version 1.5.0

# Where a machine is known to be able, a skip is a failure.
skip_or_fail() {
	if [ -n "${IMMURE_MUST_WORK-}" ]; then
		echo "must not be skipped here: $1" >&2
		return 1
	fi
	skip "$1"
}

need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_or_fail "$program is not installed"
	done
}

common_setup() {
	IMMURE=${IMMURE:-immure}
	command -v "$IMMURE" >/dev/null || {
		echo "no immure at $IMMURE: set IMMURE" >&2
		return 1
	}
	# A short name: sockets live below it.
	TOKEN="t$$-$RANDOM$RANDOM"
	HOME_DIR=$(mktemp -d "/tmp/immure-cli-XXXXXX")
	export XDG_STATE_HOME="$HOME_DIR/state" XDG_CACHE_HOME="$HOME_DIR/cache"
	export TMPDIR="$HOME_DIR/tmp"
	mkdir "$TMPDIR" "$XDG_STATE_HOME" "$HOME_DIR/work"
	WORK="$HOME_DIR/work"
	DIR="$BATS_TEST_DIRNAME"
	cd "$HOME_DIR" || return 1
}

# Who has just been killed may still write the end of its record.
common_teardown() {
	local i
	cd / || return 1
	[ -n "${HOME_DIR-}" ] || return 0
	for i in $(seq 100); do
		chmod -R u+rwX "$HOME_DIR" 2>/dev/null || true
		! rm -rf --one-file-system "$HOME_DIR" 2>/dev/null || return 0
		sleep 0.1
	done
	rm -rf --one-file-system "$HOME_DIR"
}

# The usual start: the host's files, and one writable volume that is the working folder.
on_host() {
	"$IMMURE" run --host -v "$WORK:/data" -w /data "$@"
}

# Processes with the token on their command line, which the test's own and its subshells have not.
token_pids() {
	grep -lasF -f <(printf '%s' "$TOKEN") /proc/[0-9]*/cmdline | cut -d / -f 3
}

assert_no_process() {
	local i left
	for i in $(seq 500); do
		left=$(token_pids)
		[ -n "$left" ] || return 0
		sleep 0.02
	done
	echo "still running after ten seconds ($i):" >&2
	ps -o pid,ppid,stat,args -p "$(echo "$left" | paste -sd,)" >&2
	return 1
}

# What a run could leave outside of its run folder.
footprint() {
	grep -c . /proc/self/mountinfo
	find /sys/fs/cgroup -type d -name '*immure*' 2>/dev/null | sort
	find "$TMPDIR" -mindepth 1 | sort
	find "$XDG_STATE_HOME" -name '.*' -mindepth 1 | sort
	find "$XDG_STATE_HOME" -name '*.tmp*' | sort
	find /dev/shm -name '*immure*' -user "$(id -u)" 2>/dev/null | grep -v immure-test | sort
}

remember_footprint() {
	FOOTPRINT=$(footprint)
}

assert_nothing_left() {
	local i now
	assert_no_process || return 1
	for i in $(seq 25); do
		now=$(footprint)
		[ "$now" != "$FOOTPRINT" ] || return 0
		sleep 0.04
	done
	echo "left behind ($i):" >&2
	diff <(echo "$FOOTPRINT") <(echo "$now") >&2
	return 1
}

# After `run --separate-stderr`: the message names these words.
assert_says() {
	local word
	for word in "$@"; do
		# shellcheck disable=SC2154
		if ! grep -qiE -- "$word" <<<"$stderr"; then
			echo "no /$word/ in: $stderr" >&2
			return 1
		fi
	done
}
