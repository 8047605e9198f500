#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rules on the network as people write and compare them; what they hold back: tests/stages/60-network.

load common

setup() {
  common_setup
  cat >net.yaml <<'YAML'
policy: 1
name: test/net
extends: [builtin/network-client]
files:
  - read,exec /**
network:
  - connect tcp api.example.com:443 10.0.0.0/8:80-90   # why: its own services
  - connect udp,tcp resolver:53
  - connect tcp [2001:db8::]/32:* 127.0.0.1:9000
  - listen tcp 127.0.0.1:8080 127.0.0.2:0
  - deny to 10.1.0.0/16
tests:
  - expect allow connect api.example.com:443
  - expect deny connect 10.1.2.3:80
  - expect deny connect 169.254.169.254:80
  - expect allow listen tcp 127.0.0.1:8080
YAML
}
teardown() { common_teardown; }

@test "every fault of network rules is told with its place" {
  printf 'policy: 1\nnetwork:\n  - connect tcp *.example.com:443\n  - listen tcp 80\n  - deny to example.com\n  - connect tcp 10.0.0.1/8:80\n' >bad.yaml
  run "$IMMURE" policy check bad.yaml
  [ "$status" -eq 2 ]
  [[ "$output" == *"bad.yaml:3:17: a pattern, which cannot be looked up"* ]]
  [[ "$output" == *"bad.yaml:4:16: a target without a port"* ]]
  [[ "$output" == *"bad.yaml:5:13: expected an address or a prefix"* ]]
  [[ "$output" == *"bad.yaml:6:5: the address has bits behind its prefix; expected 10.0.0.0/8"* ]]
}

@test "a test that does not hold names the rule that decides" {
  sed 's/expect deny connect 10.1.2.3:80/expect allow connect 10.1.2.3:80/' net.yaml >wrong.yaml
  run "$IMMURE" policy check wrong.yaml
  [ "$status" -eq 2 ]
  [[ "$output" == *"connect tcp 10.1.2.3:80 is denied by wrong.yaml:11"* ]]
}

@test "diff gives a witness for each, and --forbid-widening stops what opens more" {
  sed 's/10.0.0.0\/8:80-90/10.0.0.0\/8:80-91/' net.yaml >wider.yaml
  run "$IMMURE" policy diff --forbid-widening net.yaml wider.yaml
  [ "$status" -eq 1 ]
  [[ "$output" == *"connect tcp 10.0.0.1:91"*"granted by wider.yaml:7"* ]]
  "$IMMURE" policy diff --forbid-widening wider.yaml net.yaml
  sed 's/10.0.0.0\/8:80-90/10.0.0.0\/9:80-90 10.128.0.0\/9:80-90/' net.yaml >same.yaml
  "$IMMURE" policy diff net.yaml same.yaml
}

@test "nft takes the table that is exported" {
  need nft
  need unshare
  "$IMMURE" policy export network net.yaml >net.nft
  grep -q 'ip daddr 10.0.0.0/8 tcp dport 80-90 counter name "r1" accept' net.nft
  if ! unshare -rn true 2>/dev/null; then skip "no namespaces"; fi
  unshare -rn nft -c -f net.nft
  "$IMMURE" policy export network builtin/network-client | unshare -rn nft -c -f -
}

@test "the ledger says what each target holds of a rule" {
  run "$IMMURE" policy targets net.yaml
  [[ "$output" == *"connect tcp api.example.com:443"*"weakened  network   the addresses that the name has at the start"* ]]
  [[ "$output" == *"deny to 10.1.0.0/16:*"*"lost      landlock"* ]]
  "$IMMURE" policy export systemd net.yaml | grep -qx 'IPAddressAllow=10.0.0.0/8'
}

@test "lint tells rules that do not matter, and those that cannot be held" {
  run "$IMMURE" policy lint --network none net.yaml
  [[ "$output" == *"net.yaml:7:5: low:"*"[network-unused]"* ]]
  [[ "$output" == *"[dns-open]"* ]]
  run "$IMMURE" policy lint --network host net.yaml
  [[ "$output" == *"[network-not-held]"* ]]
  run "$IMMURE" policy lint --network bridge net.yaml
  [ "$status" -eq 2 ]
}

@test "without a network Landlock holds the ports of the rules" {
  "$IMMURE" run --host --dry-run -- true | grep -q 'landlock .*abi \([4-9]\|1[0-9]\)' || skip "no ports in this Landlock"
  sed '/^extends/s/builtin.*/builtin\/default]/; s/ 127.0.0.2:0//; s/ .2001:db8::.*32:.//' net.yaml >own.yaml
  run "$IMMURE" run --host --policy own.yaml -- python3 -c '
import socket
def bind(port):
    try: socket.socket().bind(("127.0.0.1", port)); return "bound"
    except OSError as e: return e.strerror
def connect(port):
    try: socket.create_connection(("127.0.0.1", port)); return "connected"
    except OSError as e: return e.strerror
print(bind(8080), bind(8081), connect(9000), connect(9001), sep=", ")'
  [ "$output" = "bound, Permission denied, Connection refused, Permission denied" ]
}

@test "rules that nothing can hold stop the launch" {
  run "$IMMURE" run --host --network host --policy net.yaml -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *"the network rules are not held"*"--allow-degraded netns"* ]]
  run "$IMMURE" run --host --network private --policy net.yaml -p 8000:80 -- true
  [[ "$output" == *"names of network rules"* || "$output" == *"listen tcp *:80"* ]]
}

@test "proved: what network rules refuse is refused, and nothing more" {
  "$IMMURE" run --host --dry-run -- true | grep -q 'landlock .*abi \([4-9]\|1[0-9]\)' || skip "no ports in this Landlock"
  sed -i 's/ 127.0.0.2:0//; s/ .2001:db8::.*32:.//' net.yaml
  run "$IMMURE" policy prove --verbose net.yaml
  [ "$status" -eq 0 ]
  [[ "$output" == *"as predicted landlock  connect tcp 127.0.0.2:9001"* ]]
  [[ "$output" == *"as predicted allowed   listen tcp 0.0.0.0:8080"* ]]
}
