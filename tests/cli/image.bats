#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images: brought in, run the way they want to be, removed.

load images

setup() {
  images_setup
}

@test "a layout is loaded under its own name, and run with its entrypoint" {
  run --separate-stderr "$IMMURE" load "$images/two"
  [ "$status" -eq 0 ]
  [[ "$output" == "example.org/two:1 sha256:"* ]]
  [[ "$stderr" == *"done"* ]]
  run "$IMMURE" run example.org/two:1
  [ "$output" = "entry cmd" ]
  run "$IMMURE" run example.org/two:1 a b
  [ "$output" = "entry a b" ]
  run "$IMMURE" run --entrypoint /bin/id example.org/two:1
  [[ "$output" == "uid=1234"*"gid=4321"* ]]
}

@test "users and groups by name, and the home, are those of the image" {
  "$IMMURE" load -q "$images/two"
  run "$IMMURE" run --entrypoint /bin/sh example.org/two:1 -c 'id -u; id -g; echo $HOME'
  [ "$output" = "1234
4321
/home" ]
  run "$IMMURE" run -u app:staff --entrypoint /bin/sh example.org/two:1 -c 'id -u; id -g'
  [ "$output" = "1234
50" ]
  run "$IMMURE" run -u 1234 -e HOME=/x --entrypoint /bin/sh example.org/two:1 -c 'id -g; echo $HOME'
  [ "$output" = "4321
/x" ]
  run "$IMMURE" run -u app:nothere example.org/two:1
  [ "$status" -eq 125 ]
  [[ "$output" == *'no group "nothere"'* ]]
}

@test "environment, working folder, volumes are the image's, unless the command line says otherwise" {
  "$IMMURE" load -q "$images/two"
  run "$IMMURE" run --entrypoint /bin/sh example.org/two:1 -c 'echo $COLOUR; pwd; touch /vol/x && ls /vol; touch /etc/x'
  [ "${lines[0]}" = blue ]
  [ "${lines[1]}" = /srv/app ]
  [ "${lines[2]}" = x ]
  [[ "${lines[3]}" == *"Read-only"* || "${lines[3]}" == *"ermission denied"* ]]
  run "$IMMURE" run -e COLOUR=red -w / -u 7:8 --entrypoint /bin/sh example.org/two:1 -c 'echo $COLOUR; pwd; id -u; id -g'
  [ "$output" = "red
/
7
8" ]
}

@test "layers lie on one another: whiteouts, opaque folders, no set-id bits" {
  "$IMMURE" load -q "$images/two"
  run "$IMMURE" run --entrypoint /bin/ls example.org/two:1 /data /dir
  [ "$output" = "/data:
kept
new

/dir:
seen" ]
  run "$IMMURE" run --entrypoint /bin/stat example.org/two:1 -c %a /bin/su
  [ "$output" = 755 ]
  grep -q 'set-id bin/su' "$store"/layers/*/record
}

@test "one layer, not compressed, from a pipe; the digest is a name too" {
  tar -C "$images/one" -cf - . | "$IMMURE" load -q -t tiny - >out
  read -r name digest <out
  [ "$name" = docker.io/library/tiny:latest ]
  for image in tiny tiny:latest "$digest" "${digest#sha256:}" "$(cut -c 8-20 <<<"$digest")" "tiny@$digest"; do
    run "$IMMURE" run "$image" echo "$image"
    [ "$output" = "$image" ]
  done
  run -127 "$IMMURE" run --writable -u 0 tiny -c 'echo x'
  run "$IMMURE" run --writable -u 0 tiny sh -c 'echo x >/etc/new && cat /etc/new'
  [ "$output" = x ]
  run "$IMMURE" run tiny cat /etc/new
  [ "$status" -ne 0 ]
}

@test "an archive of docker save, gzipped, with links between layers" {
  gzip -c "$images/docker.tar" >docker.tar.gz
  run --separate-stderr "$IMMURE" load docker.tar.gz
  [ "${#lines[@]}" -eq 2 ]
  [[ "${lines[0]}" == "docker.example/a:1 "* ]]
  [[ "${lines[1]}" == "docker.io/library/b:latest "* ]]
  run "$IMMURE" run b
  [ "$output" = "kept
new" ]
}

@test "what is there is not unpacked again, and a second load changes nothing" {
  "$IMMURE" load -q "$images/two"
  (cd "$store" && find . | sort) >before
  run --separate-stderr "$IMMURE" load "$images/two"
  [[ "$stderr" == *"already there"* ]]
  (cd "$store" && find . | sort) >after
  diff before after
}

@test "nobody else can look into the store" {
  "$IMMURE" load -q "$images/one"
  [ -z "$(find "$store" -maxdepth 2 -perm /077)" ]
  chmod 755 "$store/layers"
  run "$IMMURE" load -q "$images/one"
  [ "$status" -eq 125 ]
  [[ "$output" == *"chmod 700"* ]]
}

@test "one clear error for what is no image" {
  run "$IMMURE" load /dev/null
  [ "$status" -eq 125 ]
  run "$IMMURE" load "$work"
  [[ "$output" == *"neither an OCI layout"* ]]
  run "$IMMURE" run nothing true
  [ "$status" -eq 125 ]
  [[ "$output" == *"no image nothing"* ]]
  run "$IMMURE" run UPPER true
  [ "$status" -eq 2 ]
  run "$IMMURE" run
  [ "$status" -eq 2 ]
  run "$IMMURE" load -t 'a b' "$images/one"
  [ "$status" -eq 2 ]
  [ -z "$(ls -A "$store/images" "$store/refs" | grep -v :)" ]
}

@test "images, tag, inspect, history, rmi" {
  "$IMMURE" load -q "$images/two" >out
  digest=$(cut -d ' ' -f 2 out)
  "$IMMURE" tag example.org/two:1 copy
  [ "$("$IMMURE" images -q | sort -u)" = "$digest" ]
  [ "$("$IMMURE" images --json | jq -r '[.[].name] | sort | join(" ")')" = "copy:latest example.org/two:1" ]
  "$IMMURE" images | grep -q "^copy:latest  *${digest:7:12} "
  "$IMMURE" image inspect copy >json
  [ "$(jq -r '.[0] | [.digest, .user, .workdir, .stop_signal, .volumes[0], .ports[0], (.layers | length), .stripped[0].path] | join(" ")' json)" = "$digest app /srv/app SIGINT /vol 80/tcp 2 bin/su" ]
  "$IMMURE" image history copy
  run "$IMMURE" tag copy "copy@$digest"
  [ "$status" -eq 2 ]
  run "$IMMURE" rmi "$digest"
  [[ "$output" == *"has names"* ]]
  [ "$("$IMMURE" rmi copy)" = "untagged docker.io/library/copy:latest" ]
  "$IMMURE" run example.org/two:1
  "$IMMURE" rm last
  [ "$("$IMMURE" rmi example.org/two:1)" = "removed example.org/two:1" ]
  [ -z "$(find "$store" -type f ! -name lock)" ]
  run "$IMMURE" rmi example.org/two:1
  [ "$status" -eq 125 ]
}

@test "what images share stays until the last of them goes; nothing goes while it runs" {
  "$IMMURE" load -q "$images/two"
  "$IMMURE" load -q -t docker "$images/docker.tar"
  layers=$(ls "$store/layers" | wc -l)
  mkdir w
  "$IMMURE" run -v ./w:/w --entrypoint /bin/sh example.org/two:1 -c 'touch /w/up; while [ ! -e /w/end ]; do sleep 0.1; done' &
  while [ ! -e w/up ]; do kill -0 $!; sleep 0.05; done
  run "$IMMURE" rmi example.org/two:1
  [ "$status" -eq 125 ]
  [[ "$output" == *"in use"* ]]
  touch w/end
  wait
  "$IMMURE" rmi example.org/two:1
  [ "$(ls "$store/layers" | wc -l)" -eq "$layers" ]
  "$IMMURE" run docker
  "$IMMURE" rmi docker
  [ -z "$(ls "$store/layers")" ]
}

@test "check finds every kind of damage, and repairs layers" {
  "$IMMURE" load -q "$images/two" >/dev/null
  run "$IMMURE" image check
  [ "$status" -eq 0 ]
  [[ "$output" == *" 0 damaged" ]]
  for damage in 'echo x >>etc/passwd' 'rm bin/sh' 'touch etc/new' 'chmod 777 etc' 'ln -sf /etc/shadow bin/ls'; do
    root=$(dirname "$(find "$store/layers" -path '*/root/etc' | head -n 1)")
    (cd "$root" && eval "$damage")
    run "$IMMURE" image check
    [ "$status" -eq 1 ]
    [[ "$output" == *" 1 damaged" ]]
    run "$IMMURE" image check --repair
    [ "$status" -eq 0 ]
    [[ "$output" == *"(repaired)"* ]]
  done
  run "$IMMURE" image check
  [ "$status" -eq 0 ]
  "$IMMURE" run --entrypoint /bin/true example.org/two:1
  blob=$(find "$store/blobs" -type f -size +100k | head -n 1)
  echo x >>"$blob"
  run "$IMMURE" image check
  [ "$status" -eq 1 ]
  [[ "$output" == *"other bytes"* ]]
  "$IMMURE" image prune
  [ -z "$(ls "$store/tmp")" ]
}

@test "prune removes what nobody needs, and images without a name if told so" {
  "$IMMURE" load -q "$images/one"
  mkdir "$store/tmp/l-0123456789abcdef"
  echo x >"$store/partial/0000000000000000000000000000000000000000000000000000000000000000"
  "$IMMURE" image prune
  [ -z "$(ls "$store/tmp" "$store/partial" | grep -v : | tr -d '\n')" ]
  [ "$("$IMMURE" images -q | wc -l)" -eq 1 ]
  "$IMMURE" image prune -a
  [ -z "$("$IMMURE" images -q)" ]
  [ -z "$(find "$store" -type f ! -name lock)" ]
}

@test "layers are unpacked for the other kind of ids when a run needs them" {
  [ "$(id -u)" -ne 0 ] && grep -q "^$(id -un):" /etc/subuid || skip "needs an ordinary user with subordinate ids"
  "$IMMURE" load -q -t tiny "$images/one"
  run "$IMMURE" run --dry-run --ids range tiny
  [ "$status" -eq 125 ]
  [ -z "$(ls "$store/layers" | grep range)" ]
  run --separate-stderr "$IMMURE" run --ids range tiny echo there
  [ "$status" -eq 0 ]
  [ "$output" = there ]
  [[ "$stderr" == "layer "*"done"* ]]
  run --separate-stderr "$IMMURE" run --ids range tiny echo there
  [ -z "$stderr" ]
  rm -r "$store"/layers/*.one
  run "$IMMURE" run tiny echo as-it-is
  [ "$output" = as-it-is ]
  run --separate-stderr "$IMMURE" run --ids one tiny echo one
  [ "$output" = one ]
  [[ "$stderr" == *"done"* ]]
  "$IMMURE" image check
  rm -r "$store"/layers/*.one
  find "$store/blobs" -type f -size +100k -delete
  run "$IMMURE" run --ids one tiny
  [ "$status" -eq 125 ]
  [[ "$output" == *"pull or load it again"* ]]
  "$IMMURE" rmi tiny
  "$IMMURE" image prune
}

@test "policy new begins with what an image says of itself" {
  "$IMMURE" load -q "$images/two" >out
  digest=$(cut -d ' ' -f 2 out)
  "$IMMURE" tag "$digest" two
  "$IMMURE" policy new --image two -o two.yaml
  cat two.yaml
  "$IMMURE" policy check two.yaml
  "$IMMURE" policy lint --fail-on high two.yaml
  "$IMMURE" policy fmt --check two.yaml
  grep -x '  - write /vol/\*\* *# why: a volume of the image' two.yaml
  grep -x '  - read /srv/app/\*\* *# why: the image.s working folder' two.yaml
  grep -x '#   - listen tcp 0.0.0.0:80' two.yaml
  grep 'allow listen accept' two.yaml
  grep 'extends:.*builtin/network-client' two.yaml
  grep -x '# The image names its user; run looks the name up inside.' two.yaml
  run "$IMMURE" policy new --image two no-such-program
  [ "$status" -ne 0 ]
  [[ "$output" == *"has no program no-such-program"* ]]
  run "$IMMURE" policy new --image nothing
  [ "$status" -ne 0 ]
  run "$IMMURE" policy new
  [ "$status" -eq 2 ]
}

@test "an image writes nothing into a policy but plain names" {
  python3 - "$images/one" evil <<'PY'
import hashlib, json, os, shutil, sys
shutil.copytree(sys.argv[1], sys.argv[2])
blobs = sys.argv[2] + "/blobs/sha256/"
def put(data):
    digest = hashlib.sha256(data).hexdigest()
    open(blobs + digest, "wb").write(data)
    return "sha256:" + digest, len(data)
def get(d):
    return json.load(open(blobs + d.split(":")[1]))
index = json.load(open(sys.argv[2] + "/index.json"))
manifest = get(index["manifests"][0]["digest"])
config = get(manifest["config"]["digest"])
config.setdefault("config", {}).update(
    User="0\n  - allow ptrace",
    WorkingDir="/w\nsyscalls:\n  - allow bpf",
    Volumes={"/a b": {}, "/x/**\n  - write /**": {}, "/../etc": {}, "/ok": {}},
    ExposedPorts={"80\n  - allow bpf": {}, "8080/tcp": {}},
    Entrypoint=["/bin/x # why: y\n  - allow mount"])
manifest["config"]["digest"], manifest["config"]["size"] = put(json.dumps(config).encode())
index["manifests"][0]["digest"], index["manifests"][0]["size"] = put(json.dumps(manifest).encode())
json.dump(index, open(sys.argv[2] + "/index.json", "w"))
PY
  "$IMMURE" load -q evil >out || skip "the store takes no such image"
  digest=$(cut -d ' ' -f 2 out)
  "$IMMURE" policy new --image "$digest" >evil.yaml
  "$IMMURE" policy check evil.yaml
  grep -x '  - write /ok/\*\* *# why: a volume of the image' evil.yaml
  run ! grep -E 'bpf|allow mount|allow ptrace|/etc/\*\*.*volume|a b|write /\*\*' evil.yaml
}

@test "images: by name, by filter, in a form of one's own; ls, tag and rm below image" {
  "$IMMURE" load -q -t two:1 "$images/two"
  "$IMMURE" image tag two:1 localhost:5000/a/two:2
  "$IMMURE" load -q -t other "$images/one"
  names() { "$IMMURE" images --format '{{.Name}}' "$@" | LC_ALL=C sort | tr '\n' ' '; }
  [ "$(names)" = "localhost:5000/a/two:2 other:latest two:1 " ]
  [ "$(names two)" = "two:1 " ]
  [ "$(names '*two:?' docker.io/library/other)" = "localhost:5000/a/two:2 other:latest two:1 " ]
  [ "$(names -f 'reference=localhost*' -f reference=two:1)" = "localhost:5000/a/two:2 two:1 " ]
  [ "$(names -f label=policy two)" = "two:1 " ]
  [ -z "$(names -f label=policy=none)" ]
  [ -z "$(names -f dangling=true)" ]
  [ "$(names -f dangling=false other)" = "other:latest " ]
  digest=$("$IMMURE" image inspect other | jq -r '.[0].digest')
  [ "$("$IMMURE" images --format '{{.Repository}}|{{.Tag}}|{{.ID}}|{{.Digest}}' other)" = "other|latest|${digest:7:12}|$digest" ]
  [ "$("$IMMURE" images --format '{{.Repository}} {{.Tag}}' 'localhost*')" = "localhost:5000/a/two 2" ]
  [ "$("$IMMURE" image ls --format json two | jq length)" = 1 ]
  [[ "$("$IMMURE" images --no-trunc other)" == *"${digest#sha256:}"* ]]
  [[ "$("$IMMURE" images other)" != *"${digest#sha256:}"* ]]
  run "$IMMURE" images --format '{{.Other}}'
  [ "$status" -eq 2 ]
  for filter in x dangling=perhaps since=two; do
    run "$IMMURE" images --filter $filter
    [ "$status" -eq 2 ]
    [[ "$output" == *"expected reference="* ]]
  done
  run "$IMMURE" image rm nothing two:1 other
  [ "$status" -eq 125 ]
  [[ "$output" == *"nothing: no image nothing in the store"* ]]
  [ "$(names)" = "localhost:5000/a/two:2 " ]
}
