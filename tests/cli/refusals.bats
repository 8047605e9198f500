#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Wrong input: a clear error, the documented exit status, nothing left behind.

setup() {
  work=$(mktemp -d)
  export XDG_STATE_HOME=$work/state
  cd "$work"
}

teardown() {
  cd /
  rm -rf "$work"
}

nothing_left() {
  [ -z "$(ls "$XDG_STATE_HOME/immure/runs" 2>/dev/null)" ]
}

@test "an unknown option names a near one" {
  run "$IMMURE" run --hots -- true
  [ "$status" -eq 2 ]
  [[ "$output" == *"did you mean --host"* ]]
  nothing_left
}

@test "an image that is not there is refused with what to use instead" {
  run "$IMMURE" run debian:12 true
  [ "$status" -eq 125 ]
  [[ "$output" == *--rootfs* ]]
}

@test "a root that is not there" {
  run "$IMMURE" run --rootfs "$work/none" -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *"$work/none"* ]]
  nothing_left
}

@test "a root whose /proc is a link" {
  mkdir -p root/dev root/bin
  ln -s /etc root/proc
  cp /bin/busybox root/bin
  chmod -R a+rX root
  run "$IMMURE" run --rootfs root -- busybox true
  [ "$status" -eq 125 ]
  [[ "$output" == *"/proc"* ]]
  nothing_left
}

@test "a volume source that is a link" {
  ln -s /etc link
  run "$IMMURE" run --host -v "$work/link:/x" -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *"is a link"* ]]
  nothing_left
}

@test "a policy that cannot be read" {
  run "$IMMURE" run --host --policy "$work/none.yaml" -- true
  [ "$status" -eq 2 ]
  [[ "$output" == *none.yaml* ]]
  mkfifo pipe.yaml
  run timeout 120 "$IMMURE" run --host --policy pipe.yaml -- true
  [ "$status" -eq 2 ]
  [[ "$output" == *"pipe.yaml: expected a file, not a pipe"* ]]
  nothing_left
}

@test "a policy with ten faults: all of them, with their places" {
  cat >p.yaml <<'Y'
policy: 2
name: a b
files:
  - look /usr
  - read usr
  - read /a/*.txt
syscalls:
  - allow opne
  - allow open if pathname == 1
  - deny bpf as NOTHING
limits:
  memroy: 1
sycalls: []
Y
  run "$IMMURE" run --host --policy p.yaml -- true
  [ "$status" -eq 2 ]
  [ "$(echo "$output" | grep -cE 'p\.yaml:[0-9]+:[0-9]+: ')" -eq 10 ]
  nothing_left
  [ "$("$IMMURE" policy check --json p.yaml | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" -eq 10 ]
}

@test "a policy that demands what is not there" {
  printf 'policy: 1\nextends: [builtin/default]\nrequire: [apparmor]\n' >p.yaml
  run "$IMMURE" run --host --policy p.yaml -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *"--allow-degraded apparmor"* ]]
  nothing_left
  run "$IMMURE" run --host --policy p.yaml --allow-degraded apparmor -- true
  [ "$status" -eq 0 ]
  [[ "$output" == *degraded* ]]
}

@test "no user namespaces allowed" {
  unshare -Ur true || skip "cannot make a user namespace to forbid them in"
  run unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" run --host -- true' "$IMMURE"
  [ "$status" -eq 125 ]
  [[ "$output" == *"user namespaces"* ]]
  nothing_left
}

@test "no place for records" {
  run env -u XDG_STATE_HOME -u HOME "$IMMURE" run --host -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *HOME* ]]
  mkdir "$XDG_STATE_HOME"
  ln -s /proc "$XDG_STATE_HOME/immure"
  run "$IMMURE" run --host -- true
  [ "$status" -eq 125 ]
}

@test "users that overflow" {
  for user in -1 +0 0x0 4294967295 4294967296; do
    run "$IMMURE" run --host --user "$user" -- true
    [ "$status" -ne 0 ]
    [[ "$output" == *"expected UID"* ]] || [[ "$output" == *"no user"* ]]
  done
  nothing_left
}

@test "standard output that is closed or full is no success" {
  run bash -c "'$IMMURE' --help >/dev/full"
  [ "$status" -eq 125 ]
  run bash -c "'$IMMURE' run --host --dry-run -- true >/dev/full"
  [ "$status" -eq 125 ]
  "$IMMURE" run --host -- true
  run bash -c "'$IMMURE' audit tail --no-follow >/dev/full"
  [ "$status" -eq 125 ]
  [ "$(grep -c 'cannot write to standard output: No space left' <<<"$output")" = 1 ]
}
