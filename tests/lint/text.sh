#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# text.sh codespell|shellcheck|mandoc TOP [MAN...]
tool=$1 top=$2
shift 2
command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
cd "$top" || exit 2
case $tool in
codespell) codespell -q 3 -L usig,opne,ans,readby,passt base policies bpf sandbox audit runtime docs ./*.md ;;
shellcheck) shellcheck -x tests/stages/60-network tests/vm/guest/*.sh tests/vm/shell tests/run tests/fuzz_run tests/lint/*.sh runtime/quickstart .ci/run ;;
mandoc) mandoc -Tlint -W error "$@" ;;
esac
