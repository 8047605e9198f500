#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The verbs besides run.

setup() {
  work=$(mktemp -d)
  export XDG_STATE_HOME=$work/state
  cd "$work"
}

teardown() {
  cd /
  rm -rf "$work"
}

@test "help and version" {
  run "$IMMURE" --help
  [ "$status" -eq 0 ]
  [[ "$output" == *doctor* ]]
  run "$IMMURE" run --help
  [ "$status" -eq 0 ]
  [[ "$output" == *--allow-degraded* ]]
  run "$IMMURE"
  [ "$status" -eq 2 ]
  run "$IMMURE" polcy
  [ "$status" -eq 2 ]
  [[ "$output" == *"did you mean policy"* ]]
  "$IMMURE" --version --json | python3 -m json.tool >/dev/null
}

@test "completions are accepted by their shells, and complete" {
  "$IMMURE" completion bash >c.bash
  bash -n c.bash
  words=$(bash -c 'source ./c.bash; COMP_WORDS=(immure run --al); COMP_CWORD=2; _immure; echo "${COMPREPLY[@]}"')
  [ "$words" = --allow-degraded ]
  ! command -v fish >/dev/null || fish --no-execute <("$IMMURE" completion fish)
  ! command -v zsh >/dev/null || zsh -n <("$IMMURE" completion zsh)
}

@test "what policy show prints is a policy itself" {
  "$IMMURE" policy show builtin/default >p.yaml
  "$IMMURE" policy check p.yaml
  "$IMMURE" policy show --json builtin/default | python3 -m json.tool >/dev/null
  open=$("$IMMURE" policy show --json builtin/default | python3 -c 'import json,sys; print(json.load(sys.stdin)["calls_open"])')
  [ "$open" -le 200 ]
  "$IMMURE" policy show --list | grep -qx builtin/strict
  "$IMMURE" policy show --groups | grep -q '^@io:'
  "$IMMURE" policy compile --output p.bundle p.yaml
  [ -s p.bundle ]
}

@test "a refused call is recorded, shown and explained" {
  run "$IMMURE" run --host -- unshare -U true
  [ "$status" -ne 0 ]
  run "$IMMURE" audit show
  [ "$status" -eq 0 ]
  [[ "$output" == *"unshare(flags=CLONE_NEWUSER)"* ]]
  [[ "$output" == *"FAIL 0"* ]]
  run "$IMMURE" why d1
  [ "$status" -eq 0 ]
  [[ "$output" == *"allow unshare"* ]]
  [[ "$output" == *"risk      high"* ]]
  "$IMMURE" why --path /etc/passwd --op write | grep -q 'read-only'
  "$IMMURE" why --syscall socket AF_ALG | grep -q refused
  run "$IMMURE" why d99
  [ "$status" -eq 2 ]
  "$IMMURE" audit show --json | python3 -m json.tool >/dev/null
  "$IMMURE" audit list --json | python3 -m json.tool >/dev/null
}

@test "a policy file that allows a call allows it, and one that changed is compiled anew" {
  printf 'policy: 1\nextends: [builtin/default]\nsyscalls:\n  - allow personality\n' >p.yaml
  "$IMMURE" run --host --policy p.yaml -- setarch -R true
  printf 'policy: 1\nextends: [builtin/default]\n' >p.yaml
  run "$IMMURE" run --host --policy p.yaml -- setarch -R true
  [ "$status" -ne 0 ]
}

@test "builtin/strict runs one program and no other" {
  "$IMMURE" run --host --policy builtin/strict -- cat /etc/hostname
  run "$IMMURE" run --host --policy builtin/strict -- sh -c 'cat /etc/hostname; true'
  [ "$status" -ne 0 ]
}

@test "a changed log is found" {
  "$IMMURE" run --host -- true
  "$IMMURE" audit verify
  log=$(ls -td "$XDG_STATE_HOME"/immure/runs/*/events.jsonl | head -n 1)
  sed -i '1s/"pid":/"pid":1/' "$log"
  run "$IMMURE" audit verify
  [ "$status" -eq 4 ]
  [[ "$output" == *"was changed"* ]]
}

@test "a log that was cut off is found" {
  "$IMMURE" run --host -- true
  log=$(ls -td "$XDG_STATE_HOME"/immure/runs/*/events.jsonl | head -n 1)
  sed -i '$d' "$log"
  run "$IMMURE" audit verify
  [ "$status" -eq 4 ]
}

@test "a run that was killed shows as cut short" {
  "$IMMURE" run --host -- sleep 60 &
  pid=$!
  for _ in $(seq 900); do "$IMMURE" audit list | grep -q running && break; sleep 0.1; done
  kill -9 $pid
  wait $pid 2>/dev/null || true
  for _ in $(seq 900); do "$IMMURE" audit list | grep -q 'cut short' && break; sleep 0.1; done
  "$IMMURE" audit list | grep -q 'cut short'
}

@test "doctor tells what is there" {
  run "$IMMURE" doctor
  [ "$status" -eq 0 ]
  [[ "$output" == *landlock* ]]
  "$IMMURE" doctor --json | python3 -m json.tool >/dev/null
}

# Answers whoever asks with what it is given: magic, version, padding up to a length.
answer_as() {
  rm -f "$work/d.sock"
  python3 - "$work/d.sock" "$@" 3>&- <<'END' &
import os, socket, struct, sys
path, magic, version, length = sys.argv[1], *map(int, sys.argv[2:])
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
    s.bind(path + '.new')
    s.listen()
    os.rename(path + '.new', path)
    with s.accept()[0] as c:
        c.recv(4096)
        c.send(struct.pack('<IH', magic, version).ljust(length, b'\0'))
END
  answerer=$!
  until [ -S "$work/d.sock" ]; do kill -0 $answerer || return 1; done
}

@test "doctor tells a daemon that is of no use from one that is missing" {
  local length
  IMMURE_TRACERD=$work/none run "$IMMURE" doctor
  [[ $output == *"no immure-tracerd"*"immure setup tracer"* ]]
  IMMURE_TRACERD='' run "$IMMURE" doctor
  [[ $output == *"switched off"*"unset IMMURE_TRACERD"* ]]
  for length in 8 250 700; do # IMRT, of a version long gone or yet to come
    answer_as $((0x54524d49)) 4711 $length
    IMMURE_TRACERD=$work/d.sock run "$IMMURE" doctor
    wait $answerer
    [[ $output == *"of another version: its messages are of version 4711, ours of "*"systemctl restart immure-tracerd"* ]]
    [[ $output != *"no immure-tracerd"* ]]
  done
  # Nobody listens any more.
  IMMURE_TRACERD=$work/d.sock run "$IMMURE" doctor
  [[ $output == *"$work/d.sock: Connection refused"*"restart immure-tracerd, or start it by hand"* ]]
  IMMURE_TRACERD=$work/d.sock run "$IMMURE" run --host -- true
  [ "$status" -eq 0 ]
  [[ $output == *"$work/d.sock: Connection refused: only refused calls are recorded" ]]
  # A program that does not begin is no matter of the collector's.
  output=$(IMMURE_TRACERD=$work/d.sock "$IMMURE" run --host -- /none 2>&1 || true)
  [ "$output" = 'immure: cannot execute /none: No such file or directory' ]
  answer_as 1 1 216
  IMMURE_TRACERD=$work/d.sock run "$IMMURE" doctor
  wait $answerer
  [[ $output == *"what answers is no immure-tracerd"* ]]
}

@test "a verb that is not there is told with the list that it is not in" {
  run "$IMMURE" policy nothing-like-it
  [ "$status" -eq 2 ]
  [[ $output == *"unknown verb policy nothing-like-it; see immure policy --help"* ]]
  run "$IMMURE" policy chek
  [[ $output == *"did you mean check?"* ]]
  run "$IMMURE" policy check
  [ "$status" -eq 2 ]
  [[ $output == *"expected immure policy check [--json] POLICY..."* ]]
}
