# SPDX-License-Identifier: Apache-2.0
# Learning: a run becomes a policy, the policy runs the program again, and grants no more than that.

load common

setup() { common_setup; }
teardown() { common_teardown; }

@test "a learned policy runs the same program on another input, and no other program" {
	printf 'b\na\n' >"$WORK/one"
	printf 'd\nc\n' >"$WORK/two"
	on_host --learn "$HOME_DIR/sort.yaml" -- sort one
	run -0 on_host --policy "$HOME_DIR/sort.yaml" -- sort two
	[ "$output" = $'c\nd' ]
	run -126 on_host --policy "$HOME_DIR/sort.yaml" -- tac two
	[[ $output == *"Permission denied"* ]]
}

@test "what was not needed is not granted" {
	on_host --learn "$HOME_DIR/p.yaml" -- cat /etc/hostname
	run ! on_host --policy "$HOME_DIR/p.yaml" -- cat /etc/passwd
	run -0 "$IMMURE" policy show "$HOME_DIR/p.yaml"
	[[ $output != *"allow socket"* && $output != *fork* ]]
	# Nor is a kernel taken that cannot hold the rules on files.
	run -0 "$IMMURE" policy lint "$HOME_DIR/p.yaml"
	[[ $output != *files-not-required* ]]
}

@test "of a folder that was listed its names are granted, not what its files hold" {
	on_host --learn "$HOME_DIR/p.yaml" -- ls -l / /etc
	grep -q '^  - list /\*\*' "$HOME_DIR/p.yaml"
	run -0 on_host --policy "$HOME_DIR/p.yaml" -- ls -l / /usr
	cp "$HOME_DIR/p.yaml" more.yaml
	sed -i 's,^  - exec /usr/bin/ls,  - exec /usr/bin/ls /usr/bin/cat,' more.yaml
	run -1 on_host --policy "$HOME_DIR/more.yaml" -- cat /etc/hostname
	[[ $output == *"Permission denied"* ]]
	run -0 "$IMMURE" why --path /etc/hostname
	[[ $output == *"landlock (predicted): no rule grants it"*"- read /etc/hostname"* ]]
	run -0 "$IMMURE" policy prove more.yaml
	[[ $output == *"0 different"* ]]
	printf 'policy: 1\nfiles:\n  - list /etc\n' >alone.yaml
	run -2 "$IMMURE" policy check alone.yaml
	[[ $output == *":3:10: a folder cannot be listed alone"* ]]
}

@test "what /proc tells of the machine is named, what it tells of processes is not" {
	need free
	on_host --learn "$HOME_DIR/p.yaml" -- free
	grep -E '^  - read .*/proc/meminfo' p.yaml
	run ! grep -F '/proc/**' p.yaml
	run -0 on_host --policy "$HOME_DIR/p.yaml" -- free
	# Nothing there is granted to be written, and it is told.
	on_host --learn "$HOME_DIR/w.yaml" -- sh -c 'echo 0 >/proc/self/oom_score_adj; true'
	run ! grep -F 'write /proc' <(grep -v '^#' w.yaml)
	grep -x '#   write /proc/   (1 of 1 runs)' w.yaml
	on_host --learn "$HOME_DIR/q.yaml" -- cat /proc/self/status
	grep -E '^  - read .*/proc/\*\*' q.yaml
	run -0 on_host --policy "$HOME_DIR/q.yaml" -- cat /proc/self/comm
}

@test "merging knows no order, and a run counts once" {
	on_host --learn "$HOME_DIR/a.yaml" -- true
	on_host --learn "$HOME_DIR/b.yaml" -- ls /
	"$IMMURE" policy learn -o ab.yaml ./a.yaml.runs ./b.yaml.runs
	"$IMMURE" policy learn -o ba.yaml ./b.yaml.runs ./a.yaml.runs
	"$IMMURE" policy learn -o ba.yaml ./a.yaml.runs last
	cmp ab.yaml.runs ba.yaml.runs
	[ "$(grep -c '^run ' ab.yaml.runs)" = 2 ]
	diff <(grep -v '^name:' ab.yaml) <(grep -v '^name:' ba.yaml)
	grep -q 'why: 1 of 2 runs' ab.yaml
	"$IMMURE" policy check ab.yaml
	"$IMMURE" policy fmt --check ab.yaml
}

@test "a policy that somebody wrote is left alone" {
	printf 'policy: 1\nname: mine\nextends: [builtin/start]\n' >mine.yaml
	run -125 on_host --learn mine.yaml -- true
	[[ $output == *"was not learned"* ]]
	grep -q 'name: mine' mine.yaml
	run ! "$IMMURE" policy learn -o mine.yaml last
	grep -q 'name: mine' mine.yaml
}

@test "what the run's policy refuses is refused while learning, and stands as a comment" {
	need python3
	run -0 on_host --learn "$HOME_DIR/p.yaml" -- /usr/bin/python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare(0x10000000), ctypes.get_errno(), libc.ptrace(0, 0, 0, 0), ctypes.get_errno())'
	[[ $output == *"-1 1 -1 1"* ]]
	grep -q '^#   unshare' "$HOME_DIR/p.yaml"
	run ! grep -E 'allow.*(unshare|ptrace)' "$HOME_DIR/p.yaml"
}

@test "the program's exit status and signals pass through a learning run" {
	run -7 on_host --learn "$HOME_DIR/p.yaml" -- sh -c 'exit 7'
	run -143 on_host --learn "$HOME_DIR/p.yaml" -- sh -c 'kill -TERM $$'
	grep -q '^policy: 1' "$HOME_DIR/p.yaml"
}

@test "threads, processes and their files end in the limits" {
	need python3
	on_host --learn "$HOME_DIR/p.yaml" -- /usr/bin/python3 -c '
import threading, time
ts = [threading.Thread(target=time.sleep, args=(0.3,)) for _ in range(9)]
[t.start() for t in ts]; [t.join() for t in ts]'
	grep -q '^extends: .*builtin/start-threads' "$HOME_DIR/p.yaml"
	[ "$(sed -n 's/^peak tasks //p' "$HOME_DIR/p.yaml.runs")" -ge 10 ]
	run ! grep -q 'allow fork' "$HOME_DIR/p.yaml"
}

@test "a damaged record is refused with its place" {
	on_host --learn "$HOME_DIR/p.yaml" -- true
	sed -i '3s/.*/0 allow no_such_call/' p.yaml.runs
	run ! "$IMMURE" policy learn -o p.yaml last
	[[ $output == *"p.yaml.runs:3: expected"* ]]
}

@test "--until stops when enough is known, and gives up when asked to" {
	run -1 "$IMMURE" policy learn -o u.yaml --until 0.1% --max-runs 2 -- --host -- true
	[[ $output == *"not reached after 2 runs"* ]]
	[ "$(grep -c '^run ' u.yaml.runs)" = 2 ]
	run -0 "$IMMURE" policy learn -o u.yaml --until 99% -- --host -- ls -l /etc
	run -2 "$IMMURE" policy learn -o u.yaml --until nothing -- --host -- true
}

@test "a learning run whose policy cannot be written says so and keeps its record" {
	mkdir gone
	run -125 on_host --learn gone/p.yaml -v "$HOME_DIR/gone:/gone" -- sh -c 'mv /gone/x /gone/y 2>/dev/null; mkdir /gone/p.yaml'
	[[ $output == *"immure policy learn --output gone/p.yaml"* ]]
	run -0 "$IMMURE" policy learn -o kept.yaml last
}

@test "what a run-time system does to start is one name, and no call that was not needed" {
	need python3
	on_host --learn "$HOME_DIR/p.yaml" -- /usr/bin/python3 -c 'import subprocess, threading
t = threading.Thread(target=subprocess.run, args=[["/bin/true"]]); t.start(); t.join()'
	grep -x 'extends: \[builtin/start, builtin/start-python, builtin/start-processes, builtin/start-threads\]' p.yaml
	run ! grep -E 'clone|sysinfo|gettid' p.yaml
	run -0 on_host --policy "$HOME_DIR/p.yaml" -- /usr/bin/python3 -c 'import subprocess; subprocess.run(["/bin/true"])'
	# The same calls, one by one: nothing is granted besides.
	on_host --learn "$HOME_DIR/q.yaml" -- sh -c ':'
	grep -x 'extends: \[builtin/start, builtin/start-shell\]' q.yaml
	sed -e 's/, builtin.start-shell//' -e '/^limits/isyscalls:\n  - allow getcwd getuid geteuid getgid getegid getpid getppid' q.yaml >plain.yaml
	run -0 "$IMMURE" policy diff plain.yaml q.yaml
}

@test "a builtin policy that opens only what was needed is extended, another is not" {
	# All of builtin/glibc was used, and then all but one call of it.
	{
		printf 'immure learned 1\nrun a\n'
		{
			printf '0 allow fcntl cmd=0x%x\n' 0 1 2 3 4 5 6 7 8 9 36 37 38 1030 1031 1032 1033 1034
			printf '0 allow ioctl cmd=0x%x\n' $((0x5401)) $((0x5413)) $((0x541b)) $((0x5421)) $((0x5450)) $((0x5451))
			printf '0 allow mmap prot=0x%x\n0 allow mprotect prot=0x%x\n' 7 7 1 1
			"$IMMURE" policy show --effective builtin/glibc | awk '$1 == "allowed" { print "0 allow " $2 }'
		} | LC_ALL=C sort -k2 -u
	} >all.runs
	"$IMMURE" policy learn -o all.yaml all.runs
	grep -x 'extends: \[builtin/start, builtin/glibc\]' all.yaml
	"$IMMURE" policy check all.yaml
	grep -v ' allow sysinfo$' all.runs >less.runs
	"$IMMURE" policy learn -o less.yaml less.runs
	grep -x "extends: \[builtin/start, builtin/start-shell\]" less.yaml
	[ "$(grep -c . all.yaml)" -lt "$(grep -c . less.yaml)" ]
	# The smaller text opens the same calls.
	run "$IMMURE" policy diff less.yaml all.yaml
	[[ $output != *narrower* && $output != *"wider file"* && $output == *sysinfo* ]]
	cp all.yaml first.yaml
	"$IMMURE" policy learn -o all.yaml all.runs
	cmp all.yaml first.yaml
}

@test "the filter's order follows how often the runs made a call" {
	need python3
	cat >"$WORK/many.py" <<'EOF'
import fcntl, socket
for i in range(600):
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()
EOF
	on_host --learn "$HOME_DIR/p.yaml" -- /usr/bin/python3 many.py
	[ "$(sed -n 's/^often socket //p' p.yaml.runs)" -ge 600 ]
	cp p.yaml alone.yaml # without its record beside it: the usual order
	cost() { "$IMMURE" policy cost --json "$1" | jq '.[] | select(.call == "socket") | .least'; }
	[ "$(cost p.yaml)" -lt "$(cost alone.yaml)" ]
	run -0 "$IMMURE" policy diff p.yaml alone.yaml
	# Merging keeps the most that one run made, in any order.
	on_host --learn "$HOME_DIR/q.yaml" -- true
	"$IMMURE" policy learn -o pq.yaml ./p.yaml.runs ./q.yaml.runs
	"$IMMURE" policy learn -o qp.yaml ./q.yaml.runs ./p.yaml.runs
	cmp pq.yaml.runs qp.yaml.runs
	[ "$(grep '^often socket' pq.yaml.runs)" = "$(grep '^often socket' p.yaml.runs)" ]
	# What cannot be read is as if it were not there.
	echo rubbish >p.yaml.runs
	[ "$(cost p.yaml)" = "$(cost alone.yaml)" ]
	on_host --policy "$HOME_DIR/p.yaml" -- /usr/bin/python3 many.py
}
