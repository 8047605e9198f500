#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
command -v clang-format >/dev/null || { echo "skipped: clang-format is not installed"; exit 77; }
case $(clang-format --version) in
*"version 14."*) ;;
*) echo "skipped: another version of clang-format"; exit 77 ;;
esac
cd "$1" || exit 2
clang-format --dry-run -Werror base/*.[ch] policies/*.[ch] bpf/*.[ch] sandbox/*.[ch] audit/*.[ch] runtime/*.[ch] \
	fuzz/*.c tests/unit/*/*.c tests/support/*.[ch]
