# SPDX-License-Identifier: Apache-2.0
"""The tables that layers.py prints in several guests, one for each security module, as one table."""

import re

HEADING = re.compile(r"^act +refused by ")
ROW = re.compile(r"^(\S+) {2,}([A-Z]+|\.|\?)$")
BASE, NOBODY = ".", "?"  # refused by namespaces and mounts already; by no layer alone


def rows(output):
    """What one guest printed: act -> letters."""
    found, inside = {}, False
    for line in output.splitlines():
        row = ROW.match(line)
        if HEADING.match(line):
            inside = True
        elif inside and row:
            found[row[1]] = row[2]
    return found


def merge(outputs):
    """act -> letters of all layers that refuse it alone, in the order of the guests; BASE or NOBODY."""
    merged = {}
    for output in outputs:
        for act, letters in rows(output).items():
            known = merged.get(act, NOBODY)
            if BASE in (known, letters):
                merged[act] = BASE
            elif letters != NOBODY:
                merged[act] = (known if known != NOBODY else "") + letters
            else:
                merged[act] = known
    return merged


def text(outputs):
    """The table with its sums, one row a line; "" without any."""
    merged = merge(outputs)
    if not merged:
        return ""
    lines = [f"{act:26} {letters}" for act, letters in merged.items()]
    several = [a for a, letters in merged.items() if len(letters) > 1]
    one = [f"{a} ({letters})" for a, letters in merged.items() if len(letters) == 1 and letters not in (BASE, NOBODY)]
    nobody = [a for a, letters in merged.items() if letters == NOBODY]
    lines.append(f"{len(merged)} acts: {len(merged) - len(several) - len(one) - len(nobody)} refused by namespaces and mounts, "
                 f"{len(several)} by two layers or more, each alone; {len(one)} by one alone; {len(nobody)} by layers together")
    lines.append(f"by one alone: {', '.join(one)}")
    lines.append(f"by layers together: {', '.join(nobody)}")
    return "\n".join(lines)
