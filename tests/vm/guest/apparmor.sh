#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A user's own AppArmor profile: made of the policy, loaded, attached, checked, removed.
# shellcheck source=tests/vm/guest/lib.sh
. /vm/tests/vm/guest/lib.sh
furnish
echo 0 >/proc/sys/kernel/printk_ratelimit
namespace=/sys/kernel/security/apparmor/policy/namespaces/immure-1234
mkdir -p /etc/apparmor.d /etc/tmpfiles.d

says "nothing set up: the ledger says what to do" "immure setup" as_user "immure run --dry-run --host -- true"
cat >/tmp/required.yaml <<'Y'
policy: 1
name: t/required
extends: [builtin/default]
require: [apparmor]
Y
says "nothing set up, and required: refused" "apparmor" as_user "immure run --policy /tmp/required.yaml --host -- true"
refuse "setup is for root" as_user "immure setup"
check "setup says what it would do" as_user "immure setup --dry-run"
check "setup" immure setup
check "setup again" immure setup apparmor

check "required, and there" as_user "immure run --policy /tmp/required.yaml --host -- true"
says "the ledger" "above immure-floor" as_user "immure run --dry-run --host -- true"
says "the program has its own profile" "immure-" as_user "immure run --host -- cat /proc/self/attr/apparmor/current"
says "seen from outside: floor and own" "immure-floor//&:immure-1234:immure-" \
	as_user "immure run --host -- true; cat .local/state/immure/runs/*/evidence.json"
says "root too" ":immure-0:" sh -c "immure run --host -- true; cat /root/.local/state/immure/runs/*/evidence.json"
has_profile() { test -n "$(ls $namespace/profiles)"; }
refuse "the profile is gone afterwards" has_profile
says "no other profile from inside" "denied" as_user "immure run --host -- sh -c 'echo exec immure-floor >/proc/self/attr/apparmor/exec' 2>&1"

as_user "immure run --host -- sleep 100" &
await process "sleep 100"
# All at once: of one that is killed before the launcher it could still hear, and remove its profile.
pidof immure | xargs kill -STOP
pidof immure | xargs kill -9
wait
is_over() { ! process "sleep 100"; }
await is_over
check "a killed launcher leaves its profile" has_profile
as_user "immure run --host -- true"
refuse "which the next one removes" has_profile

cat >/tmp/audit.yaml <<'Y'
policy: 1
name: t/audit
mode: audit
extends: [builtin/start]
files:
  - read,exec /usr/** /bin/**
  - deny /etc/passwd
require: [apparmor]
Y
says "mode audit: a profile that only complains" "only complains" as_user "immure run --dry-run --policy /tmp/audit.yaml --host -- true"
says "... is what the program has" "(mixed)" \
	as_user "immure run --policy /tmp/audit.yaml --host -- true; cat .local/state/immure/runs/*/evidence.json"
says "... and lets be read what the policy denies" "root:" as_user "immure run --policy /tmp/audit.yaml --host -- cat /etc/passwd"
sed 's/mode: audit/mode: enforce/' /tmp/audit.yaml >/tmp/enforced.yaml
says "... which mode enforce does not" "ermission denied" as_user "immure run --policy /tmp/enforced.yaml --host -- cat /etc/passwd"

two_sandboxes

# Another user makes a running sandbox's own profile allow all: the floor is as it was.
mkdir /tmp/meet && chmod 777 /tmp/meet
su -s /bin/sh immure-test -c "cd && IMMURE_TEST_WITHOUT=mounts,seccomp,capabilities,nslimits,landlock,rlimits exec /vm/immure-layers run --host --read /vm -v /tmp/meet:/meet -- python3 /vm/tests/vm/guest/try.py create:/meet/up wait:/meet/go hostname:x mount:/meet chroot:/usr socket:packet,raw write:/proc/sys/kernel/hostname" >/tmp/victim.out 2>&1 &
await grep "create:/meet/up yes" /tmp/victim.out
profile=$(cd $namespace/profiles && echo * | cut -d. -f1)
says "any local user can replace a profile" "replaced" su -s /bin/sh immure-nosub -c "python3 /vm/tests/vm/guest/attack.py $profile 1234"
touch /tmp/meet/go
wait
# shellcheck disable=SC2016
check "and gains nothing that the floor refuses: $(tr '\n' ';' </tmp/victim.out)" \
	sh -c 'test "$(grep -cE "^(hostname|mount|chroot|socket|write).*E(PERM|ACCES|ROFS)$" /tmp/victim.out)" -eq 5'

# Mode audit: the profile complains and refuses nothing; the floor below it refuses as always.
printf 'policy: 1\nname: t/watch\nextends: [builtin/default]\nmode: audit\nfiles:\n  - deny /etc/group\n' >/tmp/audit.yaml
printf 'policy: 1\nname: t/hold\nextends: [builtin/default]\nfiles:\n  - deny /etc/group\n' >/tmp/hold.yaml
off=mounts,seccomp,capabilities,nslimits,landlock,rlimits
held() { su -s /bin/sh immure-test -c "cd && IMMURE_TEST_WITHOUT=$off exec /vm/immure-layers run --policy $1 --host --read /vm -- python3 /vm/tests/vm/guest/try.py $2"; }
says "the ledger of mode audit" "only complains" as_user "immure run --policy /tmp/audit.yaml --dry-run --host -- true"
says "enforced: the file is refused by AppArmor alone" "read:/etc/group EACCES" held /tmp/hold.yaml read:/etc/group
says "mode audit: the same file is read" "read:/etc/group yes" held /tmp/audit.yaml read:/etc/group
says "... with the label of a profile that complains" "(mixed)" as_user "immure run --policy /tmp/audit.yaml --host -- true; cat .local/state/immure/runs/*/evidence.json"
soon "... and the kernel records what would have been refused" "/etc/group" sh -c 'dmesg | grep "apparmor=\"ALLOWED\""'
says "mode audit: the floor holds" "write:/proc/sys/kernel/hostname E" held /tmp/audit.yaml write:/proc/sys/kernel/hostname

# A profile that cannot be made, or is refused: the floor, which is not what a policy means that requires AppArmor.
mv /usr/sbin/apparmor_parser /usr/sbin/parser.away
says "without the parser: the floor, recorded" "immure-floor (enforce)" as_user "immure run --host -- cat /proc/self/attr/apparmor/current"
lost apparmor "whose parser is not there" weakened as_words immure run
printf '#!/bin/sh\nexit 1\n' >/usr/sbin/apparmor_parser && chmod 755 /usr/sbin/apparmor_parser
lost apparmor "whose parser refuses the profile" weakened as_words immure run
printf '#!/bin/sh\necho no profile\n' >/usr/sbin/apparmor_parser
lost apparmor "whose kernel refuses the profile" weakened as_words immure run
mv /usr/sbin/parser.away /usr/sbin/apparmor_parser

# A launcher that something confines already.
echo 'profile somebody flags=(attach_disconnected,complain) { file, }' | apparmor_parser --config-file /dev/null -K -r
lost apparmor "where immure itself is confined" n/a labelled 1234 "exec somebody" immure run

check "setup --remove" immure setup --remove
says "then the floor alone" "floor profile only" as_user "immure run --dry-run --host -- true"
