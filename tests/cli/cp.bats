#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Files into and out of a run, while it goes on and when it was kept.

load images

setup() {
  images_setup
  "$IMMURE" load -q -t one "$images/one" >/dev/null
  mkdir -p src/sub
  echo hello >src/f && chmod 640 src/f && touch -d @1600000000 src/f
  ln -s /nowhere src/l
  mkfifo src/p
  echo deep >src/sub/g && chmod 4755 src/sub/g
}

start() {
  "$IMMURE" run -d --keep --name job -u 0 one sh -c 'PATH=/bin; busybox mkdir -p /priv /work/d; echo s >/priv/s; chmod 0 /priv; ln -s /etc /work/link; echo there >/work/file; touch /ready; sleep 1000' >/dev/null
  for _ in $(seq 900); do "$IMMURE" cp job:/ready - >/dev/null 2>&1 && break; sleep 0.1; done
}
finish() {
  "$IMMURE" stop -t 1 job >/dev/null
}
# The same for a run that goes on, and for what it left.
both() { # FUNCTION
  start
  "$1"
  finish
  "$1"
  [ -z "$(ls -A "$store/tmp")" ]
  "$IMMURE" rm job >/dev/null
}

in_and_out() {
  rm -rf out contents
  "$IMMURE" cp src job:/work
  "$IMMURE" cp job:/work/src out
  [ "$(find out -printf '%P %y %m %l\n' | sort)" = "$(find src -printf '%P %y %m %l\n' | sed 's/4755/755/' | sort)" ]
  [ "$(stat -c %Y out/f)" = 1600000000 ]
  cmp src/sub/g out/sub/g
  "$IMMURE" cp src/. job:/work/new
  "$IMMURE" cp job:/work/new/. contents
  diff <(cd out && find . | sort) <(cd contents && find . | sort)
  "$IMMURE" cp job:/work/file .
  [ "$(cat file)" = there ]
  echo other >changed
  "$IMMURE" cp changed job:/work/file
  "$IMMURE" cp job:/work/file contents
  [ "$(cat contents/file)" = other ]
  echo there >file && "$IMMURE" cp file job:/work/
}

@test "files, folders, links, pipes: into a run and out again" {
  both in_and_out
}

as_archives() {
  "$IMMURE" cp job:/priv - >priv.tar
  [ "$(tar -xOf priv.tar priv/s)" = s ]
  tar -C src -cJf src.tar.xz .
  "$IMMURE" cp - job:/work/d <src.tar.xz
  "$IMMURE" cp job:/work/d/. - | tar -xO ./sub/g 2>/dev/null | cmp - src/sub/g ||
    "$IMMURE" cp job:/work/d/. - | tar -xO sub/g | cmp - src/sub/g
  mkdir -p t && touch t/.wh.file
  run bash -c 'tar -C t -c . | "$IMMURE" cp - job:/work'
  [ "$status" -eq 125 ]
  [[ "$output" == *".wh."* ]]
  run bash -c 'tar -C src --transform "s,f,../../f," -cP f | "$IMMURE" cp - job:/work'
  [[ "$output" == *'its name has ".."'* ]]
}

@test "as archives, from pipes and to pipes" {
  both as_archives
}

links_stay_inside() {
  echo host >etc-passwd
  "$IMMURE" cp etc-passwd job:/work/link/new
  "$IMMURE" cp job:/etc/new got
  [ "$(cat got)" = host ]
  [ ! -e /etc/new ]
  rm -f link && "$IMMURE" cp job:/work/link link
  [ "$(readlink link)" = /etc ]
  "$IMMURE" cp job:/work/link/passwd got
  [[ "$(cat got)" == "root:x:0:0::/:/bin/sh"* ]]
  for path in ../../../../etc/hostname /proc/self/root/etc/hostname /proc/1/root/etc/hostname /work/link/../../../etc/hostname; do
    run "$IMMURE" cp "job:$path" got
    [ "$status" -eq 125 ]
  done
}

@test "a link in the run leads nowhere but into the run" {
  both links_stay_inside
}

refusals() {
  run "$IMMURE" cp job:/nothing x
  [ "$status" -eq 125 ]
  [[ "$output" == *"inside the root"* ]]
  run "$IMMURE" cp src/f job:/no/such/place
  [ "$status" -eq 125 ]
  run "$IMMURE" cp src job:/work/file
  [ "$status" -eq 125 ]
  mkdir -p folder/f
  run "$IMMURE" cp src/f job:/work/d/
  run "$IMMURE" cp job:/work/d/f folder
  [[ "$output" == *"a folder has its name"* ]]
  run "$IMMURE" cp job:/work/file nothing/
  [ "$status" -eq 125 ]
  [ -z "$(find . -name '.cp-*')" ]
}

@test "what cannot be copied is one clear error" {
  both refusals
  for bad in 'src/f src/g' 'a:/x b:/y' 'job: ' '- -'; do
    # shellcheck disable=SC2086
    run "$IMMURE" cp $bad </dev/null
    [ "$status" -eq 2 ]
  done
  run "$IMMURE" cp nothing:/x y
  [ "$status" -eq 125 ]
  [[ "$output" == *"immure run --keep"* ]]
}

@test "a run whose root is read-only gives, and takes nothing; one without --keep is gone when it has ended" {
  "$IMMURE" run -d --name job one sh -c 'echo tmp >/tmp/x; sleep 1000' >/dev/null
  for _ in $(seq 900); do "$IMMURE" cp job:/tmp/x x 2>/dev/null && break; sleep 0.1; done
  [ "$(cat x)" = tmp ]
  "$IMMURE" cp x job:/tmp/y
  run "$IMMURE" exec job cat /tmp/y
  [ "$output" = tmp ]
  run "$IMMURE" cp x job:/etc/x
  [ "$status" -eq 125 ]
  [[ "$output" == *"Read-only file system"* ]]
  finish
  run "$IMMURE" cp job:/tmp/x x
  [ "$status" -eq 125 ]
  "$IMMURE" rm job
}

@test "what was copied in is committed" {
  start
  finish
  "$IMMURE" cp src job:/srv
  "$IMMURE" commit job new
  run "$IMMURE" run new cat /srv/sub/g
  [ "$output" = deep ]
}
