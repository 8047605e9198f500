#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tracer.sh: the whole stage of the kernel's collector on this kernel; the programs are the same bytes everywhere.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
echo 'immure-tracerd:x:990:990::/:/bin/false' >>/etc/passwd
ln -s /usr/libexec/immure/immure-tool /usr/bin/immure-tool # where a build folder has it
mkdir -m 755 /tmp/stage
export IMMURE=/usr/bin/immure IMMURE_TOP=/vm IMMURE_BUILD=/usr/lib/immure-build IMMURE_STAGE=/tmp/stage
export IMMURE_TAKES_HOOKS=1 # Debian's kernels do
exec /usr/bin/python3 /vm/tests/stages/60-tracer
