#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Policies compared, checked and brought into shape.

load common

setup() { common_setup; }
teardown() { common_teardown; }

@test "diff names what got wider, with a witness that a run confirms" {
  need setarch
  printf 'policy: 1\nextends: [builtin/default]\n' >old.yaml
  printf 'policy: 1\nextends: [builtin/default]\nsyscalls:\n  - allow personality\n' >new.yaml
  run "$IMMURE" policy diff old.yaml new.yaml
  [ "$status" -eq 1 ]
  [[ "$output" == *"wider syscall:"*"personality"*"before: refused with EPERM"*"after:  allowed by new.yaml:4"* ]]
  run "$IMMURE" run --host --policy old.yaml -- setarch -R true
  [ "$status" -ne 0 ]
  "$IMMURE" run --host --policy new.yaml -- setarch -R true
}

@test "diff --forbid-widening stops what opens more and lets pass what closes more" {
  printf 'policy: 1\nextends: [builtin/default]\n' >old.yaml
  printf 'policy: 1\nextends: [builtin/default]\nsyscalls:\n  - allow mount\n' >wider.yaml
  printf 'policy: 1\nextends: [builtin/default]\nsyscalls:\n  - deny socket\n' >narrower.yaml
  run "$IMMURE" policy diff --forbid-widening old.yaml wider.yaml
  [ "$status" -eq 1 ]
  "$IMMURE" policy diff --forbid-widening old.yaml narrower.yaml
  run "$IMMURE" policy diff old.yaml narrower.yaml
  [ "$status" -eq 1 ]
  "$IMMURE" policy diff old.yaml old.yaml
  "$IMMURE" policy diff --json old.yaml narrower.yaml | python3 -c '
import json, sys
found = json.load(sys.stdin)
assert found and all(d["class"] == "narrower" for d in found), found'
  run "$IMMURE" policy diff old.yaml absent.yaml
  [ "$status" -eq 2 ]
}
