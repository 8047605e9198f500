#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# New images: of what a run wrote, of archives and folders.

load images

setup() {
  images_setup
  "$IMMURE" load -q -t two "$images/two" >/dev/null
}

kept() { # COMMAND
  "$IMMURE" run --keep -u 0 --entrypoint /bin/sh two -c "PATH=/bin; $1"
}
look() { # IMAGE COMMAND
  "$IMMURE" run -u 0 --entrypoint /bin/sh "$1" -c "PATH=/bin; $2"
}

@test "files, folders, links, modes, removals are in the new image; nothing else changed" {
  kept 'echo x >/new; busybox chmod 640 /new; busybox ln /new /hard; busybox ln -s new /soft; busybox mkdir -p /a/b; busybox chmod 0 /a/b
    busybox rm -r /dir /data/new; busybox mkdir /dir; echo y >/dir/other; busybox mkfifo /pipe; echo changed >/etc/passwd'
  run --separate-stderr "$IMMURE" commit last new:1
  [ "$status" -eq 0 ]
  [[ "$output" == "docker.io/library/new:1 sha256:"* ]]
  run look new:1 'stat -c "%n %a %h %F" /new /hard /soft /a/b /pipe; cat /dir/other /etc/passwd; ls /dir /data; echo $COLOUR'
  [ "$output" = "/new 640 2 regular file
/hard 640 2 regular file
/soft 777 1 symbolic link
/a/b 0 2 directory
/pipe 644 1 fifo
y
changed
/data:
kept

/dir:
other
blue" ]
  run look two 'ls /dir /data; cat /new'
  [[ "$output" == *seen* && "$output" == *new* && "$output" == *"No such file"* ]]
  "$IMMURE" image check
  [ -z "$(ls -A "$store/tmp" "$store/partial" | grep -v :)" ]
}

@test "the configuration is changed, the history tells of it" {
  kept 'echo x >/new'
  "$IMMURE" commit -m why -a me --timestamp 1700000000 -c 'CMD ["echo", "a b"]' -c 'ENTRYPOINT []' -c 'ENV COLOUR=red B="c d"' -c 'LABEL l=m' \
    -c 'EXPOSE 80 53/udp' -c 'WORKDIR /srv' -c 'USER 7' -c 'VOLUME /data' -c 'STOPSIGNAL SIGQUIT' last new >out
  "$IMMURE" image inspect new >json
  [ "$(jq -r '.[0] | .cmd, .entrypoint, .ports, .volumes | join(",")' json)" = "echo,a b

53/udp,80/tcp
/data,/vol" ]
  [ "$(jq -r '.[0] | .user, .workdir, .stop_signal, .created' json)" = "7
/srv
SIGQUIT
2023-11-14T22:13:20.000000000Z" ]
  jq -e '.[0].env | index("COLOUR=red") and index("B=c d")' json
  run "$IMMURE" run new
  [ "$output" = "a b" ]
  run "$IMMURE" image history new
  [[ "${lines[-1]}" == *"2023-11-14T22:13:20"*"layer"*"/bin/sh -c PATH=/bin; echo x >/new"* ]]
  config=$(jq -r '.[0].config' json)
  [ "$(jq -r '.history[-1] | .author, .comment' "$store/blobs/sha256/${config#sha256:}")" = "me
why" ]
}

@test "the configuration of the image below is kept, what we do not know of it too" {
  PYTHONDONTWRITEBYTECODE=1 python3 - "$BATS_TEST_DIRNAME/../images" "$work/strange" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from image import Layout, busybox, tar
config = {'OnBuild': ['RUN x'], 'Shell': ['/bin/ash', '-ec'], 'Healthcheck': {'Test': ['CMD', 'true'], 'Interval': 30000000000}, 'ArgsEscaped': True, 'Cmd': ['/bin/true']}
more = {'os.version': '10', 'x.example': {'b': 1, 'a': [None, 1.5]}, 'history': [{'created_by': 'first', 'author': 'she'}]}
Layout(sys.argv[2]).image([tar(busybox())], config, edit_config=lambda whole: {**whole, **more})
PY
  "$IMMURE" load -q -t strange strange
  "$IMMURE" run --keep -u 0 strange /bin/touch /new
  "$IMMURE" commit -c 'CMD exit 3' -c 'ONBUILD RUN y' last new
  blob() { echo "$store/blobs/sha256/$("$IMMURE" image inspect "$1" | jq -r '.[0].config' | cut -d: -f2)"; }
  [ "$(jq -cS 'del(.created, .rootfs, .history) | del(.config.Cmd)' "$(blob new)")" = \
    "$(jq -cS 'del(.created, .rootfs, .history) | del(.config.Cmd) | .config.OnBuild += ["RUN y"]' "$(blob strange)")" ]
  [ "$(jq -c '.config.Cmd, .history[0]' "$(blob new)")" = '["/bin/ash","-ec","exit 3"]
{"author":"she","created_by":"first"}' ]
  "$IMMURE" commit -c 'HEALTHCHECK --interval=5s CMD /bin/check it' last other
  [ "$(jq -c .config.Healthcheck "$(blob other)")" = '{"Interval":5000000000,"Test":["CMD-SHELL","/bin/check it"]}' ]
}

@test "a new layer is compressed: gzip, or as --compression says" {
  kept 'for i in 1 2 3; do busybox cat /bin/busybox >/copy$i; done'
  for how in "" none gzip zstd; do
    "$IMMURE" commit ${how:+--compression $how} last "new:x$how"
  done
  layer() { "$IMMURE" image inspect "new:x$1" | jq -r ".[0].layers[-1].$2"; }
  [ "$(layer "" blob)" = "$(layer gzip blob)" ]
  [ "$(for how in none gzip zstd; do layer $how diff_id; done | sort -u | wc -l)" = 1 ]
  [ "$(for how in none gzip zstd; do layer $how blob; done | sort -u | wc -l)" = 3 ]
  file() { echo "$store/blobs/sha256/$(layer "$1" blob | cut -d: -f2)"; }
  gzip -dc <"$(file gzip)" | cmp - "$(file none)"
  zstd -dcq <"$(file zstd)" | cmp - "$(file none)"
  [ "$(stat -c %s "$(file gzip)")" -lt "$(($(stat -c %s "$(file none)") * 3 / 4))" ]
  manifest() { jq -r '.layers[-1] | .mediaType, .size' "$store/blobs/sha256/$("$IMMURE" image inspect "new:x$1" | jq -r '.[0].digest' | cut -d: -f2)"; }
  [ "$(manifest zstd)" = "application/vnd.oci.image.layer.v1.tar+zstd
$(stat -c %s "$(file zstd)")" ]
  "$IMMURE" image check
  "$IMMURE" save -o saved new:xgzip new:xzstd
  XDG_DATA_HOME=$work/again "$IMMURE" load -q saved
  XDG_DATA_HOME=$work/again "$IMMURE" run -u 0 --entrypoint /bin/busybox new:xzstd cmp /copy1 /copy3
  run "$IMMURE" commit --compression lzip last new
  [ "$status" -eq 2 ]
}

@test "the same files and the same time are the same image" {
  kept 'echo x >/new; busybox mkdir /a'
  "$IMMURE" commit --timestamp 1700000000 last one >first
  sleep 1.1
  kept 'echo x >/new; busybox mkdir /a'
  SOURCE_DATE_EPOCH=1700000000 "$IMMURE" commit last one >second
  diff first second
}

@test "a run that wrote nothing adds no layer" {
  kept true
  rm -rf "$store"/kept/*/data/upper/*
  "$IMMURE" commit last same
  [ "$("$IMMURE" image inspect same | jq '.[0].layers | length')" = "$("$IMMURE" image inspect two | jq '.[0].layers | length')" ]
  config=$("$IMMURE" image inspect same | jq -r '.[0].config')
  [ "$(jq '.history[-1].empty_layer' "$store/blobs/sha256/${config#sha256:}")" = true ]
}

@test "commit refuses what it cannot do, and leaves nothing" {
  kept 'echo x >/.wh.passwd'
  "$IMMURE" images --json >before
  run "$IMMURE" commit last new
  [ "$status" -eq 125 ]
  [[ "$output" == *".wh.passwd: a name that begins with .wh."* ]]
  kept 'busybox truncate -s 1000000000000 /endless'
  run "$IMMURE" commit last new
  [ "$status" -eq 125 ]
  [[ "$output" == *"more than the limit"* ]]
  kept 'busybox head -c 100000 /bin/busybox >/file; for i in 1 2 3; do busybox touch /file$i; done'
  run "$IMMURE" commit --max-bytes 50k last new
  [ "$status" -eq 125 ]
  run "$IMMURE" commit --max-entries 2 last new
  [[ "$output" == *"limit of 2 entries"* ]]
  kept 'echo x >/.wh.passwd'
  run "$IMMURE" commit nothing new
  [[ "$output" == *"immure run --keep"* ]]
  for bad in 'FOO x' 'CMD ["a"' 'EXPOSE 0' 'ENV x=1 y'; do
    run "$IMMURE" commit -c "$bad" last new
    [ "$status" -eq 2 ]
    [[ "$output" == *"--change"* ]]
  done
  run "$IMMURE" commit --timestamp x last new
  [ "$status" -eq 2 ]
  id=$("$IMMURE" run -d --keep -u 0 --entrypoint /bin/sh two -c 'sleep 1000')
  run "$IMMURE" commit "$id" new
  [ "$status" -eq 125 ]
  [[ "$output" == *"immure stop"* ]]
  "$IMMURE" rm --force "$id"
  "$IMMURE" images --json >after
  diff before after
  [ -z "$(ls -A "$store/tmp" "$store/partial" | grep -v :)" ]
}

@test "an archive, compressed or not, from a pipe, and a folder: the same image inside" {
  mkdir -p root/bin root/etc
  cp "$(command -v busybox)" root/bin/busybox
  ln root/bin/busybox root/bin/sh
  ln -s busybox root/bin/ls
  tar -C root --mtime=@1600000000 --owner=0 --group=0 --sort=name -cf root.tar .
  gzip -k root.tar && xz -k root.tar && zstd -q root.tar
  for input in root.tar root.tar.gz root.tar.xz root.tar.zst root; do
    run "$IMMURE" import -c 'CMD ["ls", "/bin"]' "$input" "i:x${input#root}"
    [ "$status" -eq 0 ]
    run "$IMMURE" run "i:x${input#root}"
    [ "$output" = "busybox
ls
sh" ]
  done
  [ "$("$IMMURE" image inspect i:x.tar i:x.tar.gz i:x.tar.xz i:x.tar.zst | jq -r '.[].layers[0].diff_id' | sort -u | wc -l)" = 1 ]
  "$IMMURE" import - piped <root.tar.gz
  run "$IMMURE" run piped ls /bin/ls
  [ "$output" = /bin/ls ]
  "$IMMURE" image check
}

@test "import refuses what is no root file system, by the rules of every layer" {
  "$IMMURE" images --json >before
  for bad in /dev/null /etc/passwd "$work/nothing"; do
    run "$IMMURE" import "$bad" x
    [ "$status" -eq 125 ]
  done
  mkdir t && echo x >t/a
  tar -C t --transform 's,a,../../a,' -cPf up.tar a
  run "$IMMURE" import up.tar x
  [[ "$output" == *'its name has ".."'* ]]
  tar -C t --transform 's,a,/etc/a,' -cPf absolute.tar a
  run "$IMMURE" import absolute.tar x
  [[ "$output" == *"its name is absolute"* ]]
  run "$IMMURE" import --max-entries 1 "$images" x
  [[ "$output" == *"limit of 1 entries"* ]]
  touch t/.wh.x
  run "$IMMURE" import t x
  [[ "$output" == *".wh."* ]]
  "$IMMURE" images --json >after
  diff before after
  [ -z "$(ls -A "$store/tmp" "$store/partial" | grep -v :)" ]
}
