# SPDX-License-Identifier: Apache-2.0
# Why something was refused: which layer, which line, and adding that line.

load common

setup() {
	common_setup
	printf '# mine\npolicy: 1\nname: mine\nextends: [builtin/start]   # the base\nfiles:\n  - read,exec /usr/**   # programs\nsyscalls:\n  - allow getcwd    # why: asked\n\n# the end\nlimits:\n  pids: 20\n' >mine.yaml
}
teardown() { common_teardown; }

@test "--apply adds the line that allows a recorded denial, comments kept" {
	on_host --policy mine.yaml -- uname -n || true
	run -0 "$IMMURE" why d1
	[[ $output == *"to allow  under syscalls:  - allow uname"* ]]
	cp mine.yaml before.yaml
	run -0 "$IMMURE" why --apply d1
	[ "$(diff before.yaml mine.yaml | grep -c '^>')" = 1 ]
	[ "$(diff before.yaml mine.yaml | grep -c '^<')" = 0 ]
	grep -q '  - allow uname   # why: refused in run ' mine.yaml
	on_host --policy mine.yaml -- uname -n
}

@test "--apply adds the line for a path" {
	run ! on_host --policy mine.yaml -- cat /etc/hostname
	run -0 "$IMMURE" why --path /etc/hostname
	[[ $output == *"landlock (predicted)"* ]]
	"$IMMURE" why --apply --path /etc/hostname
	on_host --policy mine.yaml -- cat /etc/hostname
}

@test "--apply leaves a builtin and what no line would allow alone" {
	on_host -- unshare -U true || true
	run -125 "$IMMURE" why --apply d1
	[[ $output == *"builtin/default, which cannot be changed"* ]]
	run ! "$IMMURE" why --apply --path /home/x
	[[ $output == *"no line of a policy would allow it"* ]]
}

@test "a refused call whose arguments have their highest bit set leaves the record whole" {
	need python3
	on_host -- /usr/bin/python3 -c '
import ctypes
call = ctypes.CDLL(None).syscall
call.argtypes = [ctypes.c_long] * 7
call(101, -1, -2**63, -1, -1, -1, -1)'
	run -0 "$IMMURE" why d1
	[[ $output == "d1  ptrace("* ]]
	run "$IMMURE" audit show last
	[[ $output == *"chain   ok"* ]]
}

@test "--bisect confirms the layer by leaving out one at a time" {
	on_host --policy mine.yaml -- uname -n || true
	run -0 "$IMMURE" why --bisect d1
	[[ $output == *"confirmed seccomp"* ]]
	on_host --policy mine.yaml -- cat /usr/share/common-licenses/BSD >/dev/null
	run -0 "$IMMURE" why --bisect --path /etc/hostname
	[[ $output == *"confirmed landlock"* ]]
	run -0 "$IMMURE" why --bisect --path /home/x
	[[ $output == *"no single one"* ]]
	run -0 "$IMMURE" why --bisect --path /usr/share/common-licenses/BSD
	[[ $output == *"it goes through"* ]]
	run -0 "$IMMURE" why --bisect --connect 10.0.0.1:80
	[[ $output == *"confirmed seccomp"* ]]
}

@test "what makes no sense is wrong usage" {
	"$IMMURE" run --host -- true
	for args in '--op read' frob d d1x '--path etc' '--path /x --syscall mount'; do
		# shellcheck disable=SC2086
		run "$IMMURE" why $args
		[ "$status" -eq 2 ] || { echo "$args: $status $output" >&2; return 1; }
	done
	run "$IMMURE" why frob
	[[ $output == *"frob: expected dN, such as d1"* ]]
	run "$IMMURE" why d7
	[[ $output == *"has no denial d7"* ]]
}

@test "--connect tells the filter from the network" {
	on_host --policy mine.yaml -- cat /usr/share/common-licenses/BSD >/dev/null
	run -0 "$IMMURE" why --connect 10.0.0.1:443
	[[ $output == *"seccomp (predicted): socket is refused for AF_INET"* ]]
	on_host -- true
	run -0 "$IMMURE" why --connect '[2001:db8::1]:443'
	[[ $output == *"netns (predicted)"* ]]
	run -0 "$IMMURE" why --connect 127.0.0.1:80
	[[ $output == *"own loopback"* ]]
	run -2 "$IMMURE" why --connect nowhere
	run -2 "$IMMURE" why --connect 10.0.0.1:443 --path /x
}

@test "--json has the same for programs" {
	need jq
	on_host --policy mine.yaml -- uname -n || true
	run -0 "$IMMURE" why --json
	[ "$(jq -r '.denials[0] | .id + " " + .event.call' <<<"$output")" = "d1 uname" ]
	run -0 "$IMMURE" why d1 --json
	[ "$(jq -c '[.layer, .predicted, .refused, .line, .risk.level, .lineage]' <<<"$output")" = \
		'["seccomp",false,true,{"section":"syscalls","text":"allow uname"},"low",["uname"]]' ]
	run -0 "$IMMURE" why --json --path /home/x
	[ "$(jq -c '[.layer, .predicted, .line, .remedy]' <<<"$output")" = '["mounts",true,null,"--read PATH (PATH is /home/x)"]' ]
	run -0 "$IMMURE" why --json --path /usr/bin/true
	[ "$(jq -c '[.layer, .refused, .reason]' <<<"$output")" = "[null,false,\"the file's own mode and owner decide\"]" ]
	run -0 "$IMMURE" why --json --bisect --apply d1
	[ "$(jq -c '[.confirmed, .added, (.file | endswith("/mine.yaml"))]' <<<"$output")" = '["seccomp",true,true]' ]
	# What was explained is told, though there is no line to add.
	run --separate-stderr -125 "$IMMURE" why --json --apply --path /home/x
	[ "$(jq -r .layer <<<"$output")" = mounts ]
	assert_says 'no line of a policy would allow it'
}

@test "of a run that goes on nobody says which collector it has not" {
	local id
	id=$("$IMMURE" run -d --host -- sleep 1000)
	run -0 "$IMMURE" why --run "$id"
	[[ $output == *"Files that were refused are not among them"* ]]
	run -0 "$IMMURE" kill "$id"
	run -137 "$IMMURE" wait "$id"
}

@test "without a question the refused calls are listed; options may stand behind" {
	run "$IMMURE" run --host -- true
	run -0 "$IMMURE" why
	[[ $output == *"no refused call is recorded"*"immure why --path PATH"* ]]
	need python3
	run "$IMMURE" run --host -- /usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)'
	run -0 "$IMMURE" why
	[[ $output == *"d1  ptrace("*"immure why dN"* ]]
	run -0 "$IMMURE" why d1 --bisect
	[[ $output == *"confirmed"*"seccomp"* ]]
	run -2 "$IMMURE" why d1 d2
	run -0 "$IMMURE" policy show builtin/strict --json
	[[ $output == "{"* ]]
}

@test "a policy with lines missing is mended refusal by refusal, until its program runs" {
	need git
	"$IMMURE" run --learn full.yaml --host -v "$WORK:/data" -w /data -- git init -q learned
	# Without what writes and renames; the tree below /usr/share is only warned of.
	sed -E '/chmod/d; s/ (mkdir|rename)\b//g' full.yaml >git.yaml
	! cmp -s full.yaml git.yaml
	"$IMMURE" policy check git.yaml
	for ((left = 12; left > 0; left--)); do
		rm -rf "$WORK/again"
		on_host --policy git.yaml -- git init -q again && break
		run -0 "$IMMURE" why
		[[ $output == "d1  "* ]]
		run -0 "$IMMURE" why d1 --apply
		[[ $output == *"added to"* ]]
		"$IMMURE" policy check git.yaml
	done
	[ "$left" -gt 0 ]
	[ -f "$WORK/again/.git/HEAD" ]
	run -0 "$IMMURE" why
	[[ $output != *" rename("* ]]
	# What was added opens no set-id bits and no more than the learned policy did for files.
	run -0 "$IMMURE" policy lint git.yaml
	[[ $output != *set-id-bits* ]]
	"$IMMURE" policy fmt git.yaml | "$IMMURE" policy check -
}

@test "what --apply adds for chmod, mknod and clone is as narrow as what learning writes" {
	need python3
	printf 'policy: 1\nextends: [builtin/start, builtin/start-python]\nfiles:\n  - read,exec /usr/** /lib64/**\n  - read /etc/** /proc/**\nsyscalls:\n  - allow getcwd\n' >py.yaml
	on_host --policy py.yaml -- python3 -c '
import os
for call in (lambda: os.chmod("/data", 0o700), lambda: os.fork(), lambda: os.chmod("/data", 0o2700)):
    try: call()
    except OSError as e: print(e)'
	run -0 "$IMMURE" why d1
	[[ $output == *"- allow chmod if mode only {S_IFMT, 01777}"* ]]
	run -0 "$IMMURE" why d2
	[[ $output == *"- allow clone if flags only {"*CLONE_PIDFD* ]]
	run -0 "$IMMURE" why d2 --apply
	[[ $output == *"added to "*/py.yaml* ]]
	# Once is enough, and what is open needs no line.
	cp py.yaml once.yaml
	run -0 "$IMMURE" why d2 --apply
	[[ $output == *"is in "*/py.yaml* ]]
	cmp once.yaml py.yaml
	run ! "$IMMURE" why --syscall getcwd --apply
	[[ $output == *"nothing refuses it, so no line is missing"* ]]
	# Set-id bits are not what the usual line allows.
	run -0 "$IMMURE" why d3
	[[ $output == *"- allow chmod"* && $output != *"mode only"* ]]
}
