#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# immure run as people use it. IMMURE is the program; every test has a state folder of its own.

setup() {
  work=$(mktemp -d)
  export XDG_STATE_HOME=$work/state
  cd "$work"
}

teardown() {
  cd /
  rm -rf "$work"
}

@test "passes on what the program printed and its exit status" {
  run "$IMMURE" run --host -- sh -c 'echo out; exit 7'
  [ "$status" -eq 7 ]
  [ "$output" = out ]
}

@test "passes pipes without loss" {
  sum=$(head -c 20000000 /dev/urandom | tee in | sha256sum)
  [ "$("$IMMURE" run --host -- cat <in | sha256sum)" = "$sum" ]
}

@test "128 and the number of the signal that ended the program" {
  run "$IMMURE" run --host -- sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
  [ "$status" -eq 139 ]
}

@test "127 for what is not there, 126 for what cannot be executed" {
  run "$IMMURE" run --host -- no-such-program
  [ "$status" -eq 127 ]
  run "$IMMURE" run --host -- /etc/passwd
  [ "$status" -eq 126 ]
}

@test "forwards signals, to a program that handles them and to one that does not" {
  "$IMMURE" run --host -- sleep 60 &
  pid=$!
  sleep 1
  kill -TERM $pid
  result=0
  wait $pid || result=$?
  [ "$result" -eq 143 ]
  "$IMMURE" run --host -- sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >said &
  pid=$!
  for i in $(seq 900); do [ ! -s said ] || break; sleep 0.1; done
  kill -TERM $pid
  result=0
  wait $pid || result=$?
  [ "$result" -eq 9 ]
}

@test "the environment is empty but for what was named" {
  echo "FROM_FILE=2" >vars
  SECRET=x run "$IMMURE" run --host -e A=1 --env-file vars -- env
  [ "$status" -eq 0 ]
  [[ "$output" != *SECRET* ]]
  [[ "$output" == *A=1* ]]
  [[ "$output" == *FROM_FILE=2* ]]
  [ "$(echo "$output" | grep -cvE '^(A|FROM_FILE|PATH|HOME|PWD|SHLVL|_)=')" -eq 0 ]
}

@test "volumes: read-only, writable, executable" {
  mkdir vol
  chmod 777 vol
  run "$IMMURE" run --host -v "$work/vol:/vol:ro" -- touch /vol/x
  [ "$status" -ne 0 ]
  run "$IMMURE" run --host -v "$work/vol:/vol" -- sh -c 'cp /bin/true /vol/t && /vol/t'
  [ "$status" -eq 126 ]
  [ -x vol/t ]
  run "$IMMURE" run --host -v "$work/vol:/vol:exec" -- /vol/t
  [ "$status" -eq 0 ]
}

@test "ends a program at its time limit, and says so" {
  run "$IMMURE" run --host --wall 500ms -- sleep 30
  [ "$status" -eq 137 ]
  [[ "$output" == *"time limit"* ]]
}

@test "limits the number of processes" {
  run "$IMMURE" run --host --pids 5 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait'
  [[ "$output" == *ork* ]]
}

@test "a terminal of its own with -t" {
  run script -qec "'$IMMURE' run --host -it -- sh -c 'tty; stty size'" /dev/null
  [[ "$output" == */dev/pts/* ]]
}

@test "no terminal reaches the program without being asked for" {
  run script -qec "'$IMMURE' run --host -- sh -c 'test -t 0 || echo none'" /dev/null
  [[ "$output" == *none* ]]
}

@test "--dry-run prints the plan and starts nothing" {
  run "$IMMURE" run --host --dry-run -- touch /tmp/x
  [ "$status" -eq 0 ]
  [[ "$output" == *"layer     seccomp      enforced"* ]]
  [ -z "$(ls "$XDG_STATE_HOME/immure/runs" 2>/dev/null)" ]
  "$IMMURE" run --host --dry-run --json -- true | python3 -m json.tool >/dev/null
}

@test "the host's network is recorded as a weakening" {
  "$IMMURE" run --host --network host -- true
  "$IMMURE" audit show | grep -q 'WEAK *netns'
}

@test "--trace-steps and --verbose say what is done" {
  run "$IMMURE" run --host --trace-steps --verbose -- true
  [ "$status" -eq 0 ]
  [[ "$output" == *landlock* ]]
}

@test "a root of one's own, with a throw-away layer" {
  mkdir -p root/bin root/proc root/dev root/tmp
  cp /bin/busybox root/bin/ && ln -s busybox root/bin/sh
  chmod -R a+rX root
  run "$IMMURE" run --rootfs root -- busybox sh -c 'busybox touch /x'
  [ "$status" -ne 0 ]
  run "$IMMURE" run --rootfs root --writable -u 0 -- busybox sh -c 'busybox mkdir -p /tmp/a && busybox echo ok'
  [ "$output" = ok ]
  [ ! -e root/x ]
}

@test "a hundred at once, and nothing is left" {
  pids=()
  for i in $(seq 100); do
    "$IMMURE" run --host -- true &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  [ "$("$IMMURE" audit list | grep -c 'done.*exit *0')" -eq 100 ]
}

@test "kill -9 of the supervisor ends the program" {
  mkfifo started
  for i in $(seq 10); do
    "$IMMURE" run --host -- sh -c "sleep 3217" &
    pid=$!
    sleep "0.0$((RANDOM % 10))"
    kill -9 $pid
    wait $pid 2>/dev/null || true
  done
  for i in $(seq 900); do [ "$(pgrep -fxc 'sleep 3217')" -ne 0 ] || break; sleep 0.1; done
  [ "$(pgrep -fxc 'sleep 3217')" -eq 0 ]
  "$IMMURE" run --host -- true
}

@test "real programs work unmodified and without a refusal" {
  [ -x /usr/bin/python3 ] || skip "no python3"
  run "$IMMURE" run --host -- /usr/bin/python3 -c '
import sqlite3, threading, multiprocessing
db = sqlite3.connect("/tmp/a.db"); db.execute("create table t (a)")
threads = [threading.Thread(target=lambda: None) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))'
  [ "$status" -eq 0 ]
  [ "$output" = "[1, 2]" ]
  "$IMMURE" audit show | grep -q '^denied 0'
}

@test "a compiler, git, tar, openssl, sqlite3 and a thousand processes" {
  mkdir out repo
  chmod 777 out
  git -C repo init -q
  echo hi >repo/f
  git -C repo -c user.email=a@example.com -c user.name=n add f
  git -C repo -c user.email=a@example.com -c user.name=n commit -qm x
  chmod -R a+rX repo
  printf 'int main(void) { return 0; }\n' >out/a.c
  "$IMMURE" run --host -v "$work/out:/out" -w /out -- gcc a.c -o a
  ./out/a
  "$IMMURE" run --host -v "$work/repo:/repo:ro" -v "$work/out:/out" -- git -c safe.directory='*' clone -q /repo /out/clone
  [ -f out/clone/f ]
  "$IMMURE" run --host -- sh -c 'tar cJf /tmp/x.tar.xz /etc/passwd 2>/dev/null && tar tf /tmp/x.tar.xz >/dev/null'
  "$IMMURE" run --host -- sh -c 'openssl genpkey -algorithm ed25519 | openssl pkey -pubout >/dev/null'
  [ "$("$IMMURE" run --host -- sqlite3 /tmp/d 'create table a (b); insert into a values (4); select * from a;')" = 4 ]
  "$IMMURE" run --host -- sh -c 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done'
}

@test "node works" {
  [ -x /usr/bin/node ] || skip "no node"
  run "$IMMURE" run --host -- /usr/bin/node -e 'require("child_process").exec("echo sub", (e, out) => console.log(out.trim()))'
  [ "$status" -eq 0 ]
  [ "$output" = sub ]
}
