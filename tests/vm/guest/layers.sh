#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# layers.sh [apparmor|selinux] [bpf] [--only]: the table of which act is refused by which layers.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
if [ "${1:-}" = apparmor ]; then immure setup apparmor >/dev/null || fail "setup"; fi
case " $* " in *" bpf "*) trace_daemon ;; esac
exec /vm/tests/vm/guest/layers.py "$@"
