#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tracer.sh [kernel]: the stage of the kernel's collector on this kernel; the programs are the same bytes everywhere. "kernel":
# without what only the daemon itself can do wrong.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
echo 'immure-tracerd:x:990:990::/:/bin/false' >>/etc/passwd
mkdir -m 755 /tmp/stage
export IMMURE=/usr/bin/immure IMMURE_TOP=/vm IMMURE_BUILD=/usr/lib/immure-build IMMURE_STAGE=/tmp/stage
export IMMURE_TAKES_HOOKS=1 # Debian's kernels do
# No systemd and no pasta here, and emulated processors are too slow to fill a segment.
parts=(privileges completeness escapes refusals kernel_copies network guards by_hooks restarts runs failed_marks)
if [ "${1:-}" != kernel ]; then parts+=(hostile updates); fi
exec /usr/bin/python3 /vm/tests/stages/60-tracer "${parts[@]}"
