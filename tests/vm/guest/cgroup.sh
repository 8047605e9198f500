#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits that a delegated cgroup holds; hogs of every kind, and the guest that stays responsive.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
top=/sys/fs/cgroup

# As systemd delegates: the folder and what stands in "delegate" belong to the user.
delegate() { # FOLDER
	mkdir -p "$1"
	chown 1234:1234 "$1"
	while read -r file; do chown 1234:1234 "$1/$file" 2>/dev/null; done </sys/kernel/cgroup/delegate
}

# in_group FOLDER COMMAND: as immure-test, started in that cgroup.
in_group() {
	(echo 0 >"$1/cgroup.procs" && exec su -s /bin/sh immure-test -c "cd && exec $2") 2>&1
}

answers() { # the guest does something else within a few seconds of its own clock
	local start end
	start=$(cut -d. -f1 /proc/uptime)
	ls -R /usr/bin >/dev/null && sh -c 'echo alive' | grep -q alive
	end=$(cut -d. -f1 /proc/uptime)
	test $((end - start)) -lt 60
}

says "nothing delegated: the ledger says so" "none delegated" as_user "immure run --dry-run --host -- true"
echo "+memory +pids +cpu +io" >$top/cgroup.subtree_control

# A slice of the user's with the launcher in a leaf of it.
delegate $top/slice
delegate $top/slice/leaf
says "a user's slice is found" "in $top/slice" in_group $top/slice/leaf "immure run --dry-run --host -- true"
# A service of its own: the launcher is alone in what is delegated to it.
delegate $top/service
says "a service with Delegate=yes is found" "in $top/service" in_group $top/service "immure run --dry-run --host -- true"
check "and works" in_group $top/service "immure run --host -- true"

# Whose subtree is somebody else's gets nothing from it.
mkdir $top/foreign
says "a folder of root's is not taken" "none delegated" in_group $top/foreign "immure run --dry-run --host -- true"

run() { in_group $top/slice/leaf "immure run $*"; }
says "memory.max is what the plan says" "memory.max 33554432" sh -c "$(declare -f in_group run); top=$top; run --memory 32MiB --host -- true; cat /home/immure-test/.local/state/immure/runs/*/evidence.json"
says "its peak is evidence" "memory.peak" cat /home/immure-test/.local/state/immure/runs/*/evidence.json

# pause: nothing inside runs, nobody enters, it goes on where it was, and stop ends it as it stands.
in_group $top/slice/leaf "immure run -d --name still --host -v /tmp:/data -- sh -c 'while :; do date +%N; sleep 0.05; done'"
logged() { in_group $top/slice/leaf "immure logs still" | wc -l; }
grows() { test "$before" -lt "$("$1")"; }
goes() { local before; before=$("$1"); await grows "$1"; }
stands() { local before; before=$("$1"); sleep 1; ! grows "$1"; }
check "it goes" goes logged
check "pause" in_group $top/slice/leaf "immure pause still"
check "it stands still" await stands logged # what it wrote before may be logged late
says "ps says so" "paused" in_group $top/slice/leaf "immure ps"
check "nobody enters meanwhile" sh -c "$(declare -f in_group); ! in_group $top/slice/leaf 'immure exec still true'"
check "unpause" in_group $top/slice/leaf "immure unpause still"
check "it goes on" goes logged
check "exec works again" in_group $top/slice/leaf "immure exec still true"
check "pause once more" in_group $top/slice/leaf "immure pause still"
check "stop ends what stands still" in_group $top/slice/leaf "immure stop --time 5 still"
says "and it is over" "done" in_group $top/slice/leaf "immure ps --all"

cat >/tmp/hog.py <<'Y'
import os, sys, time
kind = sys.argv[1]
if kind == "memory":
    held = []
    for n in range(200):
        held.append(bytearray(1 << 20))
    print("held", len(held))
elif kind == "shared":
    fd = os.open("/dev/shm/x", os.O_RDWR | os.O_CREAT)
    for n in range(200):
        os.write(fd, bytes(1 << 20))
    print("held 200")
elif kind == "forks":
    n = 0
    try:
        while n < 1000:
            if os.fork() == 0:
                time.sleep(1000)
            n += 1
    except OSError as why:
        print("stopped after", n, why.strerror)
elif kind == "cpu":
    start, used = time.monotonic(), time.process_time()
    while time.monotonic() < start + 4:
        pass
    print("share", (time.process_time() - used) / (time.monotonic() - start))
elif kind == "disk":
    import mmap
    block = mmap.mmap(-1, 1 << 18)
    fd = os.open("/disk/x", os.O_RDWR | os.O_CREAT | os.O_DIRECT)
    start = time.monotonic()
    for n in range(12):
        os.write(fd, block)
    print("seconds", time.monotonic() - start)
elif kind == "inotify":
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    n = 0
    while n < 100000 and libc.inotify_init() >= 0:
        n += 1
    print("instances", n)
Y
hog() { # KIND OPTION...
	local kind=$1
	shift
	run "$* --read /tmp/hog.py --host -- python3 /tmp/hog.py $kind"
}
export -f in_group run hog
export top

refuse "a memory hog ends" bash -c 'hog memory --memory 64MiB'
check "the guest answers" answers
refuse "memory in files of /dev/shm counts" bash -c 'hog shared --memory 64MiB'
says "a fork bomb stops at the limit" "stopped after" bash -c 'hog forks --pids 32'
check "the guest answers" answers
bash -c 'hog forks --pids 32' >/tmp/forks.out
check "and nothing of it is left" sh -c '! pidof python3'
bash -c 'hog cpu --cpus 0.2' >/tmp/cpu.out
share=$(sed -n 's/^share //p' /tmp/cpu.out)
check "a share of $share of a processor's time at 0.2" sh -c "echo '$share' | awk '{ exit !(\$1 > 0.01 && \$1 < 0.6) }'"
says "an inotify hog stops" "instances" bash -c 'hog inotify'
sed 's/instances/n/' /tmp/check.out >/tmp/inotify.out
check "at a count that leaves others some" sh -c "awk '/^n / { found = \$2 <= 64 } END { exit !found }' /tmp/inotify.out"
check "the guest answers" answers

# A disk with a file system: 3 MiB written past the page cache, without a limit and at 1 MiB a second.
dd if=/dev/zero of=/var/io-disk bs=1M count=16 2>/dev/null && losetup /dev/loop1 /var/io-disk
mke2fs -F /dev/loop1 >/dev/null 2>&1
mkdir -p /mnt/disk && mount -t ext4 /dev/loop1 /mnt/disk && chown 1234:1234 /mnt/disk
bound=$(bash -c 'hog disk -v /mnt/disk:/disk --io 1MiB' | sed -n 's/^seconds //p')
is_bound() { echo "$free $bound" | awk '{ exit !($2 > 1.5 && $2 > 2 * $1) }'; }
for _ in 1 2 3; do # a busy machine may be slow without a limit, too
	free=$(bash -c 'hog disk -v /mnt/disk:/disk' | sed -n 's/^seconds //p')
	is_bound && break
done
check "disks: 3 MiB in ${free}s without a limit, ${bound}s at 1 MiB/s" is_bound
says "the ledger names the cgroup" "in $top/slice" in_group $top/slice/leaf "immure run --io 1MiB --dry-run --host -- true"
says "without the controller the ledger says so" "disks are not limited" as_user "immure run --io 1MiB --dry-run --host -- true"

# All of a sandbox goes with it.
run "--host -- sh -c 'setsid sleep 1000 & exit 0'"
check "what a sandbox left behind is killed" sh -c '! pidof sleep'
check "its cgroup is gone" sh -c "! ls -d $top/slice/immure-* 2>/dev/null"

# Frozen by its owner: nothing moves, and it goes on afterwards.
run "--name frozen --host -- sh -c 'while :; do echo x; sleep 0.2; done'" >/tmp/frozen.out &
await test -s /tmp/frozen.out
group=$(ls -d $top/slice/immure-*)
check "freeze" su -s /bin/sh immure-test -c "echo 1 >$group/cgroup.freeze"
await grep "frozen 1" "$group/cgroup.events"
written() { wc -l </tmp/frozen.out; }
check "nothing moves while frozen" stands written
su -s /bin/sh immure-test -c "echo 0 >$group/cgroup.freeze"
check "and it goes on" goes written
check "cgroup.kill ends it" su -s /bin/sh immure-test -c "echo 1 >$group/cgroup.kill"
wait
