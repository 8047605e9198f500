#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits of volumes where the file system keeps project quotas; root's volumes where owners cannot be mapped.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
mkdir -p /mnt
export XDG_DATA_HOME=/mnt/data

# A file system of the kind with project quotas, on /mnt.
have() { # FS
	umount /mnt 2>/dev/null
	losetup -d /dev/loop1 2>/dev/null
	case $1 in
	ext4) dd if=/dev/zero of=/var/fs bs=1M count=1 seek=63 2>/dev/null && mkfs.ext4 -q -O quota,project /var/fs ;;
	xfs) dd if=/dev/zero of=/var/fs bs=1M count=1 seek=319 2>/dev/null && mkfs.xfs -q -f /var/fs ;;
	esac && losetup /dev/loop1 /var/fs && mount -t "$1" -o prjquota /dev/loop1 /mnt
}

limits() { # FS WORDS OF ITS REFUSAL
	local fs=$1 words=$2
	if ! have "$fs"; then
		skip "project quotas of $fs: this kernel or mkfs.$fs has none"
		return
	fi
	mkdir -m 700 $XDG_DATA_HOME
	check "$fs: a volume with limits" immure volume create --size 1MiB --inodes 20 v
	says "$fs: they are shown" '"max_bytes":1048576,"max_files":20' immure volume inspect v
	says "$fs: more bytes are refused" "$words" immure run --host -v v:/v -- dd if=/dev/zero of=/v/big bs=64k count=100
	check "$fs: near the limit" test "$(du -sk $XDG_DATA_HOME/immure/volumes/v | cut -f1)" -ge 900 -a "$(du -sk $XDG_DATA_HOME/immure/volumes/v | cut -f1)" -le 1100
	check "$fs: room again" immure run --host -v v:/v -- rm /v/big
	says "$fs: more files are refused" "$words" immure run --host -v v:/v -- python3 -c "for i in range(50): open(f'/v/{i}', 'w')"
	check "$fs: as many as were allowed" test "$(find $XDG_DATA_HOME/immure/volumes/v/data -type f | wc -l)" -ge 19 -a "$(find $XDG_DATA_HOME/immure/volumes/v/data -type f | wc -l)" -le 21
	check "$fs: another volume has no limit" immure run --host -v free:/v -- dd if=/dev/zero of=/v/big bs=64k count=100
	check "$fs: removed" immure volume rm v free
	# Numbers of projects that limit something: none is left.
	check "$fs: the limits are given back" python3 - <<'Y'
import ctypes, os
class Quota(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in 'hard soft space ihard isoft inodes btime itime'.split()] + [('valid', ctypes.c_uint32), ('id', ctypes.c_uint32)]
libc = ctypes.CDLL(None, use_errno=True)
fd, number, left = os.open('/mnt', os.O_RDONLY), 1, []
while True:
    q = Quota()
    if libc.syscall(443, fd, (0x800009 << 8) | 2, number, ctypes.byref(q)) < 0:
        break
    if q.hard or q.ihard:
        left.append((q.id, q.hard, q.ihard))
    number = q.id + 1
print(left)
raise SystemExit(bool(left))
Y
	umount /mnt && mount -t "$fs" /dev/loop1 /mnt
	says "$fs: no quota switched on: refused" "mount -o prjquota" immure volume create --size 1MiB v
	check "$fs: and nothing is made" test -z "$(ls -A $XDG_DATA_HOME/immure/volumes)"
	umount /mnt
	losetup -d /dev/loop1
	rm /var/fs
}

limits ext4 "uota exceeded"
limits xfs "No space left"
export XDG_DATA_HOME=/tmp/data
says "a file system without quotas: refused" "keeps no project quotas" immure volume create --size 1MiB v
# Linux 6.1 cannot map the owners of a tmpfs: a new volume belongs to the program then.
check "root's volume in memory" immure run --host -v n:/v -- sh -c 'echo kept >/v/f'
says "is there for the next run" kept immure run --host -v n:/v -- cat /v/f
mkdir /tmp/folder
case $(uname -r) in
6.1.*)
	says "root's folder in memory: what to do is said" "chown it to " immure run --host -v /tmp/folder:/v -- true
	# shellcheck disable=SC2046
	chown $(immure run --host -v /tmp/folder:/v -- true 2>&1 | sed 's/.*chown it to \([0-9:]*\).*/\1/') /tmp/folder
	;;
esac
check "and it works" immure run --host -v /tmp/folder:/v -- touch /v/f
