#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a run of an image wrote, kept: listed, locked, removed.

load images

setup() {
  images_setup
  "$IMMURE" load -q -t one "$images/one" >/dev/null
}

kept() { # COMMAND
  "$IMMURE" run --keep -u 0 "${@:2}" one sh -c "$1"
}

@test "what is written is there afterwards, and the image is as it was" {
  kept 'echo x >/new; echo y >/etc/passwd' --name k
  [ "$(cat "$store"/kept/*/data/upper/new)" = x ]
  run "$IMMURE" run one cat /new
  [ "$status" -ne 0 ]
  run "$IMMURE" run one cat /etc/passwd
  [[ "$output" == root:* ]]
  "$IMMURE" image check
}

@test "ps -a lists it, also without the record of the run; rm takes it away" {
  kept true --name k
  [ "$("$IMMURE" ps -a --json | jq -r '.[] | "\(.name) \(.state) \(.kept)"')" = "k kept true" ]
  rm -rf "$XDG_STATE_HOME"/immure/runs/*
  [ "$("$IMMURE" ps -a --json | jq -r '.[] | "\(.name) \(.state) \(.kept)"')" = "k kept true" ]
  run "$IMMURE" rm k
  [ "$status" -eq 0 ]
  [ -z "$(ls -A "$store/kept" "$store/tmp" | grep -v :)" ]
  kept 'mkdir -p /a/b && chmod 0 /a'
  run "$IMMURE" rm last
  [ "$status" -eq 0 ]
  [ -z "$(ls -A "$store/kept" "$store/tmp" | grep -v :)" ]
  [ "$("$IMMURE" ps -a --json | jq length)" = 0 ]
}

@test "an image stays while something kept lies on it" {
  kept true
  run "$IMMURE" rmi one
  [ "$status" -eq 125 ]
  [[ "$output" == *"kept layer of run"*"immure rm"* ]]
  run "$IMMURE" image prune
  [[ "$output" == *"removed 0 blobs, 0 layers"* ]]
  run "$IMMURE" image prune --kept
  [[ "${lines[0]}" == "removed 1 kept layers"* ]]
  "$IMMURE" rmi one
}

@test "in the background: in use until it ends, and a kill leaves it" {
  id=$(kept 'echo x >/new; sleep 1000' -d)
  for _ in $(seq 900); do [ -s "$store/kept/$id/data/upper/new" ] && break; sleep 0.1; done
  run "$IMMURE" image prune --kept
  [[ "${lines[0]}" == "removed 0 kept layers"* ]]
  run "$IMMURE" rm "$id"
  [ "$status" -eq 125 ]
  "$IMMURE" rm --force "$id"
  [ ! -e "$store/kept/$id" ]

  id=$(kept 'echo x >/new; sleep 1000' -d)
  for _ in $(seq 900); do [ -s "$store/kept/$id/data/upper/new" ] && break; sleep 0.1; done
  monitor=$(for p in /proc/[0-9]*; do [ "$(readlink "$p/exe" 2>/dev/null)" = "$(realpath "$IMMURE")" ] || continue; tr '\0' ' ' <"$p/cmdline" | grep -q "sleep 1000" && echo "${p#/proc/}"; done | head -n 1)
  kill -9 "$monitor"
  for _ in $(seq 900); do "$IMMURE" ps -q | grep -q . || break; sleep 0.1; done
  [ "$(cat "$store/kept/$id/data/upper/new")" = x ]
  [ "$("$IMMURE" ps -a --json | jq -r '.[0].state')" = kept ]
  "$IMMURE" rm "$id"
  [ -z "$(ls -A "$store/kept" "$store/tmp" | grep -v :)" ]
}

@test "nothing is kept of what never ran" {
  run -127 "$IMMURE" run --keep one /nothing
  run "$IMMURE" run --keep --policy "$work/none" one true
  [ "$status" -ne 0 ]
  run "$IMMURE" run --keep --dry-run one true
  [[ "$output" == *"kept layer"* ]]
  [ -z "$(ls -A "$store/kept" "$store/tmp" 2>/dev/null | grep -v :)" ]
  run "$IMMURE" run --keep --host true
  [ "$status" -eq 2 ]
  [[ "$output" == *"--keep goes with an image"* ]]
}
