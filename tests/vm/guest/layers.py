#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which layers refuse each forbidden act: every layer alone, and every layer switched off in turn.

The layer "bpf" stands beside the modules: it needs immure-tracerd, and the launcher asks for it by --guard.
What is refused with none of them is refused by the namespaces and mounts, which are always there. With --only the
columns are those of the modules that are named: what each of them refuses alone, and what succeeds without it.
"""

import os
import sys

sys.path.insert(0, "/vm/tests/containment")

import places  # noqa: E402
import sandboxes  # noqa: E402

LAYERS = ["seccomp", "capabilities", "nslimits", "landlock", "rlimits"]
LETTERS = {"seccomp": "S", "capabilities": "C", "nslimits": "N", "landlock": "L", "rlimits": "R",
           "apparmor": "A", "selinux": "E", "bpf": "B"}
WHOLE = {"apparmor", "bpf"}  # with these the acts of one layer are those of the list, no more and no fewer
LIST = "/vm/tests/containment/single_layer.txt"
LAUNCHER, ACTS = "/vm/immure-layers", "/vm/acts"
EXHAUSTION = 50  # without its limits it takes the whole guest with it
REFUSED, UNTRIED = "0", "77"
SAID = {}  # what an act said, by the layers that were off and its name


class Switched(sandboxes.Immure):
    def __init__(self, place, off, guard):
        super().__init__(place, LAUNCHER, "rootfs")
        self.off, self.guard = off, guard

    def command(self, argv, *more):
        words = super().command(argv, *more, *(["--guard"] if self.guard else []))
        return ["env", f"IMMURE_TEST_WITHOUT={','.join(self.off)}", *words]


def outcomes(place, layers, off):
    """What becomes of each act with these layers off: name -> outcome."""
    box = Switched(place, off, "bpf" in layers and "bpf" not in off)
    # Without a filter, a connection within the empty network waits for nobody's answer.
    facts = [f"{k}={v}" for k, v in box.facts().items() if k != "tcp"] + [f"without-class={EXHAUSTION}"]
    done = place.run(box.command([box.acts, "--each", *facts]), timeout=200)
    found, name, said = {}, None, ""
    print(f"tried without {','.join(off) or 'nothing'}: exit status {done.returncode}", flush=True)
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word == "act":
            name = rest
        elif word == "end" and name:
            SAID[(*off, name)] = said
            found[name], name = rest, None
        said = line
    if len(found) < 100:
        print(f"FAIL without {off}: only {len(found)} acts ended: {done.stderr.strip()[-300:]}")
    return found


def listed():
    """Those that rest on one layer, as we say: name -> layer."""
    with open(LIST, encoding="ascii") as file:
        rows = [line.split(None, 2) for line in file if line.strip() and not line.startswith("#")]
    return {name: layer for name, layer, _ in rows}


def compare(single):
    """What was measured is what the list says: a new one is a gap, a vanished one is a stale reason."""
    said = listed()
    for name, needed in single:
        if said.get(name) != " or ".join(needed):
            print(f"FAIL {name}: rests on {' or '.join(needed)}, and {LIST} says {said.get(name, 'nothing')}")
    for name in said.keys() - {name for name, _ in single}:
        print(f"FAIL {name}: does not rest on {said[name]} alone, as {LIST} says")
    print(f"ok {len(single)} acts are refused by one layer alone, {len(said)} are listed with the reason")


def main():
    modules = [word for word in sys.argv[1:] if not word.startswith("-")]
    layers = LAYERS + modules
    columns = modules if "--only" in sys.argv else layers
    names = [line.split("\t")[0] for line in os.popen(f"{ACTS} --list")]
    user = next(u for u in places.all_users() if u.note == "subids")
    with places.Place(user, ACTS) as place:
        every = outcomes(place, layers, [])
        none = outcomes(place, layers, layers)
        alone = {x: outcomes(place, layers, [y for y in layers if y != x]) for x in columns}
        off = {x: outcomes(place, layers, [x]) for x in columns}
    counts = {"by namespaces and mounts": 0, "by two layers or more": 0}
    single = []
    print(f"\n{'act':26} refused by (. namespaces and mounts; {' '.join(LETTERS[x] + ' ' + x for x in columns)})")
    for name in names:
        if every.get(name, UNTRIED) == UNTRIED:
            continue
        base = none.get(name) == REFUSED
        who = [x for x in columns if not base and alone[x].get(name) == REFUSED]
        print(f"{name:26} {'.' if base else ''.join(LETTERS[x] for x in who) or '?'}")
        if every[name] != REFUSED:
            print(f"FAIL {name}: not refused with all layers on")
            continue
        counts["by namespaces and mounts"] += base
        counts["by two layers or more"] += len(who) > 1
        needed = [x for x in columns if off[x].get(name) != REFUSED]
        if needed:
            single.append((name, needed))
    for what, number in counts.items():
        print(f"{number} {what}")
    for name, needed in single:
        print(f"one layer: {name} succeeds without {' or '.join(needed)}: {SAID[needed[0], name]}")
    for x in columns:
        refused = sum(off[x].get(n) == REFUSED for n in every if every[n] == REFUSED)
        total = sum(v == REFUSED for v in every.values())
        print(f"ok without {x}: {refused} of {total} acts are refused still")
    if WHOLE <= set(columns):
        compare(single)
    return 0


if __name__ == "__main__":
    sys.exit(main())
