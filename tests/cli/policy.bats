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

@test "lint finds, waives and fails as it is told" {
  printf 'policy: 1\nname: t\nextends: [builtin/default]\nsyscalls:\n  - allow bpf\n' >p.yaml
  run "$IMMURE" policy lint p.yaml
  [ "$status" -eq 1 ]
  [[ "$output" == *"p.yaml:5:5: high: a dangerous call is open, and no reason is given: bpf [dangerous-call]"* ]]
  "$IMMURE" policy lint --fail-on none p.yaml
  printf 'waivers:\n  - dangerous-call until 2999-01-01 by me why "a loader"\n' >>p.yaml
  "$IMMURE" policy lint p.yaml
  run "$IMMURE" policy lint --fail-on low p.yaml
  [ "$status" -eq 1 ]
  run "$IMMURE" policy lint --format html p.yaml
  [ "$status" -eq 2 ]
  run "$IMMURE" policy lint absent.yaml
  [ "$status" -eq 2 ]
}

@test "lint --unused says why no run can tell, and names damaged records" {
  printf 'policy: 1\nname: t\nextends: [builtin/default]\nsyscalls:\n  - allow ptrace\n' >p.yaml
  run "$IMMURE" policy lint --unused p.yaml
  [ "$status" -eq 3 ]
  [[ "$output" == *"0 runs of t: 0 grants never used, 0 used, 1 not known"* ]]
  [[ "$output" == *"none was made with this policy"*"record: [all]"* ]]
  "$IMMURE" run --collector notify --host --policy p.yaml -- true
  "$IMMURE" run --collector notify --host --policy p.yaml -- true
  # Without a policy it is that of the last run.
  run "$IMMURE" policy lint --unused
  [ "$status" -eq 3 ]
  [[ "$output" == *"2 runs of t, "*"1 not known"*"not known: ptrace"*"there was no immure-tracerd"* ]]
  run "$IMMURE" policy lint --unused --runs 1 p.yaml
  [[ "$output" == *"1 run of t, "*"older runs were not looked at: --runs"* ]]
  # Another policy, or this one changed: its runs do not count.
  printf '  - allow kcmp\n' >>p.yaml
  run "$IMMURE" policy lint --unused --json p.yaml
  [ "$status" -eq 3 ]
  [[ "$output" == *'"runs":0'* ]]
  "$IMMURE" run --collector notify --host --policy p.yaml -- true
  id=$("$IMMURE" audit show --json last | python3 -c 'import json, sys; print(json.load(sys.stdin)["run"])')
  sed -i 's/"policy":"t"/"policy":"u"/' "$XDG_STATE_HOME/immure/runs/$id/events.jsonl"
  run "$IMMURE" policy lint --unused p.yaml
  [ "$status" -eq 3 ]
  [[ "$output" == *"0 runs of t"*"left out: run $id: "*"record 0 was changed"* ]]
  for wrong in "--runs 0 --unused p.yaml" "--runs 5 p.yaml" "--json p.yaml" "--unused p.yaml p.yaml" "--unused --json --format json p.yaml"; do
    # shellcheck disable=SC2086
    run "$IMMURE" policy lint $wrong
    [ "$status" -eq 2 ]
  done
}

@test "lint writes SARIF with rules, places and suppressions" {
  printf 'policy: 1\nextends: [builtin/default]\nsyscalls:\n  - allow bpf\n  - allow ioctl\nwaivers:\n  - ioctl-unfiltered until 2999-01-01 by me why x\n' >p.yaml
  run "$IMMURE" policy lint --format sarif --output out.sarif p.yaml
  [ "$status" -eq 1 ]
  python3 - <<'PY'
import json
doc = json.load(open('out.sarif'))
assert doc['version'] == '2.1.0'
run = doc['runs'][0]
rules = run['tool']['driver']['rules']
assert len(rules) >= 25 and all(r['help']['text'] for r in rules)
for result in run['results']:
    assert rules[result['ruleIndex']]['id'] == result['ruleId']
    place = result['locations'][0]['physicalLocation']
    assert place['artifactLocation']['uri'] == 'p.yaml' and place['region']['startLine'] >= 1
    assert bool(result.get('suppressions')) == (result['ruleId'] == 'ioctl-unfiltered')
assert {'dangerous-call', 'ioctl-unfiltered'} <= {r['ruleId'] for r in run['results']}
PY
  "$IMMURE" policy lint --fail-on none --format json p.yaml | python3 -m json.tool >/dev/null

  mv p.yaml 'a: b.yaml'
  for file in - "$PWD/a: b.yaml"; do
    run "$IMMURE" policy lint --format sarif --output out.sarif "$file" <'a: b.yaml'
    [ "$status" -eq 1 ]
    python3 - "$file" <<'PY'
import json, os, sys, urllib.parse
uris = {r['locations'][0]['physicalLocation']['artifactLocation']['uri'] for r in json.load(open('out.sarif'))['runs'][0]['results']}
path = '%3Cstdin%3E' if sys.argv[1] == '-' else 'file://' + urllib.parse.quote(os.path.realpath(sys.argv[1]))
assert uris == {path}, uris
PY
  done
}

@test "a test in a policy that fails keeps it from being run" {
  printf 'policy: 1\nextends: [builtin/default]\ntests:\n  - expect deny syscall mount\n' >p.yaml
  "$IMMURE" run --host --policy p.yaml -- true
  printf '  - expect deny syscall getpid\n' >>p.yaml
  run "$IMMURE" policy check p.yaml
  [ "$status" -eq 2 ]
  [[ "$output" == *"p.yaml:5:5: the test fails: getpid is allowed by builtin/glibc:"* ]]
  run "$IMMURE" run --host --policy p.yaml -- true
  [ "$status" -eq 2 ]
}

@test "fmt keeps every comment, and what it printed is in shape" {
  printf '# head\npolicy:  1\nfiles:\n- read   /usr/**   # why: libs\n\n\n# about\n- deny /x # note\n' >p.yaml
  run "$IMMURE" policy fmt --check p.yaml
  [ "$status" -eq 1 ]
  [ "$output" = p.yaml ]
  "$IMMURE" policy fmt --write p.yaml
  "$IMMURE" policy fmt --check p.yaml
  diff p.yaml - <<'YAML'
# head
policy: 1
files:
  - read /usr/**  # why: libs

  # about
  - deny /x  # note
YAML
  printf 'policy: 1\nfiles: [read /x\n' >p.yaml
  run "$IMMURE" policy fmt --write p.yaml
  [ "$status" -eq 2 ]
}

@test "what show prints is the policy that it shows" {
  for policy in default strict node; do
    "$IMMURE" policy show builtin/$policy >shown.yaml
    "$IMMURE" policy diff builtin/$policy shown.yaml
  done
}

@test "Docker's default profile is imported, runs programs, and is nowhere narrower than builtin/default" {
  profile=/usr/share/containers/seccomp.json
  [ -f "$profile" ] || skip_or_fail "golang-github-containers-common is not installed"
  "$IMMURE" policy import --from oci --name docker --output docker.yaml "$profile"
  "$IMMURE" policy check docker.yaml
  "$IMMURE" run --host --policy docker.yaml -- true
  run "$IMMURE" policy diff --json docker.yaml builtin/default
  [ "$status" -eq 1 ]
  echo "$output" | python3 -c '
import json, sys
calls = [d for d in json.load(sys.stdin) if d["area"] == "syscall"]
wider = [d["witness"] for d in calls if d["class"] == "wider"]
assert not wider, wider
assert len([d for d in calls if d["class"] == "narrower"]) > 50'
  echo '{"syscalls": 1}' >bad.json
  run "$IMMURE" policy import --from oci bad.json
  [ "$status" -eq 2 ]
  [[ "$output" == *"bad.json:1:1: not a seccomp profile"* ]]
}

@test "a lock keeps a base from changing unseen" {
  printf 'policy: 1\nextends: [builtin/default]\n' >base.yaml
  printf 'policy: 1\nextends: [base.yaml]\n' >p.yaml
  "$IMMURE" policy lock p.yaml
  "$IMMURE" run --host --policy p.yaml -- true
  printf 'syscalls:\n  - allow mount\n' >>base.yaml
  run "$IMMURE" policy check p.yaml
  [ "$status" -eq 2 ]
  [[ "$output" == *"p.yaml:2:11: base.yaml is not what"* ]]
  run "$IMMURE" run --host --policy p.yaml -- true
  [ "$status" -eq 2 ]
  "$IMMURE" policy lock p.yaml
  "$IMMURE" run --host --policy p.yaml -- true
}

@test "a signature holds for the policy with all that it extends, and for one key" {
  need openssl
  printf 'policy: 1\nextends: [builtin/default]\n' >base.yaml
  printf 'policy: 1\nextends: [base.yaml]\n' >p.yaml
  openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
  openssl genpkey -algorithm ed25519 -out other.pem 2>/dev/null
  openssl pkey -in key.pem -pubout -out key.pub 2>/dev/null
  "$IMMURE" policy sign --key key.pem p.yaml
  "$IMMURE" policy verify --key key.pub p.yaml
  run "$IMMURE" policy verify --key other.pem p.yaml
  [ "$status" -eq 4 ]
  printf '# a comment\n' >>base.yaml
  run "$IMMURE" policy verify --key key.pub p.yaml
  [ "$status" -eq 4 ]
  [[ "$output" == *"was changed after it was signed"* ]]
  "$IMMURE" policy sign p.yaml
  "$IMMURE" policy verify p.yaml
  sed -i 's/"sig":"A/"sig":"B/; t; s/"sig":"./"sig":"A/' p.yaml.sig
  run "$IMMURE" policy verify p.yaml
  [ "$status" -eq 4 ]
}

@test "a log of strace becomes a policy under which the program runs" {
  need strace
  strace -f -y -o log ls / >/dev/null || skip_or_fail "strace may not trace here"
  "$IMMURE" policy import --from strace --output log.runs log
  "$IMMURE" policy learn --output p.yaml log.runs
  "$IMMURE" run --host --policy p.yaml -- ls / >/dev/null
  run "$IMMURE" run --host --policy p.yaml -- id
  [ "$status" -ne 0 ]
  run "$IMMURE" policy import --from strace p.yaml
  [ "$status" -eq 2 ]
}

@test "cost counts instructions, minimize names what no test needs" {
  "$IMMURE" policy cost builtin/default | grep -q '^ioctl  *[0-9]*-[0-9]*'
  run "$IMMURE" policy cost builtin/default
  ! grep -q '^getppid' <<<"$output"
  printf '%% time     seconds  usecs/call     calls    errors syscall\n 50.00    0.000010           1        10         2 fcntl\n 50.00    0.000010           1        30           getppid\n' >counts
  "$IMMURE" policy cost --counts counts builtin/default | grep -q '^40 calls, at most'
  printf 'policy: 1\nextends: [builtin/glibc]\nsyscalls:\n  - allow acct kcmp\ntests:\n  - expect allow syscall acct\n' >p.yaml
  run "$IMMURE" policy minimize p.yaml
  [ "$status" -eq 1 ]
  [ "$output" = "p.yaml:4:5: no test needs: kcmp" ]
  sed -i 's/ kcmp//' p.yaml
  "$IMMURE" policy minimize p.yaml
}

@test "a new policy is a good one: no faults, nothing to find, and its program runs" {
  for program in true sh python3; do
    "$IMMURE" policy new --output $program.yaml $program
    "$IMMURE" policy check $program.yaml
    "$IMMURE" policy lint --fail-on medium $program.yaml
    "$IMMURE" policy fmt --check $program.yaml
  done
  "$IMMURE" run --host --allow-degraded landlock --policy true.yaml -- true
  "$IMMURE" run --host --allow-degraded landlock --policy sh.yaml -- sh -c 'echo hello | cat'
  # The name that was typed, and the base that whole names stand for.
  cp "$(command -v sh)" other && ln -s other alias
  "$IMMURE" policy new "$PWD/alias" | grep -x 'name: local/alias'
  "$IMMURE" policy new sha256sum | grep -x 'extends: \[builtin/glibc\]'
  run "$IMMURE" policy new --output true.yaml true
  [ "$status" -ne 0 ]
  run "$IMMURE" policy new no-such-program
  [ "$status" -ne 0 ]
}

@test "show --effective says of each call what the rules add up to" {
  "$IMMURE" policy show --effective builtin/default >effective
  grep -q '^allowed         getpid  builtin/glibc:' effective
  grep -q '^refused EPERM   mount$' effective
  grep -q '^refused ENOSYS  clone3  builtin/glibc:' effective
  grep -A 2 '^by arguments    ioctl$' effective | grep -q 'builtin/.*: allow ioctl if cmd in'
}

@test "a unit of systemd is imported, and what it cannot say is told" {
  printf '[Service]\nExecStart=/bin/x\nSystemCallFilter=@system-service\nMemoryMax=512M\nReadWritePaths=/srv\nCapabilityBoundingSet=CAP_CHOWN\n' >x.service
  "$IMMURE" policy import --from systemd --name x --output x.yaml x.service
  "$IMMURE" policy check x.yaml
  "$IMMURE" run --host --policy x.yaml -- sh -c 'echo hello | cat'
  grep -q '^# lost: capabilities are never granted: CapabilityBoundingSet=CAP_CHOWN' x.yaml
  grep -q '^  memory: 536870912' x.yaml
}

@test "a policy can come from standard input or a pipe, where nothing is written beside it" {
  printf 'policy: 1\nname: piped\nextends:   [base.yaml]\n' >piped.yaml
  printf 'policy: 1\nextends: [builtin/default]\nsyscalls:\n  - allow personality\n' >base.yaml
  run -0 "$IMMURE" policy check - <piped.yaml
  run -0 "$IMMURE" policy check <(cat piped.yaml)
  run -0 --separate-stderr "$IMMURE" policy fmt - < <(cat piped.yaml)
  [[ $output == *"extends: [base.yaml]"* ]]
  run -0 "$IMMURE" policy fmt --check - <<<"$output"
  run -1 "$IMMURE" policy fmt --check - <piped.yaml
  [ "$output" = "<stdin>" ]
  run -0 "$IMMURE" policy lint - <piped.yaml
  [[ $output == *"<stdin>:1:1: "*"[no-tests]"* ]]
  run -1 "$IMMURE" policy diff builtin/default <(cat piped.yaml)
  [[ $output == *"allowed by base.yaml:4"* ]]
  "$IMMURE" policy show - <piped.yaml | "$IMMURE" policy check -
  "$IMMURE" policy compile --bundle piped.bundle - <piped.yaml
  "$IMMURE" policy check piped.bundle

  run -2 "$IMMURE" policy check - <<<'policy: 2'
  [[ $output == "<stdin>:1:"* ]]
  run -2 "$IMMURE" policy check - </dev/null
  [[ $output == *"<stdin>:1:1: empty"* ]]
  run -2 "$IMMURE" policy check - <.
  [[ $output == *"cannot read the policy <stdin>"* ]]

  for verb in "fmt --write" lock sign verify prove "compile -o out --require-signature key"; do
    # shellcheck disable=SC2086 # words on purpose
    run -2 "$IMMURE" policy $verb - <piped.yaml
    [[ $output == *"<stdin>: expected a policy in a file: "* ]]
  done
  [ ! -e ./-.sig ]
  run ! "$IMMURE" run --host --policy <(cat piped.yaml) -- true
  [[ $output == *"expected a file, not a pipe"* ]]
}

@test "a new policy for a server opens what the server imports: it starts workers, answers and ends" {
  need nginx curl
  "$IMMURE" policy new --output nginx.yaml nginx
  grep -q '^extends: .*builtin/start-processes.*builtin/network-client' nginx.yaml
  grep -q '^# builtin/start-processes: imports .*fork' nginx.yaml
  grep -q 'allow listen accept .*# why: imports .*listen' nginx.yaml
  ! grep -q '^ *- allow .*setuid' nginx.yaml
  run -0 "$IMMURE" policy lint nginx.yaml
  [ -z "$output" ]
  cat >"$WORK/nginx.conf" <<'END'
daemon off; worker_processes 2; pid /tmp/nginx.pid; error_log /tmp/log;
events {}
http { access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
  uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  server { listen 127.0.0.1:8080; location / { return 200 "answered\n"; } } }
END
  # shellcheck disable=SC2016 # for the shell inside
  run -0 on_host --policy nginx.yaml -- sh -c 'PATH=$PATH:/usr/sbin
    nginx -c /data/nginx.conf -e /tmp/log & nginx=$!
    for i in 1 2 3 4 5 6 7 8 9 10; do
      curl -sm 10 http://127.0.0.1:8080/ && break
      sleep 1
    done
    kill -TERM $nginx && wait $nginx || { cat /tmp/log; exit 1; }'
  [[ $output == *answered* ]]
}
