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
exec /vm/tests/vm/guest/policies.py "$1"
