#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Named volumes: kept, private, locked, whole or absent.

setup() {
  work=$(mktemp -d)
  export XDG_STATE_HOME=$work/state XDG_DATA_HOME=$work/data
  volumes=$XDG_DATA_HOME/immure/volumes
  cd "$work"
}

teardown() {
  cd /
  chmod -R u+rwX "$work"
  rm -rf "$work"
}

@test "what one run writes the next one finds, and nobody else can look" {
  "$IMMURE" run --host -v cache:/c -- sh -c 'echo kept >/c/f'
  run "$IMMURE" run --host -v cache:/c:ro -- cat /c/f
  [ "$output" = kept ]
  run "$IMMURE" run --host -v cache:/c:ro -- touch /c/g
  [ "$status" -ne 0 ]
  [ -z "$(find "$volumes" -maxdepth 2 -type d -perm /077)" ]
}

@test "create, ls, inspect, rm" {
  run "$IMMURE" volume create -l tier=gold -l team b
  [ "$output" = b ]
  "$IMMURE" volume create a
  run "$IMMURE" volume create a
  [ "$status" -eq 125 ]
  [[ "$output" == *"there is one already"* ]]
  [ "$("$IMMURE" volume ls -q | tr '\n' ' ')" = "a b " ]
  [ "$("$IMMURE" volume ls -q -f label=tier=gold)" = b ]
  [ "$("$IMMURE" volume ls -q -f label=team)" = b ]
  [ -z "$("$IMMURE" volume ls -q -f label=tier=silver)" ]
  [ "$("$IMMURE" volume ls -q -f 'name=[b-c]' -f dangling=true)" = b ]
  [ -z "$("$IMMURE" volume ls -q -f name=a -f dangling=false)" ]
  for bad in dangling=perhaps driver=local name; do
    run "$IMMURE" volume ls -f $bad
    [ "$status" -eq 2 ]
  done
  run "$IMMURE" volume prune -f name=a
  [ "$status" -eq 2 ]
  "$IMMURE" run --host -v b:/b -- sh -c 'head -c 100000 /dev/zero >/b/x; mkdir -p /b/d/e'
  "$IMMURE" volume inspect b >json
  [ "$(jq -r '.[0] | [.name, .labels.tier, .labels.team, .in_use, .files, .bytes >= 100000] | join(" ")' json)" = "b gold  false 4 true" ]
  [ -f "$(jq -r '.[0].path' json)/x" ]
  [ "$("$IMMURE" volume ls --json | jq -r 'map(.name) | join(",")')" = a,b ]
  "$IMMURE" volume rm a b
  [ -z "$(ls -A "$volumes")" ]
  run "$IMMURE" volume rm a
  [ "$status" -eq 125 ]
  [[ "$output" == *"no volume a"* ]]
  "$IMMURE" volume rm -f a
}

@test "a volume that a run uses is not removed, and is told to be in use" {
  "$IMMURE" run --host -v v:/v -- sh -c 'touch /v/ready; exec sleep 30' &
  pid=$!
  for _ in $(seq 900); do [ -e "$volumes/v/data/ready" ] && break; sleep 0.1; done
  run "$IMMURE" volume rm -f v
  [ "$status" -eq 125 ]
  [[ "$output" == *"in use"* ]]
  [ "$("$IMMURE" volume inspect v | jq '.[0].in_use')" = true ]
  [ -z "$("$IMMURE" volume prune -a)" ]
  kill -KILL $pid
  wait $pid || true
  for _ in $(seq 900); do [ "$("$IMMURE" volume ls --json | jq '.[0].in_use')" = false ] && break; sleep 0.1; done
  "$IMMURE" volume rm v
}

@test "prune keeps volumes unless told otherwise" {
  "$IMMURE" volume create a
  "$IMMURE" volume create -l x=1 b
  mkdir -m 700 "$volumes/.new-0000000000000000" "$volumes/.old-0000000000000000"
  touch "$volumes/.old-0000000000000000/file"
  "$IMMURE" volume prune
  [ "$(ls -A "$volumes" | tr '\n' ' ')" = "a b " ]
  [ "$("$IMMURE" volume prune -f label=x)" = b ]
  [ "$("$IMMURE" volume prune -a)" = a ]
}

@test "names that are none, and the folder of volumes itself, are refused" {
  for name in .. . .hidden a/b "" "a b" "$(printf 'x%.0s' $(seq 65))"; do
    run "$IMMURE" volume create -- "$name"
    [ "$status" -eq 2 ]
    run "$IMMURE" volume rm -- "$name"
    [ "$status" -eq 2 ]
  done
  "$IMMURE" volume create v
  for source in "$XDG_DATA_HOME" "$volumes" "$volumes/v" "$volumes/v/data"; do
    run "$IMMURE" run --host -v "$source:/x" -- true
    [ "$status" -ne 0 ]
    [[ "$output" == *"images and volumes"* ]]
  done
}

@test "a folder of volumes that others may enter is refused" {
  "$IMMURE" volume create v
  chmod 755 "$volumes"
  run "$IMMURE" run --host -v v:/v -- true
  [ "$status" -eq 125 ]
  chmod 700 "$volumes"
}

@test "a dry run makes no volume" {
  run "$IMMURE" run --host --dry-run -v fresh:/v -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *"a run would make it"* ]]
  [ -z "$(ls -A "$volumes")" ]
}

@test "what a hostile program left is counted and removed" {
  "$IMMURE" run --host -v v:/v -- python3 -c '
import os
os.chdir("/v")
for i in range(100):
    os.mkdir("d" * 200); os.chdir("d" * 200)
os.mkdir("/v/closed"); open("/v/closed/f", "w"); os.chmod("/v/closed", 0)
os.symlink("/etc", "/v/link")'
  "$IMMURE" volume rm v
  [ -d /etc ]
  [ -z "$(ls -A "$volumes")" ]
}

@test "subordinate ids: what a range left is counted and removed" {
  [ "$(id -u)" -ne 0 ] && grep -q "^$(id -un):" /etc/subuid || skip "needs an ordinary user with subordinate ids"
  "$IMMURE" run --host --ids range --user 0 -v v:/v -- true
  # Files of a subordinate id, as a server that drops its privileges leaves them.
  "$IMMURE" volume inspect v
  unshare --map-root-user --map-users=auto --map-groups=auto sh -c "mkdir -p $volumes/v/data/theirs/deep && chown -R 7:7 $volumes/v/data/theirs && chmod 700 $volumes/v/data/theirs" 2>/dev/null ||
    skip "unshare cannot map a range here"
  [ "$("$IMMURE" volume inspect v | jq '.[0].files')" -eq 3 ]
  "$IMMURE" volume rm v
  [ -z "$(ls -A "$volumes")" ]
}

@test "kill -9 while volumes come and go leaves whole ones or garbage that prune finds" {
  for i in $(seq 60); do
    # In place of the shell, or the shell alone would be killed.
    case $((i % 3)) in
      0) exec "$IMMURE" volume create -l n=$i v ;;
      1) exec "$IMMURE" run --host -v w$i:/w -- true ;;
      2) exec "$IMMURE" volume rm v ;;
    esac >/dev/null 2>&1 &
    pid=$!
    sleep 0.0$((RANDOM % 3))$((RANDOM % 10))
    kill -KILL $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    for volume in "$volumes"/*; do
      [ ! -e "$volume" ] || [ -d "$volume/data" -a -f "$volume/record" ]
    done
  done
  sleep 1
  "$IMMURE" volume prune -a
  "$IMMURE" volume prune
  [ -z "$(ls -A "$volumes")" ]
}

@test "export and import carry everything over, and tar reads it" {
  long=$(printf 'n%.0s' $(seq 150))
  "$IMMURE" run --host -v v:/v -- sh -ec "
    mkdir -p /v/d/$long; echo text >/v/d/$long/f; ln -s $long$long /v/link; mkfifo /v/pipe; head -c 300000 /dev/urandom >/v/big
    chmod 751 /v/d; touch -d @1000000000 /v/d/$long/f; printf '' >/v/empty"
  "$IMMURE" volume export v >v.tar
  "$IMMURE" volume export -o again.tar v
  cmp v.tar again.tar
  mkdir out
  tar -C out -xf v.tar
  [ -p out/pipe ]
  diff -r --no-dereference -x pipe "$volumes/v/data" out
  [ "$(stat -c '%a %Y' out/d out/d/$long/f | tr '\n' ' ' | cut -d' ' -f1,4)" = "751 1000000000" ]
  gzip -k v.tar
  "$IMMURE" volume import -l from=v w v.tar.gz
  diff -r --no-dereference -x pipe "$volumes/v/data" "$volumes/w/data"
  [ "$("$IMMURE" volume ls -q -f label=from=v)" = w ]
  "$IMMURE" volume export w | cmp - v.tar
  [ "$("$IMMURE" run --host -v w:/w -- cat /w/d/$long/f)" = text ]
  "$IMMURE" volume import x - <v.tar
  run "$IMMURE" volume import x v.tar
  [ "$status" -eq 125 ]
  [[ "$output" == *"one already"* ]]
}

@test "an archive that leads out, or is none, makes no volume" {
  python3 - <<'PY'
import io, tarfile
def make(name, *members):
    with tarfile.open(name, 'w') as tar:
        for path, kind, link in members:
            info = tarfile.TarInfo(path)
            info.type, info.linkname, info.mode = kind, link, 0o6755
            info.size = 4 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b'evil') if info.size else None)
make('up.tar', ('../evil', tarfile.REGTYPE, ''))
make('link.tar', ('l', tarfile.SYMTYPE, '/'), ('l/evil', tarfile.REGTYPE, ''))
make('hard.tar', ('h', tarfile.LNKTYPE, '../../record'))
make('device.tar', ('null', tarfile.CHRTYPE, ''))
make('setid.tar', ('s', tarfile.REGTYPE, ''))
PY
  head -c 1000 /dev/urandom >noise.tar
  for bad in up link hard noise; do
    run "$IMMURE" volume import v $bad.tar
    [ "$status" -eq 125 ] || { echo "$bad: $status $output"; false; }
    [ -z "$(ls -A "$volumes")" ]
  done
  [ ! -e evil ] && [ ! -e /evil ]
  "$IMMURE" volume import d device.tar
  [ -z "$(ls -A "$volumes/d/data")" ]
  "$IMMURE" volume import v setid.tar
  [ "$(stat -c %a "$volumes/v/data/s")" = 755 ]
}

@test "kill -9 while a volume is imported leaves none" {
  mkdir many
  for i in $(seq 300); do echo $i >many/$i; done
  tar -cf many.tar many
  for i in $(seq 20); do
    "$IMMURE" volume import v$i many.tar >/dev/null 2>&1 &
    pid=$!
    sleep 0.0$((RANDOM % 10))$((RANDOM % 10))
    kill -KILL $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    [ ! -e "$volumes/v$i" ] || [ "$(ls "$volumes/v$i/data/many" | wc -l)" -eq 300 ]
  done
  sleep 0.5
  "$IMMURE" volume prune -a
  [ -z "$(ls -A "$volumes")" ]
}
