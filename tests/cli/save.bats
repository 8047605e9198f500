#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images out of the store: as an archive or folder that brings them back as they were.

load images

setup() {
  images_setup
  "$IMMURE" load -q -t a:1 "$images/one" >/dev/null
  "$IMMURE" load -q -t example.org/b:2 "$images/two" >/dev/null
}

names() {
  "$IMMURE" images --json | jq -r '.[] | "\(.name) \(.digest)"' | sort
}

@test "what is loaded again has the same names and digests" {
  names >before
  "$IMMURE" save a:1 example.org/b:2 >piped.tar
  "$IMMURE" save --format oci-dir -o dir a:1 example.org/b:2
  for from in piped.tar dir; do
    (
      export XDG_DATA_HOME=$work/again
      rm -rf "$XDG_DATA_HOME"
      "$IMMURE" load -q "$from"
      "$IMMURE" image check
      names >"$work/after"
    )
    diff before after
  done
  "$IMMURE" save --format docker-archive -o docker.tar a:1 example.org/b:2
  export XDG_DATA_HOME=$work/again
  rm -rf "$XDG_DATA_HOME"
  "$IMMURE" load -q docker.tar
  diff <(cut -d ' ' -f 1 before) <(names | cut -d ' ' -f 1)
  [ "$("$IMMURE" run --entrypoint /bin/echo example.org/b:2 hi)" = hi ]
}

@test "an image that immure made has the same digest through an archive of docker, too" {
  "$IMMURE" run --keep -u 0 a:1 sh -c 'echo x >/new'
  "$IMMURE" commit last c:1 >made
  "$IMMURE" save --format docker-archive c:1 >docker.tar
  export XDG_DATA_HOME=$work/again
  "$IMMURE" load -q docker.tar >loaded
  diff made loaded
}

@test "the same images give the same bytes" {
  "$IMMURE" save -o one.tar a:1 example.org/b:2
  "$IMMURE" save a:1 example.org/b:2 | cmp - one.tar
  "$IMMURE" tag a:1 copy
  "$IMMURE" save a:1 copy -o two.tar
  [ "$(tar -tf two.tar | sort | uniq -d | wc -l)" -eq 0 ]
  [ "$(tar -xOf two.tar index.json | jq '.manifests | length')" = 2 ]
  digest=$("$IMMURE" image inspect a:1 | jq -r '.[0].digest')
  "$IMMURE" save "$digest" >three.tar
  [ "$(tar -xOf three.tar index.json | jq '.manifests[0] | has("annotations")')" = false ]
}

@test "a full disk, a folder that is there, an image that is not: one error, nothing left" {
  mkdir out
  [ "$(id -u)" -eq 0 ] || chmod 500 out
  run "$IMMURE" save -o /dev/full a:1
  [ "$status" -eq 125 ]
  [[ "$output" == *"No space left"* ]]
  run bash -c '"$IMMURE" save a:1 >/dev/full'
  [ "$status" -eq 125 ]
  chmod 755 out
  run "$IMMURE" save --format oci-dir -o out a:1
  [[ "$output" == *"there already"* ]]
  run "$IMMURE" save -o out a:1
  [[ "$output" == *"it is a folder"* ]]
  run "$IMMURE" save -o out/x a:1 nothing
  [[ "$output" == *"no image nothing"* ]]
  blob=$(find "$store/blobs/sha256" -size +100k | head -n 1)
  truncate -s -1 "$blob"
  run "$IMMURE" save -o out/x a:1 example.org/b:2
  [ "$status" -eq 125 ]
  [[ "$output" == *"damaged"* ]]
  run "$IMMURE" save --format oci-dir -o out/x a:1 example.org/b:2
  [ "$status" -eq 125 ]
  [ -z "$(ls -A out)" ]
  for bad in '--format x a:1' '--format oci-dir a:1' '' ; do
    # shellcheck disable=SC2086
    run "$IMMURE" save $bad
    [ "$status" -eq 2 ]
  done
}

@test "what was there is replaced at once, and a pipe is written to" {
  echo old >file
  ln -s file link
  "$IMMURE" save -o file a:1
  tar -tf file >/dev/null
  mkfifo pipe
  cat pipe >got &
  "$IMMURE" save -o pipe a:1
  wait
  cmp file got
}
