# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Loaded by the bats files about images: a few images, and a store and a working folder for each test.

bats_require_minimum_version 1.5.0

setup_file() {
	command -v busybox >/dev/null || skip "busybox-static is not installed"
	images=$(mktemp -d)
	export images
	PYTHONDONTWRITEBYTECODE=1 python3 "$BATS_TEST_DIRNAME/../images/make.py" "$images"
}

teardown_file() {
	rm -rf "$images"
}

images_setup() {
	work=$(mktemp -d)
	export XDG_STATE_HOME=$work/state XDG_DATA_HOME=$work/data
	# shellcheck disable=SC2034
	store=$XDG_DATA_HOME/immure
	cd "$work" || return 1
}

teardown() {
	cd / || return 1
	chmod -R u+rwX "$work"
	rm -rf "$work"
}
