#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mode: audit: the rules refuse nothing, everything that they would is on record, the floor stays.

load common

setup() {
	common_setup
	cat >strict.yaml <<'EOF'
policy: 1
name: acme/try
mode: enforce
extends: [builtin/start]
files:
  - read,exec /usr/** /bin/**
  - deny /etc/passwd
syscalls:
  - allow fstat newfstatat getcwd getuid geteuid getgid getegid getpid getppid rt_sigaction vfork clone wait4 dup2 fcntl uname fadvise64 getrandom
  - allow ioctl if cmd in {TCGETS, TIOCGWINSZ}
require: [seccomp, landlock]
EOF
	sed 's/^mode: enforce/mode: audit/' strict.yaml >audit.yaml
}
teardown() { common_teardown; }

refusals() { "$IMMURE" audit show --json last | jq -r '.events[] | select(.kind == "would-deny") | "\(.layer) \(.text)"'; }

@test "what the rules refuse goes on and is recorded, by layer" {
	run ! "$IMMURE" run --host --policy strict.yaml -- cat /etc/hostname
	run ! "$IMMURE" run --host --policy strict.yaml -- cat /etc/passwd
	run ! "$IMMURE" run --host --policy strict.yaml -- setarch -R true
	run -0 "$IMMURE" run --host --policy audit.yaml -- sh -c 'cat /etc/hostname /etc/passwd; echo kept >/tmp/x; cat /tmp/x; mkdir /tmp/d; rm /tmp/x; setarch -R true'
	[[ $output == *"$(cat /etc/hostname)"*"root:"*kept* ]]
	refusals >seen
	grep '^landlock read /etc/hostname by open' seen
	grep '^landlock read /etc/passwd by open' seen
	# What the command line and the sandbox itself make writable is granted.
	! grep '^landlock [a-z]* /tmp' seen
	grep '^seccomp personality' seen
	# What the rules grant is not on record.
	! grep -E '^landlock [a-z]+ /usr/|^landlock exec /bin|^seccomp (read|newfstatat)' seen
	"$IMMURE" audit show --json last | jq -e '[.events[] | select(.kind == "denied")] == []'
	"$IMMURE" audit verify last
}

@test "the floor stays" {
	need python3
	cat >"$WORK/try.py" <<'EOF'
import ctypes, socket
libc = ctypes.CDLL(None, use_errno=True)
def error(result):
    return ctypes.get_errno() if result < 0 else 0
assert error(libc.unshare(0x10000000)) == 1            # CLONE_NEWUSER
assert error(libc.ptrace(0, 0, 0, 0)) == 1
assert error(libc.mount(b"a", b"/tmp", b"tmpfs", 0, None)) == 1
assert error(libc.syscall(425, 1, 0)) in (1, 38)       # io_uring_setup
assert error(libc.syscall(321, 0, 0, 0)) == 1          # bpf
assert error(libc.mknod(b"/tmp/n", 0o20600, 0x103)) == 1
assert error(libc.ioctl(0, 0x5412, b"x")) == 1         # TIOCSTI
for family in 16, 1, 2, 10:
    socket.socket(family, socket.SOCK_RAW if family == 16 else socket.SOCK_STREAM).close()
for family in 17, 38, 40:                              # AF_PACKET, AF_ALG, AF_VSOCK
    try:
        socket.socket(family, socket.SOCK_RAW if family == 17 else 5)
        raise SystemExit(f"family {family} is open")
    except PermissionError:
        pass
try:
    open("/usr/immure", "w")
    raise SystemExit("the root is writable")
except OSError as e:
    assert e.errno == 30, e
EOF
	run -0 "$IMMURE" run --host --read "$WORK" --policy audit.yaml -- python3 "$WORK/try.py"
	"$IMMURE" audit show --json last | jq -e '[.events[] | select(.kind == "denied") | .call] | contains(["unshare", "ptrace", "mount", "bpf", "ioctl", "socket"])'
}

@test "it is a weakening in the ledger, in verdicts, in lint and in a diff" {
	run -0 "$IMMURE" run --host --policy audit.yaml -- true
	[[ $output == *"warning: degraded: seccomp: mode audit"* ]]
	run "$IMMURE" audit check last
	[[ $output == *"(mode: audit, nothing is refused by its rules)"* ]]
	[[ $output == *FAIL*"CIS 5.22"*"but mode: audit"* ]]
	[[ $output == *"WEAK    landlock  mode audit"* ]]
	[[ $output != *"--allow-degraded"* ]]
	run ! "$IMMURE" policy lint --fail-on medium audit.yaml
	[[ $output == *"[mode-audit]"* ]]
	run -1 "$IMMURE" policy diff --forbid-widening strict.yaml audit.yaml
	[[ $output == *"wider mode:"* && $output != *"syscall"* ]]
	run -0 "$IMMURE" policy diff --forbid-widening audit.yaml strict.yaml || [ "$status" -eq 0 ]
	run -0 "$IMMURE" policy prove audit.yaml
	[[ $output == *"0 different"* ]]
	run -0 "$IMMURE" policy fmt audit.yaml
	[[ $(cat audit.yaml) == *"mode: audit"* ]]
}

@test "why explains what went on" {
	run -0 "$IMMURE" run --host --policy audit.yaml -- cat /etc/hostname
	number=$("$IMMURE" audit show --json last | jq '[.events[] | select(.kind == "would-deny") | .layer] | index("landlock") + 1')
	run -0 "$IMMURE" why "d$number"
	[[ $output == "read /etc/hostname: it went on (mode: audit)"* ]]
	run -0 "$IMMURE" why --syscall personality
	[[ $output == *"recorded, and goes on (mode: audit)"* ]]
}

@test "a target that has no such mode is not written, and the mode is not inherited" {
	for target in oci systemd; do
		run -2 "$IMMURE" policy export "$target" audit.yaml
		[[ $output == *"mode: audit"* ]]
	done
	run -0 "$IMMURE" policy export apparmor audit.yaml
	[[ $output == *complain* ]]
	printf 'policy: 1\nextends: [audit.yaml]\n' >child.yaml
	run ! "$IMMURE" run --host --policy child.yaml -- setarch -R true
	printf 'policy: 1\nmode: perhaps\n' >bad.yaml
	run -2 "$IMMURE" policy check bad.yaml
	[[ $output == *"bad.yaml:2:7: mode \"perhaps\"; expected enforce or audit"* ]]
}
