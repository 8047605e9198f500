#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Modules installed and removed for real, by semodule(8) in a store that has the reference policy's base and "unconfined".
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
policy=/vm/tests/vm/guest/selinux/required.yaml
inside="immure run --policy $policy --host -- cat /proc/self/attr/current"
check "a machine with a store, and nothing of ours in it" sh -c "semodule -l | sort | tr '\n' ' ' | grep -x 'base guest unconfined '"
refuse "policy install is for root" as_user "immure policy install $policy"
refuse "the policy requires its module: refused" as_user "$inside"
says "policy install: base and module" "install the SELinux module immure_required_" immure policy install $policy
says "... the store has them" "immure_required_" semodule -l
says "... the kernel, too: a program has the domain" ":immure_required_" as_user "$inside"
says "policy install --remove" "remove the SELinux module immure_required_" immure policy install --remove $policy
refuse "... the policy's module is gone from the store" sh -c "semodule -l | grep immure_required_"
refuse "... and from the kernel" as_user "$inside"
says "... the domain of all policies is left" ":immure_any_t:s0:c" as_user "immure run --host -- cat /proc/self/attr/current"
check "setup --remove" immure setup --remove selinux
says "... leaves nothing" "immure setup selinux" as_user "immure run --dry-run --host -- true"
refuse "... in the store" sh -c "semodule -l | grep immure"
