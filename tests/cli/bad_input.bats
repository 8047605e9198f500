#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What cannot work: a clear error that names the object and the remedy, exit 125 or 2, and nothing
# left behind.

load common

setup() {
	common_setup
	mkdir -p "$HOME_DIR/root/bin" "$HOME_DIR/root/proc" "$HOME_DIR/root/tmp" "$HOME_DIR/root/dev"
	cp "$(command -v busybox)" "$HOME_DIR/root/bin/busybox"
	# The compiled policy and what else is made once shall not count as left behind.
	"$IMMURE" run --host -- true
	remember_footprint
}

teardown() {
	common_teardown
}

# refuses STATUS ARG…: run it, and check the status and that nothing is left.
refuses() {
	local want=$1
	shift
	run --separate-stderr "-$want" "$@"
	if [ "$(grep -c . <<<"$stderr")" = 0 ]; then
		echo "no message" >&2
		return 1
	fi
	assert_nothing_left
}

with_no_seccomp() {
	local tool=$HOME_DIR/no_seccomp
	if [ -n "${IMMURE_NO_SECCOMP-}" ]; then
		tool=$IMMURE_NO_SECCOMP
	else
		need gcc
		gcc -o "$tool" "$DIR/../support/no_seccomp.c"
	fi
	"$tool" "$@"
}

# In a user namespace of its own, whose limit is ours to set: the host stays as it is.
without_namespaces() {
	unshare --user --map-root-user sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh "$@"
}

# The id is not 0 in there, so that the caller's own id is what is mapped again.
without_network_namespaces() {
	unshare --user --map-user=1000 --map-group=1000 --keep-caps sh -c \
		'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"' sh "$@"
}

@test "an unknown option is named, with a near one" {
	refuses 2 "$IMMURE" run --hots -- echo "$TOKEN"
	assert_says '--hots' '--host'
	refuses 2 "$IMMURE" run --host --memroy 1GiB -- echo "$TOKEN"
	assert_says '--memroy' '--memory'
	refuses 2 "$IMMURE" rnu --host -- echo "$TOKEN"
	assert_says 'rnu'
}

@test "a missing value, a bad number, a bad choice" {
	refuses 2 "$IMMURE" run --host --memory
	assert_says 'memory'
	refuses 2 "$IMMURE" run --host --memory lots -- echo "$TOKEN"
	assert_says 'lots'
	refuses 2 "$IMMURE" run --host --pids -5 -- echo "$TOKEN"
	assert_says 'pids'
	refuses 2 "$IMMURE" run --host --wall soon -- echo "$TOKEN"
	assert_says 'soon'
	refuses 2 "$IMMURE" run --host --network bridge -- echo "$TOKEN"
	assert_says 'bridge'
	refuses 2 "$IMMURE" run --host --pids 99999999999999999999 -- echo "$TOKEN"
}

@test "no root, two roots, no command" {
	refuses 2 "$IMMURE" run
	assert_says '--host'
	refuses 125 "$IMMURE" run -- echo "$TOKEN"
	assert_says '--host' 'image echo'
	refuses 2 "$IMMURE" run --host --rootfs "$HOME_DIR/root" -- echo "$TOKEN"
	refuses 2 "$IMMURE" run --host
	assert_says 'command|CMD'
}

@test "a root that is not there, or is no folder" {
	refuses 125 "$IMMURE" run --rootfs "$HOME_DIR/no-root" -- /bin/busybox echo "$TOKEN"
	assert_says "$HOME_DIR/no-root" 'no such'
	touch "$HOME_DIR/file"
	refuses 125 "$IMMURE" run --rootfs "$HOME_DIR/file" -- /bin/busybox echo "$TOKEN"
	assert_says "$HOME_DIR/file"
}

@test "a policy that is not there, cannot be read, is a folder" {
	refuses 2 "$IMMURE" run --host --policy "$HOME_DIR/none.yaml" -- echo "$TOKEN"
	assert_says 'none.yaml'
	refuses 2 "$IMMURE" run --host --policy "$HOME_DIR" -- echo "$TOKEN"
	assert_says "$HOME_DIR"
	if [ "$(id -u)" != 0 ]; then
		echo 'policy: 1' >"$HOME_DIR/closed.yaml"
		chmod 0 "$HOME_DIR/closed.yaml"
		refuses 2 "$IMMURE" run --host --policy "$HOME_DIR/closed.yaml" -- echo "$TOKEN"
		assert_says 'closed.yaml' 'permission denied'
	fi
	refuses 2 "$IMMURE" run --host --policy builtin/nosuch -- echo "$TOKEN"
	assert_says 'builtin/nosuch'
}

@test "a policy with ten errors: all ten, each with its place" {
	local file="$DIR/workloads/ten-errors.yaml" line
	refuses 2 "$IMMURE" run --host --policy "$file" -- echo "$TOKEN"
	echo "$stderr"
	for line in $(grep -n '# wrong' "$file" | cut -d: -f1); do
		grep -qE "ten-errors.yaml:$line:[0-9]+: " <<<"$stderr" ||
			{ echo "no error for line $line" >&2; return 1; }
	done
	[ "$(grep -cE 'ten-errors.yaml:[0-9]+:[0-9]+: ' <<<"$stderr")" -ge 10 ]
}

@test "a root whose /proc is a link" {
	local name
	for name in proc dev tmp; do
		rm -rf "$HOME_DIR/root/$name"
		ln -s /etc "$HOME_DIR/root/$name"
		refuses 125 "$IMMURE" run --rootfs "$HOME_DIR/root" -- /bin/busybox echo "$TOKEN"
		assert_says "/$name" 'link'
		rm "$HOME_DIR/root/$name"
		mkdir "$HOME_DIR/root/$name"
	done
}

@test "a volume whose source is a link, or is not there" {
	ln -s "$WORK" "$HOME_DIR/link"
	refuses 125 "$IMMURE" run --host -v "$HOME_DIR/link:/data" -- echo "$TOKEN"
	assert_says "$HOME_DIR/link" 'link'
	refuses 125 "$IMMURE" run --host -v "$HOME_DIR/none:/data" -- echo "$TOKEN"
	assert_says "$HOME_DIR/none" 'no such'
}

@test "volumes that are not well formed" {
	local spec
	for spec in "$WORK:" ":/data" "$WORK:data" "$WORK:/data:rx" "$WORK:/a/../b"; do
		run --separate-stderr "$IMMURE" run --host -v "$spec" -- echo "$TOKEN"
		[ "$status" = 2 ] || [ "$status" = 125 ] ||
			{ echo "-v $spec: exit status $status" >&2; return 1; }
		[ -n "$stderr" ]
	done
	assert_nothing_left
}

@test "no user namespaces allowed" {
	unshare --user --map-root-user true 2>/dev/null ||
		skip_or_fail "no user namespace to forbid others in"
	refuses 125 without_namespaces "$IMMURE" run --host -- echo "$TOKEN"
	assert_says 'user.?namespace' 'max_user_namespaces|doctor|sysctl'
}

@test "no network namespace to be had" {
	unshare --user --map-root-user true 2>/dev/null ||
		skip_or_fail "no user namespace to forbid others in"
	refuses 125 without_network_namespaces "$IMMURE" run --host -- echo "$TOKEN"
	assert_says 'network namespace'
	[[ $output != *"$TOKEN"* ]]
	run -0 without_network_namespaces "$IMMURE" run --network host --host -- echo "$TOKEN"
	[[ $output = *"$TOKEN"* ]]
}

@test "no seccomp" {
	refuses 125 with_no_seccomp "$IMMURE" run --host -- echo "$TOKEN"
	assert_says 'seccomp'
	[[ $output != *"$TOKEN"* ]]
}

# In mount namespaces of our own, with a small file system as the state folder.
with_state() {
	local options=$1
	shift
	unshare --user --map-root-user --mount sh -ec '
		mount -t tmpfs -o "$1" none "$XDG_STATE_HOME"
		fill=$2; shift 2
		if [ "$fill" = full ]; then
			dd if=/dev/zero of="$XDG_STATE_HOME/fill" bs=4k 2>/dev/null || true
		fi
		exec "$@"' sh "$options" "$@"
}

@test "a full disk" {
	unshare --user --map-root-user --mount true 2>/dev/null ||
		skip_or_fail "no private mounts for an ordinary user"
	refuses 125 with_state size=64k full "$IMMURE" run --host -- echo "$TOKEN"
	assert_says "$XDG_STATE_HOME|state" 'no space'
	[[ $output != *"$TOKEN"* ]]
}

@test "a state folder that cannot be written" {
	unshare --user --map-root-user --mount true 2>/dev/null ||
		skip_or_fail "no private mounts for an ordinary user"
	refuses 125 with_state size=64k,ro empty "$IMMURE" run --host -- echo "$TOKEN"
	assert_says "$XDG_STATE_HOME|state" 'read-only'
	[[ $output != *"$TOKEN"* ]]
}

@test "a state folder below a file" {
	touch "$HOME_DIR/file"
	XDG_STATE_HOME="$HOME_DIR/file/state" run --separate-stderr "$IMMURE" run --host -- echo "$TOKEN"
	[ "$status" = 125 ]
	assert_says "$HOME_DIR/file" 'not a directory'
}

@test "HOME is not set" {
	# With a state folder named it is not needed; without one the account's home is, or an error.
	refuses_or_runs() {
		run --separate-stderr env -u HOME "$@" "$IMMURE" run --host -- echo "$TOKEN"
		if [ "$status" = 0 ]; then
			[ "$output" = "$TOKEN" ]
		else
			[ "$status" = 125 ] && assert_says 'HOME|XDG_STATE_HOME'
		fi
	}
	run -0 env -u HOME "$IMMURE" run --host -- echo "$TOKEN"
	refuses_or_runs HOME=
	refuses_or_runs HOME=relative
	refuses_or_runs HOME=/nonexistent
	assert_no_process
	[ ! -e relative ]
}

@test "a working folder that is not there" {
	refuses 125 "$IMMURE" run --host --workdir /no/such/folder -- echo "$TOKEN"
	assert_says '/no/such/folder'
}

@test "a working folder that was removed" {
	mkdir gone
	cd gone
	rmdir ../gone
	run --separate-stderr "$IMMURE" run --host -- pwd
	# Either is right: an error that says so, or a folder that exists.
	if [ "$status" = 0 ]; then
		[[ $output == /* ]]
	else
		[ "$status" = 125 ]
	fi
	cd "$HOME_DIR"
}

@test "a program that is not there, is no program, or is a folder" {
	refuses 127 "$IMMURE" run --host -- "/no/such/$TOKEN"
	assert_says "/no/such/$TOKEN"
	refuses 126 "$IMMURE" run --host -- /etc
	assert_says '/etc'
	printf '#!/no/such/interpreter\n' >"$WORK/script"
	chmod +x "$WORK/script"
	# execve(2) says ENOENT for the script, whose interpreter is not there.
	run --separate-stderr -127 "$IMMURE" run --host -v "$WORK:/data:ro,exec" -- /data/script
}

@test "what untrusted names do to the terminal: nothing" {
	local name=$'\e]0;owned\a\e[31m'
	run --separate-stderr "$IMMURE" run --rootfs "/no/$name" -- true
	[ "$status" = 125 ] || [ "$status" = 2 ]
	[[ $stderr != *$'\e'* ]]
	run --separate-stderr "$IMMURE" run "--$name" -- true
	[ "$status" = 2 ]
	[[ $stderr != *$'\e'* ]]
}
