#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone.
top=$1 failed=0
for header in "$top"/base/*.h "$top"/policies/*.h "$top"/bpf/[a-z]*.h "$top"/sandbox/*.h "$top"/audit/*.h "$top"/runtime/*.h; do
	case $header in *.bpf.h) continue ;; esac # of the kernel's side
	echo "#include \"$header\"" |
		${CC:-cc} -D_GNU_SOURCE -std=gnu17 -Wall -Wextra -Werror -fsyntax-only -I"$top" -x c - || {
		echo "$header does not compile alone"
		failed=1
	}
done
exit $failed
