#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# policies.sh apparmor|selinux: what policies deny is denied by that module alone.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
if [ "$1" = apparmor ]; then immure setup apparmor >/dev/null || fail "setup"; fi
for top in /tmp/data /opt/data; do
	mkdir -p $top/a $top/b
	for file in open secret a/x b/x 'o^d,x@y'; do echo x >"$top/$file"; done
	cp /usr/bin/busybox $top/tool && cp /usr/bin/busybox $top/other
	chown -R 1234:1234 $top
done
mkdir -p /tmp/strange/home /tmp/strange/other
for file in shadow home/x other/x; do echo x >/tmp/strange/$file; done
chown -R 1234:1234 /tmp/strange
if [ "$1" = selinux ]; then
	label shadow_t /tmp/strange/shadow
	label user_home_t /tmp/strange/home /tmp/strange/home/x
	label immure_data_t:s0:c1000,c1001 /tmp/strange/other /tmp/strange/other/x
	find /opt -print0 | xargs -0 /vm/tests/vm/guest/label.py usr_t
	label usr_t /tmp/strange
fi
exec /vm/tests/vm/guest/policies.py "$1"
