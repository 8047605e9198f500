#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# labels.sh apparmor|selinux: what the module refuses by itself, proved; and a program that enters a sandbox later has the
# label of the first one, or is not started.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
module=$1
policy=/tmp/required.yaml
printf 'policy: 1\nname: t/required\nextends: [builtin/default]\nrequire: [%s]\n' "$module" >$policy
attr=/proc/self/attr/current
if [ "$module" = apparmor ]; then
	attr=/proc/self/attr/apparmor/current
	immure setup apparmor >/dev/null || fail "setup"
fi

# With the module left out, its probes come out otherwise, and no others do.
proved=/vm/tests/vm/guest/selinux/proved.yaml
if [ "$module" = apparmor ]; then sed 's/selinux/apparmor/' $proved >/tmp/proved.yaml && proved=/tmp/proved.yaml; fi
check "policy prove: all is as predicted" as_user "immure policy prove --json $proved >proof"
check "... without the module something is not" as_user "! immure policy prove --json --without $module $proved >without"
python3 - "$module" >/tmp/prove.out 2>&1 <<'P'
import json, sys
proof, without = (json.load(open(f"/home/immure-test/{name}"))["probes"] for name in ("proof", "without"))
own = {p["what"] for p in proof if p["layer"] == sys.argv[1] and p["outcome"] == "as predicted"}
flipped = {p["what"] for p in without if p["outcome"] == "DIFFERENT"}
print(len(own), "probes;", "all flip, no others" if own == flipped and own else f"differ: {sorted(own ^ flipped)}")
P
check "... its probes and no others: $(cat /tmp/prove.out)" grep -qE '([6-9]|[0-9]{2,}) probes; all flip' /tmp/prove.out

label_of() { # COMMAND LINE: of the process that has it, read from outside as soon as it is there
	await process "$1"
	tr -d '\0' <"${attr/self/$(process "$1")}"
}
begin() { # NAME SECONDS: a sandbox in the background; its first program's label is left in $first
	check "$1 runs" as_user "immure run -d --name $1 --policy $policy --host -- sleep $2"
	first=$(label_of "sleep $2")
}
entered() { # SECONDS OPTION... NAME: label of a program that enters
	as_user "immure exec ${*:2} sleep $1" >/dev/null 2>&1 &
	label_of "sleep $1"
	kill "$(process "sleep $1")"
	wait
}

begin one 12345
one=$first
begin two 12346
if [ "$module" = apparmor ]; then
	profiles=/sys/kernel/security/apparmor/policy/namespaces/immure-1234/profiles
	check "the second launcher takes the profile of the first for no leftover" test "$(find $profiles -name 'immure-*' | wc -l)" -eq 2
fi
check "two sandboxes of one policy have two labels: $one, $first" test -n "$one" -a "$one" != "$first"
is() { check "$1" test "$2" = "$3"; }
is "a program that enters has the label of the first" "$one" "$(entered 201 one)"
is "... and in the other that one's" "$first" "$(entered 202 two)"
is "... the second one, too, with another folder" "$one" "$(entered 203 -w /tmp one)"
is "... in a terminal" "$one" "$(entered 206 -t one)"
refuse "it gets no other label" as_user "immure exec one sh -c 'cat $attr >${attr/current/exec}'"
pid=$(process "sleep 12346")
refuse "it cannot signal the other sandbox" as_user "immure exec one kill -0 $pid"

# The same of the OCI runtime: the label of the configuration, also for what enters, unless that asks for its own.
oci() { timeout 60 immure-oci --root /run/oci/states "$@" </dev/null; }
bundle=/run/oci/bundle
mkdir -p /run/oci && mount -t tmpfs none /run/oci && mkdir -p /run/oci/states $bundle/rootfs/{bin,proc,sys,dev,tmp}
[ -f /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 none /sys/fs/cgroup
cp /usr/bin/busybox $bundle/rootfs/bin/ && ln -s busybox $bundle/rootfs/bin/sleep && ln -s busybox $bundle/rootfs/bin/true
(cd $bundle && immure-oci spec)
if [ "$module" = apparmor ]; then
	key=apparmorProfile want=guest-oci other=guest-other option=--apparmor bad=guest-none mode=" (enforce)"
	printf 'profile %s flags=(attach_disconnected) { file, network, capability, signal, }\n' $want $other |
		apparmor_parser --config-file /dev/null -K -r || fail "profiles"
else
	key=selinuxLabel want=unconfined_u:unconfined_r:immure_any_t:s0:c5,c6 option=--process-label mode=
	other=${want/c5,c6/c7,c8} bad=unconfined_u:unconfined_r:no_such_t:s0
	find $bundle/rootfs -print0 | xargs -0 /vm/tests/vm/guest/label.py immure_root_t
fi
configure() { # LABEL: of the bundle's first program
	python3 - $bundle/config.json $key "$1" <<-'P'
		import json, sys
		path, key, label = sys.argv[1:]
		config = json.load(open(path))
		config["process"].update({"args": ["sleep", "12400"], key: label})
		json.dump(config, open(path, "w"))
	P
}
oci_entered() { # SECONDS OPTION...: label of a program that enters the container
	oci exec "${@:2}" c1 sleep "$1" >/dev/null 2>&1 &
	label_of "sleep $1"
	kill "$(process "sleep $1")"
	wait
}
configure "$bad"
refuse "OCI: a label that cannot be set: not created, or not started" bash -c "$(declare -f oci); oci create --bundle $bundle c0 && oci start c0"
oci delete --force c0 >/dev/null 2>&1
configure "$want"
check "OCI: a container with a label" bash -c "$(declare -f oci); oci create --bundle $bundle c1 && oci start c1"
is "OCI: the first program has it" "$want$mode" "$(label_of "sleep 12400")"
is "OCI: exec has it, too" "$want$mode" "$(oci_entered 301)"
is "OCI: exec with a label of its own" "$other$mode" "$(oci_entered 302 $option "$other")"
refuse "OCI: exec with a label that cannot be set" oci exec $option "$bad" c1 true
check "OCI: without one it works" oci exec c1 true
oci delete --force c1

if [ "$module" = apparmor ]; then
	profile=${one##*:}
	says "a profile is removed under a running sandbox" "removed" su -s /bin/sh immure-nosub -c "python3 /vm/tests/vm/guest/attack.py ${profile%% *} 1234 remove"
else
	check "a policy without our modules is loaded under a running sandbox" /vm/tests/vm/guest/load_policy.py /vm/plain-policy
fi
refuse "then nobody enters: the label cannot be set" as_user "immure exec one true"
# shellcheck disable=SC2016
begun=$(as_user 'for i in $(seq 50); do immure exec one echo begun && echo good; done' 2>/tmp/refused)
is "... not even for the time that a short program takes" "" "$begun"
if [ "$module" = apparmor ]; then says "... which is explained" "somebody removed the AppArmor profile" cat /tmp/refused; fi
as_user "immure stop -t 0 one two" >/dev/null
if [ "$module" = apparmor ]; then check "no profile is left" test -z "$(ls "$profiles")"; fi
