#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# acts.sh [OPTION OF tests/containment/run]...: every forbidden act on this kernel, as an ordinary user.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
cd /vm/tests/containment && exec ./run --immure /usr/bin/immure --acts /vm/acts --user subids --root rootfs --acts-only --together "$@"
