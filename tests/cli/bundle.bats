#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A policy compiled to a folder that is signed and sent; nothing of it is believed.

load common

setup() {
	common_setup
	export XDG_CONFIG_HOME="$HOME_DIR/config"
	mkdir -p "$XDG_CONFIG_HOME/immure"
	cat >web.yaml <<'EOF'
policy: 1
name: acme/web
extends: [builtin/default]
files:
  - deny /etc/hostname   # why: nobody's business
syscalls:
  - deny personality as EBUSY
  - deny acct as EIO quietly
tests:
  - expect deny syscall mount
EOF
	"$IMMURE" policy compile --bundle web.bundle web.yaml
}
teardown() { common_teardown; }

@test "a bundle runs as the policy does, and its rules are where they were written" {
	run -0 "$IMMURE" policy diff web.yaml web.bundle
	run ! "$IMMURE" run --host --policy web.bundle -- setarch -R true
	run -0 "$IMMURE" why d1
	[[ $output == *personality*EBUSY*"web.yaml:7"* ]]
	run -0 "$IMMURE" why --bisect d1
	[[ $output == *"confirmed"*seccomp* ]]
	run ! "$IMMURE" run --host --policy web.bundle -- cat /etc/hostname
	run -0 "$IMMURE" policy show web.bundle
	[[ $output == *"deny /etc/hostname  # why: nobody's business"* ]]
	for file in manifest.json policy.json places.json filter-x86_64.bpf filter-aarch64.bpf seccomp.json apparmor.profile landlock.txt systemd.conf capabilities.json network.txt selinux.cil; do
		[ -s "web.bundle/$file" ]
	done
	# Made again it is the same, byte for byte; JSON is canonical; what is there is not written over.
	"$IMMURE" policy compile --bundle again.bundle web.yaml
	diff -r web.bundle again.bundle
	python3 - <<'PY'
import json
for name in "manifest", "policy", "places":
    text = open(f"web.bundle/{name}.json").read()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False), name
PY
	run ! "$IMMURE" policy compile --bundle web.bundle web.yaml
	[[ $output == *"File exists"* ]]
	[ "$(echo *unfinished*)" = "*unfinished*" ]
}

@test "what was changed, added or taken away is refused by name" {
	for file in web.bundle/*; do
		name=${file##*/}
		rm -rf changed
		cp -r web.bundle changed
		python3 - "changed/$name" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[1], "wb").write(data)
PY
		run -2 "$IMMURE" run --host --policy changed -- true
		[[ $name == manifest.json || $output == *"changed/$name:1:1: it was changed: its digest is not that of manifest.json"* ]]
	done
	cp -r web.bundle less
	rm less/places.json
	run -2 "$IMMURE" run --host --policy less -- true
	[[ $output == *"less/places.json:1:1: it is missing"* ]]
	cp -r web.bundle more
	echo x >more/extra
	run -2 "$IMMURE" policy check more
	[[ $output == *"more/extra:1:1: manifest.json does not name it"* ]]
	cp -r web.bundle link
	mv link/policy.json p.json
	ln -s ../p.json link/policy.json
	run -2 "$IMMURE" policy check link
	[[ $output == *"link/policy.json:1:1: it is missing or not a regular file"* ]]
	# A manifest that vouches for a filter that is another policy's.
	"$IMMURE" policy compile --bundle other.bundle builtin/default
	cp -r web.bundle forged
	cp other.bundle/filter-x86_64.bpf other.bundle/filter-aarch64.bpf forged
	python3 - <<'PY'
import hashlib, json
m = json.load(open("forged/manifest.json"))
for name in m["files"]:
    m["files"][name] = hashlib.sha256(open("forged/" + name, "rb").read()).hexdigest()
open("forged/manifest.json", "w").write(json.dumps(m, sort_keys=True, separators=(",", ":")))
PY
	run -2 "$IMMURE" run --host --policy forged -- true
	[[ $output == *"forged/filter-"*"it is not what policy.json says"*acct* ]]
}

@test "a signature is demanded, and only the right one is taken" {
	need openssl
	openssl genpkey -algorithm ed25519 -out mine.pem
	openssl pkey -in mine.pem -pubout -out mine.pub
	openssl genpkey -algorithm ed25519 -out other.pem
	for policy in web.bundle web.yaml; do
		run -2 "$IMMURE" run --host --policy $policy --require-signature mine.pub -- true
		[[ $output == *"$policy: not signed by ed25519:"*"as it has to be"* ]]
		"$IMMURE" policy sign --key other.pem $policy
		run -2 "$IMMURE" run --host --policy $policy --require-signature mine.pub -- true
		[[ $output == *"the signature does not fit"* ]]
		run -4 "$IMMURE" policy verify --key mine.pub $policy
		"$IMMURE" policy sign --key mine.pem $policy
		"$IMMURE" policy verify --key mine.pub $policy
		run -0 "$IMMURE" run --host --policy $policy --require-signature mine.pub -- true
		run -0 "$IMMURE" run --host --policy $policy --require-signature mine.pub -- true
	done
	# A cached policy is looked at again: signature, key and files.
	echo '# changed' >>web.yaml
	run -2 "$IMMURE" run --host --policy web.yaml --require-signature mine.pub -- true
	[[ $output == *"was changed after it was signed"* ]]
	cp web.bundle/manifest.sig kept
	# Another first character of the signature, whichever it was.
	sed -i 's/sig":"A/sig":"B/; t; s/sig":"./sig":"A/' web.bundle/manifest.sig
	run -2 "$IMMURE" run --host --policy web.bundle --require-signature mine.pub -- true
	cp kept web.bundle/manifest.sig
	run -0 "$IMMURE" run --host --policy web.bundle --require-signature mine.pub -- true
	openssl pkey -in other.pem -pubout -out mine.pub
	run -2 "$IMMURE" run --host --policy web.bundle --require-signature mine.pub -- true
	# What came with immure is signed by nobody else.
	run -2 "$IMMURE" run --host --require-signature mine.pub -- true
	run ! "$IMMURE" run --host --require-signature absent.pub -- true
	[[ $output == *"cannot find the key absent.pub"* ]]
}

@test "the user's and the administrator's key are demanded without being named" {
	need openssl
	openssl genpkey -algorithm ed25519 -out mine.pem
	openssl pkey -in mine.pem -pubout -out "$XDG_CONFIG_HOME/immure/policy.pub"
	run -2 "$IMMURE" run --host --policy web.bundle -- true
	[[ $output == *"not signed by"* ]]
	run -0 "$IMMURE" run --host -- true
	"$IMMURE" policy sign --key mine.pem web.bundle
	run -0 "$IMMURE" run --host --policy web.bundle -- true
	[ "$(id -u)" = 0 ] || return 0
	# In a mount namespace of its own, so that nobody else's /etc changes.
	openssl genpkey -algorithm ed25519 -out admin.pem
	openssl pkey -in admin.pem -pubout -out admin.pub
	cat >as-admin <<'EOF'
mkdir -p /tmp/etc-upper-$$/u /tmp/etc-upper-$$/w
mount -t tmpfs none /tmp/etc-upper-$$
mkdir /tmp/etc-upper-$$/u /tmp/etc-upper-$$/w
mount -t overlay -o lowerdir=/etc,upperdir=/tmp/etc-upper-$$/u,workdir=/tmp/etc-upper-$$/w none /etc
mkdir -p /etc/immure
cp admin.pub /etc/immure/policy.pub
"$IMMURE" run --host --policy web.bundle -- true
EOF
	unshare -m true 2>/dev/null || skip_or_fail "no mount namespaces"
	run -2 unshare -m sh as-admin
	[[ $output == *"not signed by"* ]]
	rm "$XDG_CONFIG_HOME/immure/policy.pub"
	"$IMMURE" policy sign --key admin.pem web.bundle
	run -0 unshare -m sh as-admin
	rmdir /tmp/etc-upper-*/u /tmp/etc-upper-*/w /tmp/etc-upper-* 2>/dev/null || true
}
