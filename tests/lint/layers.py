#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An include points down only, and no headers of a folder include one another in a ring."""
import pathlib
import re
import sys

BELOW = {
    'base': {'base'},
    'policies': {'base', 'policies'},
    'bpf': {'base', 'bpf'},
    'sandbox': {'base', 'policies', 'sandbox'},
    'audit': {'base', 'policies', 'bpf', 'audit'},
    'runtime': {'base', 'policies', 'bpf', 'sandbox', 'audit', 'runtime'},
}
GENERATED = {'build_id.h', 'tracer_object.h'}


def includes(path):
    return re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)


def find_ring(graph, node, way):
    if node in way:
        return way[way.index(node):] + [node]
    for follower in graph.get(node, []):
        ring = find_ring(graph, follower, way + [node])
        if ring:
            return ring
    return None


def main():
    top = pathlib.Path(sys.argv[1])
    faults = []
    graph = {}
    for folder, allowed in BELOW.items():
        for path in sorted((top / folder).glob('*.[ch]')):
            for include in includes(path):
                if include in GENERATED:
                    continue
                if include.split('/')[0] not in allowed:
                    faults.append(f'{folder}/{path.name} includes {include}, which is not below it')
                if path.suffix == '.h':
                    graph.setdefault(f'{folder}/{path.name}', []).append(include)
    for header in graph:
        ring = find_ring(graph, header, [])
        if ring:
            faults.append('headers in a ring: ' + ' -> '.join(ring))
            break
    print('\n'.join(faults))
    return bool(faults)


sys.exit(main())
