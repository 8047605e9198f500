#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# acts.sh [apparmor|selinux]: every forbidden act on this kernel, as an ordinary user; with a module, under a policy that
# does not start without it.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
policy=builtin/default
case ${1:-} in
apparmor)
	immure setup apparmor >/dev/null || fail "setup"
	policy=/tmp/required.yaml
	printf 'policy: 1\nname: t/required\nextends: [builtin/default]\nrequire: [apparmor]\n' >$policy
	;;
selinux) policy=/vm/tests/vm/guest/selinux/required.yaml ;;
esac
cd /vm/tests/containment && exec ./run --immure /usr/bin/immure --acts /vm/acts --user subids --root rootfs --acts-only \
	--together --policy "$policy"
