#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real programs, unmodified, under builtin/default.

load common

setup() {
	common_setup
}

teardown() {
	common_teardown
}

@test "python3: sqlite, threads, processes, sockets" {
	need python3
	cp "$DIR/workloads/work.py" "$WORK/"
	run -0 on_host -- /usr/bin/python3 work.py
	[[ $output == *"sqlite 5000 threads 8 processes 4 sockets 65536 files 100 done"* ]]
}

@test "node: files, workers, streams" {
	need node
	cp "$DIR/workloads/work.js" "$WORK/"
	run -0 on_host -- node work.js
	[[ $output == *"files 100 workers 2 zlib ok spawn ok timers ok"* ]]
}

@test "git: clone of a local repository, log, commit" {
	need git
	git init -q "$HOME_DIR/repo"
	git -C "$HOME_DIR/repo" config user.email a@example.com
	git -C "$HOME_DIR/repo" config user.name A
	for i in $(seq 50); do echo "$i" >"$HOME_DIR/repo/f$i"; done
	git -C "$HOME_DIR/repo" add . && git -C "$HOME_DIR/repo" commit -qm first
	run -0 on_host -v "$HOME_DIR/repo:/src:ro" -- sh -ec '
		export HOME=/data
		git config --global user.email b@example.com
		git config --global user.name B
		git config --global --add safe.directory "*"
		git clone -q /src copy
		cd copy
		echo more >> f1
		git commit -qam second
		git log --oneline | wc -l
		git fsck --strict'
	[[ ${lines[0]} == 2 ]]
	[ "$(git -C "$WORK/copy" -c safe.directory='*' rev-list --count HEAD)" = 2 ]
}

@test "gcc and make: a small project" {
	need gcc make
	cp -r "$DIR/workloads/project" "$WORK/"
	run -0 on_host -- make -C project -j2
	# What was built runs outside, and in a volume that is marked for it.
	[ "$("$WORK/project/sum" 1 2 3)" = 6 ]
	run -0 on_host -v "$WORK/project:/built:ro,exec" -- /built/sum 4 5
	[ "$output" = 9 ]
}

@test "sqlite3: a database in a volume" {
	need sqlite3
	run -0 on_host -- sqlite3 t.db "PRAGMA journal_mode=WAL; CREATE TABLE t(a);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10000)
		INSERT INTO t SELECT i FROM n; SELECT sum(a) FROM t; PRAGMA integrity_check;"
	[[ $output == *50005000* && $output == *ok* ]]
}

@test "openssl: digests, ciphers, keys" {
	need openssl
	head -c 1000000 /dev/urandom >"$WORK/in"
	run -0 on_host -- sh -ec '
		openssl dgst -sha256 -r in
		openssl enc -aes-256-cbc -pbkdf2 -k pw -in in -out enc
		openssl enc -d -aes-256-cbc -pbkdf2 -k pw -in enc -out dec
		cmp in dec
		openssl genpkey -algorithm ed25519 -out key
		openssl pkey -in key -pubout -out pub
		openssl pkeyutl -sign -rawin -in dec -inkey key -out sig 2>/dev/null ||
			{ head -c 1000 in >small; openssl pkeyutl -sign -rawin -in small -inkey key -out sig; }
		test -s sig'
	[ "${lines[0]%% *}" = "$(sha256sum "$WORK/in" | cut -d' ' -f1)" ]
}

@test "tar and xz: there and back" {
	need tar xz
	mkdir "$WORK/tree"
	for i in $(seq 200); do head -c "$((i * 37))" /dev/urandom >"$WORK/tree/$i"; done
	run -0 on_host -- sh -ec 'tar -cf - tree | xz -T2 > t.xz; mkdir out; xz -dc t.xz | tar -xf - -C out'
	diff -r "$WORK/tree" "$WORK/out/tree"
}

@test "busybox: shell pipelines" {
	need busybox
	run -0 on_host -- busybox sh -c '
		seq 1 10000 | grep 7 | sort -rn | awk "{s+=\$1} END {print s}"
		for i in 1 2 3 4 5; do (echo $i) & done; wait
		echo "a b c" | tr " " "\n" | xargs -n1 echo | wc -l'
	expected=$(seq 1 10000 | grep 7 | awk '{s+=$1} END {print s}')
	[ "${lines[0]}" = "$expected" ]
	[ "${lines[-1]}" = 3 ]
}

@test "a program that forks 1,000 times" {
	run -0 on_host -- busybox sh -c 'i=0; while [ $i -lt 1000 ]; do (exit 3) || i=$((i+1)); done; echo $i'
	[ "$output" = 1000 ]
}

@test "1,000 processes at once, where the limit permits, and never more than it" {
	need python3
	cp "$DIR/workloads/forks.py" "$WORK/"
	run -0 on_host --pids 1100 -- /usr/bin/python3 forks.py 1000
	[ "$output" = "1000 at once" ]
	run on_host --pids 64 -- /usr/bin/python3 forks.py 1000
	[[ $output =~ ^([0-9]+)" refused: EAGAIN"$ ]]
	[ "${BASH_REMATCH[1]}" -lt 64 ]
}

@test "Debian in a root of its own" {
	local root=$HOME_DIR/debian tarball=${IMMURE_DEBIAN_TAR:-$HOME_DIR/debian.tar}
	if [ ! -s "$tarball" ]; then
		need mmdebstrap
		local mode=unshare
		[ "$(id -u)" != 0 ] || mode=root
		timeout 300 mmdebstrap --mode=$mode --variant=essential --format=tar \
			--skip=output/dev bookworm - >"$tarball" 2>"$HOME_DIR/log" ||
			skip_or_fail "mmdebstrap: $(tail -1 "$HOME_DIR/log")"
	fi
	mkdir "$root"
	tar -xf "$tarball" -C "$root" --no-same-owner --exclude='./dev/*'
	run -0 "$IMMURE" run --rootfs "$root" -v "$WORK:/data" -- /bin/bash -ec '
		. /etc/os-release; echo "$ID"
		dpkg -l | grep -c ^ii
		perl -e "print 6 * 7, qq(\n)"
		tar -cf /data/etc.tar /etc/hostname /etc/os-release 2>/dev/null || tar -cf /data/etc.tar /etc/os-release
		touch /should-not-be 2>/dev/null && exit 9
		id -u'
	[ "${lines[0]}" = debian ]
	[ "${lines[1]}" -gt 20 ]
	[ "${lines[2]}" = 42 ]
	[ "${lines[3]}" != 0 ]
	[ -s "$WORK/etc.tar" ]
}

@test "what is written to a --writable root is thrown away" {
	need busybox
	mkdir -p "$HOME_DIR/root/bin"
	cp "$(command -v busybox)" "$HOME_DIR/root/bin/sh"
	run -0 "$IMMURE" run --rootfs "$HOME_DIR/root" --writable --user 0 -- /bin/sh -c 'echo x >/new && cat /new'
	[ "$output" = x ]
	[ ! -e "$HOME_DIR/root/new" ]
	run -1 "$IMMURE" run --rootfs "$HOME_DIR/root" --user 0 -- /bin/sh -c 'echo x >/new'
}

@test "64 MiB through a pipe, both ways, without loss" {
	head -c $((64 << 20)) /dev/urandom >"$HOME_DIR/big"
	local want
	want=$(sha256sum <"$HOME_DIR/big")
	[ "$(on_host -- cat <"$HOME_DIR/big" | sha256sum)" = "$want" ]
	# shellcheck disable=SC2002 # a pipe is the point
	[ "$(cat "$HOME_DIR/big" | on_host -- cat | cat | sha256sum)" = "$want" ]
	[ "$(on_host -- sh -c 'cat >&2' <"$HOME_DIR/big" 2>&1 >/dev/null | sha256sum)" = "$want" ]
}

@test "exit statuses" {
	need perl
	run -0 on_host -- true
	run -3 on_host -- sh -c 'exit 3'
	run -255 on_host -- sh -c 'exit 255'
	# Of itself, by a signal or by a fault: as if there were no sandbox.
	run -143 on_host -- sh -c 'kill -TERM $$'
	run -137 on_host -- sh -c 'kill -KILL $$'
	run -134 on_host -- perl -e 'use POSIX; POSIX::abort()'
	run -139 on_host -- perl -e 'kill "SEGV", $$'
	run -143 on_host -- sh -c 'sh -c "kill -TERM \$\$"; exit $?'
	run -126 on_host -- /etc/passwd
	run -126 on_host -- /usr
	run -127 on_host -- /no/such/program
	run -127 on_host -- no-such-program
	run -125 "$IMMURE" run --rootfs /no/such/root -- true
	run -2 "$IMMURE" run --no-such-option
}

# Start a workload, wait for its "ready", send it a signal, give its exit status.
signal_status() {
	local signal=$1 program=$2 pid status=0 i
	mkfifo "$HOME_DIR/out"
	# A background job of a script has SIGINT ignored, which a child keeps: undo that.
	perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec @ARGV' \
		"$IMMURE" run --host -- sh -c "$program" >"$HOME_DIR/out" 2>"$HOME_DIR/err" 3>&- &
	pid=$!
	exec 7<"$HOME_DIR/out"
	read -r -t 10 i <&7
	[ "$i" = ready ]
	kill "-$signal" "$pid"
	wait "$pid" || status=$?
	cat <&7 >"$HOME_DIR/rest"
	exec 7<&-
	rm "$HOME_DIR/out"
	echo "$status"
}

@test "signals are forwarded to a workload that handles them" {
	need perl
	local signal
	for signal in INT TERM HUP USR1 QUIT; do
		[ "$(signal_status $signal "trap 'echo got; exit 42' $signal; echo ready; while :; do sleep 0.05; done")" = 42 ]
		[ "$(cat "$HOME_DIR/rest")" = got ]
	done
}

@test "signals end a workload that does not handle them" {
	need perl
	[ "$(signal_status TERM 'echo ready; while :; do sleep 0.05; done')" = 143 ]
	[ "$(signal_status INT 'echo ready; while :; do sleep 0.05; done')" = 130 ]
	[ "$(signal_status HUP 'echo ready; while :; do sleep 0.05; done')" = 129 ]
}

@test "a terminal: size, resize, control-c, exit status" {
	need python3
	run -0 /usr/bin/python3 "$DIR/workloads/terminal.py" "$IMMURE"
	[ "$output" = "size 40 100, resized 33 77, interrupted, own terminal, status 5" ]
}

@test "a terminal has its size when the program begins" {
	need script
	run -0 script -qec "stty rows 33 cols 77; for i in \$(seq 20); do '$IMMURE' run --host -it -- stty size; done" /dev/null </dev/null
	[ "$(grep -c '33 77' <<<"$output")" = 20 ]
}

@test "--wall ends a program in time" {
	local start=$SECONDS
	run on_host --wall 1s -- sleep 60
	[ "$status" -ne 0 ]
	[ "$status" -ne 125 ]
	[ $((SECONDS - start)) -lt 10 ]
	run on_host --wall 1s -- sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done'
	[ "$status" -ne 0 ]
	[ $((SECONDS - start)) -lt 20 ]
	run -0 on_host --wall 30s -- true
}

@test "--memory holds" {
	need python3
	run -0 on_host --memory 256MiB -- /usr/bin/python3 -c 'print(len(bytes(32 << 20)))'
	run on_host --memory 256MiB -- /usr/bin/python3 -c 'x = bytearray(1 << 30); print("had it")'
	[ "$status" -ne 0 ]
	[[ $output != *"had it"* ]]
}

@test "standard input, output and error may be closed" {
	run -0 bash -c "'$IMMURE' run --host -- sh -c 'echo fine' <&-"
	[ "$output" = fine ]
	run bash -c "'$IMMURE' run --host -- sh -c 'exit 4' >&-"
	[ "$status" = 4 ]
	run bash -c "'$IMMURE' run --host -- sh -c 'exit 4' 2>&-"
	[ "$status" = 4 ]
	run bash -c "'$IMMURE' run --host -- sh -c 'exit 4' <&- >&- 2>&-"
	[ "$status" = 4 ]
}

@test "a reader that goes away ends the writer" {
	run -0 bash -c "set -o pipefail; '$IMMURE' run --host -- yes 2>/dev/null | head -1; [ \${PIPESTATUS[0]} = 141 ]"
	[ "${lines[0]}" = y ]
}

@test "end of input is passed on at once" {
	run -0 bash -c "printf 'a\nb\n' | '$IMMURE' run --host -- wc -l"
	[ "${output// /}" = 2 ]
	run -0 bash -c "'$IMMURE' run --host -- wc -c </dev/null"
	[ "${output// /}" = 0 ]
}

@test "a large environment and many arguments" {
	local big
	big=$(head -c 100000 /dev/zero | tr '\0' x)
	run -0 on_host --env "BIG=$big" -- sh -c 'echo ${#BIG}'
	[ "$output" = 100000 ]
	local words=()
	mapfile -t words < <(seq 5000)
	run -0 on_host -- sh -c 'echo $#' sh "${words[@]}"
	[ "$output" = 5000 ]
	# A variable that was not named does not cross.
	export NOT_NAMED=1
	run -0 on_host -- env
	[[ $output != *NOT_NAMED* ]]
	run -0 on_host --env NOT_NAMED -- env
	[[ $output == *NOT_NAMED=1* ]]
	printf 'A=1\n# a remark\nB=two words\n' >"$HOME_DIR/env"
	run -0 on_host --env-file "$HOME_DIR/env" -- sh -c 'echo "$A $B"'
	[ "$output" = "1 two words" ]
}
