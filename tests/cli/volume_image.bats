#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Volumes and images: what an image has is copied into new ones; those that an image names come and go with the run.

load common

setup_file() {
	images=$(mktemp -d)
	export images
	PYTHONDONTWRITEBYTECODE=1 python3 - "$BATS_TEST_DIRNAME/../images" "$images" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from image import *
data = folder('data', uid=1234, gid=4321, mode=0o750)
base = busybox() + [data, entry('data/gone', b'x'), entry('data/file', b'text', mode=0o4640, uid=1234, gid=4321), symlink('data/link', '/etc/passwd'),
                    folder('data/sub', uid=7, gid=9, mode=0o711), entry('data/sub/deep', b'y', uid=7, gid=9), folder('links'), symlink('links/out', '/data')]
upper = [data, entry('data/.wh.gone'), entry('data/new', b'z', uid=1234)]
Layout(sys.argv[2] + '/v').image([tar(base), tar(upper)], {'User': 'app', 'Cmd': ['/bin/ls', '/data'], 'Volumes': {'/data': {}}}, ref='v:1')
PY
	chmod -R a+rX "$images"
}

teardown_file() {
	rm -rf "$images"
}

setup() {
	common_setup
	export XDG_DATA_HOME="$HOME_DIR/data"
	volumes=$XDG_DATA_HOME/immure/volumes
	"$IMMURE" load -q "$images/v" >/dev/null
}

teardown() {
	"$IMMURE" ps -q | xargs -r "$IMMURE" kill >/dev/null 2>&1 || true
	"$IMMURE" volume prune -a >/dev/null || true
	common_teardown
}

names() {
	"$IMMURE" volume ls -q | tr '\n' ' '
}

@test "an image's volume is new for each run, filled from the image, and goes with the run's record" {
	run -0 "$IMMURE" run v:1 sh -c 'cat /data/new; echo more >/data/more; ls /data'
	[ "$output" = "zfile
link
more
new
sub" ]
	first=$("$IMMURE" volume ls -q)
	[ "$("$IMMURE" volume ls --json | jq -r '.[0] | "\(.anonymous) \(.in_use) \(.run)"')" = "true false $(ls "$XDG_STATE_HOME/immure/runs")" ]
	"$IMMURE" volume ls | grep -q "^$first .* anonymous, of run "
	[ -z "$(find "$volumes" -maxdepth 2 -type d ! -name data -perm /077)" ]
	run -0 "$IMMURE" run v:1
	[ "$output" = "file
link
new
sub" ]
	[ "$(names | wc -w)" = 2 ]
	"$IMMURE" rm last
	[ "$(names)" = "$first " ]
	"$IMMURE" volume create kept
	[ "$("$IMMURE" volume prune)" = "$first" ]
	[ "$(names)" = "kept " ]
}

@test "--rm takes the volume with it, detached too, however short the run is" {
	"$IMMURE" run --rm v:1 true
	[ -z "$(names)" ]
	local id i
	id=$("$IMMURE" run -d --rm v:1 sleep 1000)
	[ "$(names | wc -w)" = 1 ]
	"$IMMURE" kill "$id"
	# The record is the last to go.
	for i in $(seq 900); do [ -n "$(ls "$XDG_STATE_HOME/immure/runs")" ] || break; sleep 0.1; done
	[ -z "$(names)" ]
	for i in $(seq 10); do "$IMMURE" run -d --rm v:1 true; done
	for i in $(seq 900); do [ -n "$(ls "$XDG_STATE_HOME/immure/runs")" ] || break; sleep 0.1; done
	[ -z "$(names)" ]
	run -127 "$IMMURE" run -d --rm v:1 /no/such
	[ -z "$(names)" ]
}

@test "a named volume is filled once, as the image shows it, and never again" {
	run -0 "$IMMURE" run -v n:/data v:1 sh -c 'stat -c "%n %a" /data /data/file /data/sub /data/link; echo mine >/data/file; ls -l /data/link'
	[ "${lines[0]}" = "/data 750" ]
	[ "${lines[1]}" = "/data/file 640" ]
	[ "${lines[2]}" = "/data/sub 711" ]
	[[ ${lines[4]} == *"-> /etc/passwd" ]]
	run -0 "$IMMURE" run -v n:/data v:1 cat /data/file
	[ "$output" = mine ]
	run -0 "$IMMURE" run -v n:/data v:1 sh -c 'rm -r /data/* 2>/dev/null; ls /data' || true
	"$IMMURE" volume create --label a=b made
	run -0 "$IMMURE" run -v made:/data v:1
	[[ $output == *new* ]]
	run -0 "$IMMURE" run -v none:/data:nocopy v:1
	[ -z "$output" ]
	run -0 "$IMMURE" run -v host:/data --host -- ls /data
	[ -z "$output" ]
	# What is mounted over an image's volume stands in for it.
	run -0 "$IMMURE" run --tmpfs /data v:1
	[ -z "$output" ]
	[ "$(names)" = "host made n none " ]
}

@test "owners are kept where there is a range of ids, and are the program's where the image has nothing" {
	local range=--ids=range
	[ "$(id -u)" -eq 0 ] || grep -q "^$(id -un):" /etc/subuid || skip "needs subordinate ids"
	"$IMMURE" load -q --ids range "$images/v" >/dev/null
	run -0 "$IMMURE" run $range -v n:/data v:1 sh -c 'stat -c "%n %u %g" /data /data/file /data/sub'
	[ "$output" = "/data 1234 4321
/data/file 1234 4321
/data/sub 7 9" ]
	run -0 "$IMMURE" run $range -v n:/data v:1 sh -c 'stat -c %u /data/sub/deep; touch /data/x && echo wrote'
	[ "$output" = "7
wrote" ]
	"$IMMURE" volume inspect n | jq -e '.[0].files == 7'
	run -0 "$IMMURE" run $range -v fresh:/nothing/here v:1 sh -c 'touch /nothing/here/x && echo wrote'
	[ "$output" = wrote ]
	"$IMMURE" volume rm n fresh
	"$IMMURE" rmi v:1
	"$IMMURE" image prune
}

@test "a run that cannot start leaves no volume of its own; one that goes on keeps it from prune" {
	run -127 "$IMMURE" run v:1 /no/such/program
	run -125 "$IMMURE" run -w /links/out/x v:1 || true
	run -0 "$IMMURE" run --dry-run v:1
	[[ $output == *"/data from a volume of its own"* ]]
	run -127 "$IMMURE" run -d v:1 /no/such/program
	[ -z "$(names)" ]
	local id
	id=$("$IMMURE" run -d v:1 sleep 60)
	[ -z "$("$IMMURE" volume prune -a)" ]
	[ "$(names | wc -w)" = 1 ]
	"$IMMURE" rm --force "$id"
	[ -z "$(names)" ]
}

@test "runs that start at once on a new volume all see the whole of it" {
	for round in 1 2 3; do
		for i in 1 2 3 4; do
			"$IMMURE" run -v "r$round:/data" v:1 >"$WORK/$i" 2>&1 &
		done
		wait
		for i in 1 2 3 4; do
			[ "$(tr '\n' ' ' <"$WORK/$i")" = "file link new sub " ] || { cat "$WORK/$i"; false; }
		done
	done
}

@test "no link of the image leads the copy anywhere" {
	run -125 "$IMMURE" run -v n:/links/out/sub v:1 true
	[ -z "$(ls -A "$volumes/n/data")" ]
}

@test "limits are refused where the file system or the user cannot have them" {
	run -125 "$IMMURE" volume create --size 1MiB v
	[[ $output == *"needs root"* || $output == *"project quotas"* ]]
	run -125 "$IMMURE" volume create --inodes 10 v
	run -2 "$IMMURE" volume create --size 0 v
	run -2 "$IMMURE" volume create --inodes x v
	[ -z "$(names)" ]
	[ -z "$(ls -A "$volumes")" ]
}
