#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One more program in a sandbox that runs: what it may, what it must not get, what is told of it.
# Classes of public attacks are named as in SECURITY.md. IMMURE_LONG=1: 1,000 rounds of the race.

load background

@test "streams, status, variables, folder" {
	start -e MINE=1 -w /data -- sleep 1000
	run -7 "$IMMURE" exec "$ID" sh -c 'exit 7'
	run --separate-stderr -0 "$IMMURE" exec "$ID" sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(echo words | "$IMMURE" exec "$ID" cat)" = words ]
	run -0 "$IMMURE" exec "$ID" sh -c 'pwd; echo $MINE-$MORE'
	[ "$output" = $'/data\n1-' ]
	MORE=3 run -0 "$IMMURE" exec -w /usr -e MINE=2 --env MORE "$ID" -- sh -c 'pwd; echo $MINE-$MORE'
	[ "$output" = $'/usr\n2-3' ]
	run -0 "$IMMURE" exec "$ID" sh -c 'kill -0 2 && ps -o pid= -p 2'
	[ "${output// /}" = 2 ]
}

@test "what cannot be started is told, with the usual status" {
	start -- sleep 1000
	run --separate-stderr -127 "$IMMURE" exec "$ID" /no/such
	assert_says '/no/such'
	run -126 "$IMMURE" exec "$ID" /etc/passwd
	run -2 "$IMMURE" exec "$ID"
	run -2 "$IMMURE" exec -w relative "$ID" true
	run -2 "$IMMURE" exec -d -t "$ID" true
	run --separate-stderr -125 "$IMMURE" exec -w /no/such "$ID" true
	assert_says 'working folder'
	run -0 "$IMMURE" kill "$ID"
	run -137 "$IMMURE" wait "$ID"
	run --separate-stderr -125 "$IMMURE" exec "$ID" true
	assert_says 'not running detached'
}

@test "a terminal of the sandbox's own" {
	need script
	start -- sleep 1000
	run -5 script -qec "stty rows 33 cols 77; '$IMMURE' exec -it $ID sh -c 'tty; stty size; exit 5'" /dev/null </dev/null
	[[ $output == *"/dev/pts/"*"33 77"* ]]
	run -0 script -qec "stty rows 33 cols 77; for i in \$(seq 20); do '$IMMURE' exec -it $ID stty size; done" /dev/null </dev/null
	[ "$(grep -c '33 77' <<<"$output")" = 20 ]
}

@test "-d returns and lets it go on; otherwise it ends with who asked; all end with the run" {
	start -- sh -c "sleep 1000; : $TOKEN"
	run -0 "$IMMURE" exec -d "$ID" sh -c "touch /data/here; sleep 1000; : $TOKEN"
	for _ in $(seq 900); do [ ! -e "$WORK/here" ] || break; sleep 0.1; done
	[ -e "$WORK/here" ]
	run -124 timeout 1 "$IMMURE" exec "$ID" sleep 7000
	run -0 "$IMMURE" exec "$ID" ps ax
	[[ $output == *"touch /data/here"* ]]
	[[ $output != *"sleep 7000"* ]]
	run -0 "$IMMURE" stop --time 1 "$ID"
	assert_no_process
}

@test "as confined as the first program: ids, capabilities, filter, namespaces, limits, keyring (class 17)" {
	local what='grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Speculation|x86_Thread)" /proc/self/status
		cat /proc/self/limits /proc/self/cgroup; readlink /proc/self/ns/*; umask
		cat /proc/sys/user/max_user_namespaces; ls /proc /dev; ls -l /proc/self/fd | wc -l; hostname'
	start -- sh -c "$what >/data/first 2>&1; sleep 1000"
	for _ in $(seq 900); do [ -z "$(tail -n 1 "$WORK/first" 2>/dev/null)" ] || break; sleep 0.1; done
	"$IMMURE" exec "$ID" sh -c "$what >/data/second 2>&1" </dev/null >/dev/null 2>&1
	sed -i 's/^[0-9]*$//' "$WORK/first" "$WORK/second" # numbers of processes in /proc
	diff "$WORK/first" "$WORK/second"
	! grep -E '^Cap.*[1-9a-f]' "$WORK/second"
}

@test "what is refused is refused and in the record; so are start and end" {
	need python3
	start -- sleep 1000
	run -0 "$IMMURE" exec "$ID" python3 -c '
import ctypes, os, socket
for attempt in (lambda: socket.socket(socket.AF_ALG), lambda: os.open("/usr/x", os.O_CREAT | os.O_WRONLY),
                lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY), lambda: os.chroot("/"),
                lambda: os.setuid(12345)):
    try:
        attempt()
        print("done")
    except OSError:
        pass
'
	[ -z "$output" ]
	run -0 "$IMMURE" kill "$ID"
	run -137 "$IMMURE" wait "$ID"
	"$IMMURE" audit verify "$ID"
	grep -q '"kind":"enter","argv":\["python3"' "$XDG_STATE_HOME/immure/runs/$ID/events.jsonl"
	grep -q '"kind":"denied".*AF_ALG' "$XDG_STATE_HOME/immure/runs/$ID/events.jsonl"
	grep -q '"kind":"exit"' "$XDG_STATE_HOME/immure/runs/$ID/events.jsonl"
}

@test "however short a program is, it is on record who it was" {
	local i log
	start -- sleep 1000
	for i in $(seq 30); do run -0 "$IMMURE" exec "$ID" true; done
	run -0 "$IMMURE" kill "$ID"
	run -137 "$IMMURE" wait "$ID"
	log=$XDG_STATE_HOME/immure/runs/$ID/events.jsonl
	[ "$(grep -c '"kind":"enter"' "$log")" = 30 ]
	[ "$(grep '"kind":"enter"' "$log" | grep -c '"flags":0,"pid":[1-9][0-9]*,"source":"supervisor","uid":')" = 30 ]
	run "$IMMURE" audit check "$ID" --standard cis-docker-1.6 --format csv
	[[ $output == *'"5.23","nobody entered it with privileges","pass"'* ]]
	[[ $output == *'"5.24","nobody entered it as root","pass"'* ]]
}

@test "no folder of the host's by a descriptor or the working folder (class 2)" {
	local n
	start -- sleep 1000
	for n in $(seq 0 24) self cwd; do
		run --separate-stderr "$IMMURE" exec -w "/proc/self/fd/$n" "$ID" pwd </dev/null
		[ "$status" = 125 ]
		run --separate-stderr "$IMMURE" exec -w "/proc/1/fd/$n" "$ID" pwd </dev/null
		[ "$status" = 125 ]
	done
	run --separate-stderr -2 "$IMMURE" exec -w /proc/self/fd/0 "$ID" pwd <"$HOME_DIR"
	assert_says folder
	run -125 "$IMMURE" exec -w /proc/1/root "$ID" pwd
	run -0 "$IMMURE" exec "$ID" sh -c 'ls /proc/self/fd' </dev/null
	[ "$output" = $'0\n1\n2\n3' ] # the last is ls's own
}

@test "nothing of the runtime is to be had while others enter (classes 1 and 6)" {
	need python3
	local rounds=40 i before
	[ -z "${IMMURE_LONG-}" ] || rounds=1000
	printf '#!/proc/self/exe\n' >"$WORK/script"
	chmod 755 "$WORK/script"
	cat >"$WORK/race.py" <<'PY'
import os, sys
got = open("/data/got", "w", buffering=1)
me = str(os.getpid())
while True:
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid == me:
            continue
        try:
            exe = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            exe = None
        if exe and "immure" in exe:
            print("exe", pid, exe, file=got)
        if exe is None:
            # Not ours to look into: nothing else of it may open either.
            for name in ("mem", "exe", "root/etc/passwd", "cwd/.", "fd/3", "environ", "maps", "attr/exec"):
                for flags in (os.O_RDONLY, os.O_WRONLY):
                    try:
                        os.close(os.open(f"/proc/{pid}/{name}", flags))
                        # It may have become a program of ours meanwhile.
                        if name != "attr/exec" and os.readlink(f"/proc/{pid}/exe").find("immure") >= 0:
                            print("open", pid, name, file=got)
                    except OSError:
                        pass
        try:
            fd = os.open(f"/proc/{pid}/exe", os.O_WRONLY)
            print("writable", pid, file=got)
            os.write(fd, b"#!/bin/sh\n")
        except OSError:
            pass
PY
	# shellcheck disable=SC2016
	start -- sh -c 'python3 /data/race.py 2>/dev/null & python3 /data/race.py 2>/data/errors & sleep 1000'
	before=$(sha256sum "$(command -v "$IMMURE")")
	for i in $(seq "$rounds"); do
		run -0 "$IMMURE" exec "$ID" true
		run -126 "$IMMURE" exec "$ID" /data/script
		run -126 "$IMMURE" exec "$ID" /proc/self/exe
		run -127 "$IMMURE" exec "$ID" /proc/1/exe
	done
	[ "$before" = "$(sha256sum "$(command -v "$IMMURE")")" ]
	[ ! -s "$WORK/got" ] || { head "$WORK/got"; false; }
	[ -e "$WORK/got" ]
}

@test "another user neither reaches the monitor nor enters (class 45)" {
	[ "$(id -u)" = 0 ] || skip "needs root, to be another user"
	local user=immure-nosub
	id "$user" >/dev/null 2>&1 || skip_or_fail "there is no user $user"
	start -- sleep 1000
	chmod 711 "$HOME_DIR"
	run su -s /bin/sh "$user" -c "XDG_STATE_HOME='$XDG_STATE_HOME' '$IMMURE' exec $ID true"
	[ "$status" = 125 ]
	run find "$(command -v "$IMMURE")" -perm /6000
	[ -z "$output" ]
}

@test "a workload that stops, kills and starves those who enter harms itself alone" {
	need python3
	start --pids 64 -- python3 -c '
import os, signal, time
while True:
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) > 2:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass
'
	local i
	for i in $(seq 20); do
		run timeout 120 "$IMMURE" exec "$ID" sleep 0.1
		[ "$status" != 124 ]
	done
	run -0 "$IMMURE" stop --time 1 "$ID"
	"$IMMURE" audit verify "$ID"
}

@test "16 at once, and the next is told so" {
	local i
	start -- sleep 1000
	for i in $(seq 16); do "$IMMURE" exec -d "$ID" sleep 1000; done
	run --separate-stderr -125 "$IMMURE" exec "$ID" true
	[ -n "$stderr" ]
	"$IMMURE" kill "$ID"
	run -137 "$IMMURE" wait "$ID"
}
