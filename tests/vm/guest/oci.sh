#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2015
# immure-oci where cgroup v2 has all controllers: limits, update, pause, device rules.
oci=/usr/bin/immure-oci
work=/run/oci
states=$work/states
base=/sys/fs/cgroup
n_ok=0 n_bad=0 n_skip=0
ok() { n_ok=$((n_ok + 1)); echo "ok $*"; }
bad() { n_bad=$((n_bad + 1)); echo "FAIL $*"; tail -n 3 $work/out 2>/dev/null; }
check() { # WHAT COMMAND...
	what=$1
	shift
	if "$@" >$work/out 2>&1; then ok "$what"; else bad "$what"; fi
}
refuse() { # WHAT TEXT COMMAND...
	what=$1 text=$2
	shift 2
	if "$@" >$work/out 2>&1; then bad "$what: not refused"; elif grep -q -- "$text" $work/out; then ok "$what"; else bad "$what: another error"; fi
}
is() { # WHAT WANTED GOT
	if [ "$2" = "$3" ]; then ok "$1"; else echo "wanted $2, got $3" >$work/out; bad "$1"; fi
}
run() { timeout 60 $oci --root $states "$@" </dev/null; }

mkdir -p $work
mount -t tmpfs none $work || exit 1
mkdir -p $work/b/rootfs/bin $work/b/rootfs/proc $work/b/rootfs/sys $work/b/rootfs/dev $work/b/rootfs/tmp $states
for place in /bin/busybox /usr/bin/busybox /busybox /vm/busybox; do [ -f $place ] && { cp $place $work/b/rootfs/bin/busybox; break; }; done
for name in sh cat sleep true echo dd head tail; do ln -s busybox $work/b/rootfs/bin/$name; done
[ -f $base/cgroup.controllers ] || mount -t cgroup2 none $base || { echo "FAIL no cgroup v2"; exit 1; }
(cd $work/b && $oci spec) || { echo "FAIL spec"; exit 1; }
# config PYTHON: change the bundle's config, `c`
config() {
	python3 - "$work/b/config.json" "$1" <<'PY'
import json, sys
path, change = sys.argv[1:]
c = json.load(open(path + '.base')) if __import__('os').path.exists(path + '.base') else json.load(open(path))
json.dump(c, open(path + '.base', 'w'))
c['ociVersion'] = '1.0.2'
c['process']['args'] = ['sleep', '300']
c['linux']['cgroupsPath'] = '/stage/c'
exec(change)
json.dump(c, open(path, 'w'))
PY
}
mount -o remount,nsdelegate none $base 2>/dev/null # as systemd has it
echo "controllers: $(cat $base/cgroup.controllers)"

config "c['linux']['resources'] = {'memory': {'limit': 67108864, 'swap': 67108864, 'reservation': 33554432}, 'pids': {'limit': 17}, 'cpu': {'quota': 50000, 'period': 100000, 'shares': 512}}"
check "create with limits" run create --bundle $work/b c1
is "memory.max" 67108864 "$(cat $base/stage/c/memory.max)"
is "memory.low" 33554432 "$(cat $base/stage/c/memory.low)"
is "pids.max" 17 "$(cat $base/stage/c/pids.max)"
is "cpu.max" "50000 100000" "$(cat $base/stage/c/cpu.max)"
is "cpu.weight" 20 "$(cat $base/stage/c/cpu.weight)"
check "start" run start c1
check "update by options" run update --memory 50331648 --memory-swap 50331648 --pids-limit 9 c1
is "its memory.max" 50331648 "$(cat $base/stage/c/memory.max)"
is "its pids.max" 9 "$(cat $base/stage/c/pids.max)"
echo '{"cpu": {"quota": 25000, "period": 100000}}' >$work/update
check "update by a file" run update --resources $work/update c1
is "its cpu.max" "25000 100000" "$(cat $base/stage/c/cpu.max)"
echo '{"pids": {"limit": 33}}' | timeout 60 $oci --root $states update --resources=- c1 >$work/out 2>&1 && ok "update from standard input" || bad "update from standard input"
is "pids.max after that" 33 "$(cat $base/stage/c/pids.max)"
check "pause" run pause c1
is "frozen" 1 "$(cat $base/stage/c/cgroup.freeze)"
run state c1 | grep -q '"paused"' && ok "state is paused" || bad "state is paused"
refuse "exec while paused" "is paused" run exec c1 true
check "resume" run resume c1
is "thawed" 0 "$(cat $base/stage/c/cgroup.freeze)"
check "exec again" run exec c1 true
is "exec is in the cgroup" "0::/" "$(run exec c1 cat /proc/self/cgroup)"
run events --stats c1 | grep -q '"limit":33' && ok "events tell limits" || bad "events tell limits"
run pause c1
check "delete --force of a paused one" run delete --force c1
[ ! -e $base/stage/c ] && ok "no cgroup is left" || bad "no cgroup is left"

config "c['linux']['resources'] = {'memory': {'limit': 16777216, 'swap': 16777216}}; c['process']['args'] = ['sh', '-c', 'head -c 100000000 /dev/zero | tail']; c['linux']['cgroupsPath'] = '/stage/oom'"
if run run --bundle $work/b oom >$work/out 2>&1; then bad "memory is limited"; else ok "memory is limited"; fi
config "c['linux']['resources'] = {'pids': {'limit': 3}}; c['process']['args'] = ['sh', '-c', 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait']; c['linux']['cgroupsPath'] = '/stage/pids'"
run run --bundle $work/b pids >$work/out 2>&1
grep -q "can't fork\|Resource temporarily" $work/out && ok "processes are limited" || bad "processes are limited"
config "c['linux']['resources'] = {'unified': {'none.max': '1'}}; c['linux']['cgroupsPath'] = '/stage/u'"
refuse "unified: what cannot be written" "none.max" run create --bundle $work/b u1
config "c['linux']['resources'] = {'unified': {'memory.high': '33554432'}}; c['linux']['cgroupsPath'] = '/stage/u'"
check "unified" run create --bundle $work/b u2
is "memory.high" 33554432 "$(cat $base/stage/u/memory.high)"
run delete --force u2

# A device that no driver serves here: allowed, it gives another error. Those that all have are always allowed.
rules="[{'allow': False, 'access': 'rwm'}, {'allow': True, 'type': 'c', 'major': 10, 'minor': 250, 'access': 'rw'}"
device="c['linux']['devices'] = [{'path': '/dev/odd', 'type': 'c', 'major': 10, 'minor': 250}]"
config "$device; c['linux']['resources'] = {'devices': $rules]}; c['process']['args'] = ['sh', '-c', 'cat /dev/odd; echo x >/dev/odd']"
run run --bundle $work/b d1 >$work/out 2>&1
grep -q "not permitted" $work/out && bad "the last one that fits decides" || ok "the last one that fits decides"
config "$device; c['linux']['resources'] = {'devices': $rules, {'allow': False, 'type': 'c', 'major': 10, 'minor': 250, 'access': 'w'}]}; c['process']['args'] = ['sh', '-c', 'cat /dev/odd; echo x >/dev/odd']"
run run --bundle $work/b d2 >$work/out 2>&1
[ "$(grep -c "not permitted" $work/out)" = 1 ] && ok "device rules in their order" || bad "device rules in their order"
config "c['linux']['resources'] = {'devices': $rules]}; c['process']['capabilities'] = {s: ['CAP_MKNOD'] for s in ('bounding', 'effective', 'permitted')}; c['root']['readonly'] = False; c['process']['args'] = ['sh', '-c', 'busybox mknod /tmp/m c 1 1 2>&1; cat /tmp/m 2>&1 | head -c 300']"
run run --bundle $work/b d3 >$work/out 2>&1
# As in other runtimes a node of any device can be made; what it leads to cannot be opened.
grep -qE "/tmp/m.*(not permitted|denied)" $work/out && ok "a node of a device that is not allowed opens nothing" || bad "a node of a device that is not allowed opens nothing: $(cat $work/out)"

# No systemd runs here: tests/stages/74-oci-systemd has one.
config "c['linux']['cgroupsPath'] = '/not/of/that/form'"
refuse "--systemd-cgroup with another form" "SLICE:PREFIX:NAME" run --systemd-cgroup create --bundle $work/b s2
is "nothing is left" "" "$(ls $states)"
echo "$n_ok passed, $n_bad failed, $n_skip skipped"
[ $n_bad = 0 ]
