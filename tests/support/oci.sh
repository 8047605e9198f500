# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# For stages of bundles: needs $work (scratch), $oci (program), $states; counts into passed, failed, skipped.
passed=0 failed=0 skipped=0
limit() { timeout 60 "$@"; }
run() { limit "$oci" --root "$states" "$@" </dev/null; }

ok() { passed=$((passed + 1)); }
bad() { # WHAT
	failed=$((failed + 1))
	echo "FAIL $part: $*"
	tail -n 5 "$work/out" 2>/dev/null
}
skip() {
	skipped=$((skipped + 1))
	echo "SKIP $part: $*"
}
check() { # WHAT COMMAND...
	local what=$1
	shift
	echo "$what" >>"$work/names"
	if "$@" >"$work/out" 2>&1; then ok; else bad "$what"; fi
}
refuse() { # WHAT TEXT COMMAND...
	local what=$1 text=$2
	shift 2
	echo "$what" >>"$work/names"
	if "$@" >"$work/out" 2>&1; then bad "$what: not refused"; elif grep -q -- "$text" "$work/out"; then ok; else bad "$what: another error"; fi
}
says() { # WHAT TEXT COMMAND...
	local what=$1 text=$2
	shift 2
	echo "$what" >>"$work/names"
	"$@" >"$work/out" 2>&1
	if grep -q -- "$text" "$work/out"; then ok; else bad "$what"; fi
}
# A root of busybox and the bundle that `spec` writes.
make_root() {
	local root=$work/bundle/rootfs name
	mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,run} "$states"
	chmod 755 "$work"
	cp /bin/busybox "$root/bin/busybox"
	for name in $("$root/bin/busybox" --list | grep -v '^busybox$'); do ln -sf busybox "$root/bin/$name"; done
	echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
	(cd "$work/bundle" && rm -f config.json && "$oci" spec) && jq '.ociVersion = "1.0.2"' "$work/bundle/config.json" >"$work/base.json"
}
config() { jq "$1" "$work/base.json" >"$work/bundle/config.json"; }
# Run one program in a bundle changed by a jq expression.
once() { # JQ PROGRAM...
	local change=$1
	shift
	config "$change | .process.args = $(printf '%s\n' "$@" | jq -R . | jq -sc .)"
	(cd "$work/bundle" && run run once)
}
