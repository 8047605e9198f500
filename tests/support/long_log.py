#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the record of a run long: long_log.py RUN-FOLDER MIB. The chain is made anew and holds."""
import hashlib
import json
import sys

SEGMENT = 64 << 20
CHAIN = ("kind", "prev", "seq", "time", "v", "hash")

ONE_OF_EACH = (
    ("exec", {"argv": ["id", "-u"], "path": "/usr/bin/id", "ppid": 3999}), ("exit", {"ret": 256}),
    ("open", {"flags": 0, "path": "/etc/passwd", "ret": 3}),
    ("connect", {"protocol": "tcp", "remote": "192.0.2.1:443"}), ("connect", {"protocol": "tcp", "remote": "[2001:db8::1]:53"}),
    ("connect", {"protocol": "unix", "remote": "unix:/run/x"}), ("connect", {"protocol": "unix", "remote": "unix:@x:7"}),
    ("flow", {"bytes_in": 5, "bytes_out": 6000000000, "protocol": "udp", "remote": "192.0.2.1:53"}),
    ("listen", {"local": "0.0.0.0:8080", "protocol": "tcp"}), ("listen", {"local": "[::]:8080", "protocol": "tcp"}),
    ("bind", {"local": "0.0.0.0:8080"}), ("dns", {"name": "example.com"}), ("signal", {"flags": 9, "target": 4001}),
    ("enter", {"argv": ["sh"], "flags": 0, "uid": 1000}),
    ("denied", {"args": [0] * 6, "call": "bpf", "count": 1, "errno": 1, "layer": "seccomp", "nr": 321, "rule": None,
                "lineage": [{"comm": "x", "pid": 4000}], "text": "bpf(0, 0, 0)"}),
)


class Log:
    def __init__(self, folder):
        self.folder, self.segment, self.seq, self.prev, self.total = folder, 0, 0, "0" * 64, 0
        self.open()

    def open(self):
        name = f"events.{self.segment}.jsonl" if self.segment else "events.jsonl"
        self.file, self.bytes = open(f"{self.folder}/{name}", "w"), 0

    def put(self, kind, members):
        text = "".join(f',"{k}":' + json.dumps(v, separators=(",", ":")) for k, v in sorted(members.items()))
        minute, second, part = self.seq // 600000 % 60, self.seq // 10000 % 60, self.seq % 10000 * 100000
        body = (f'{{"kind":"{kind}"{text},"prev":"{self.prev}","seq":{self.seq},'
                f'"time":"2026-01-01T00:{minute:02}:{second:02}.{part:09}Z","v":1}}')
        self.prev = hashlib.sha256(body.encode()).hexdigest()
        line = f'{body[:-1]},"hash":"{self.prev}"}}\n'
        self.file.write(line)
        self.seq += 1
        self.bytes += len(line)
        self.total += len(line)

    def rotate(self):
        self.put("rotated", {"next": f"events.{self.segment + 1}.jsonl"})
        self.file.close()
        self.segment += 1
        self.open()


def main(folder, mib):
    events = [json.loads(line) for line in open(f"{folder}/events.jsonl")]
    start, sealed = ({k: v for k, v in e.items() if k not in CHAIN} for e in (events[0], events[-1]))
    log, n = Log(folder), 0
    log.put("start", start)
    for kind, members in ONE_OF_EACH:
        log.put(kind, {"comm": "x", "pid": 4000, "source": "bpf", **members})
    while log.total < mib << 20:
        n += 1
        log.put("open", {"dev": 2049, "flags": 577 if n % 3 == 0 else 0, "ino": 1000 + n, "ret": 3, "source": "bpf",
                         "path": f"/work/out/file{n % 5000}.txt", "pid": 4000 + n % 700, "source_seq": n})
        if n % 500 == 0:
            log.put("exec", {"argv": ["cc", "-c", f"file{n}.c"], "path": "/usr/bin/cc", "pid": 4000 + n % 90000,
                             "ppid": 4000 + n // 500 % 40, "source": "bpf", "source_seq": n})
        if n % 700 == 0:
            log.put("denied", {"args": [n, 0, 0, 0, 0, 0], "call": "bpf", "count": 1, "errno": 1, "layer": "seccomp",
                               "lineage": [{"comm": "cc", "pid": 4000 + n % 700}], "nr": 321, "pid": 4000 + n % 700,
                               "rule": None, "source": "notify", "text": f"bpf({n}, 0x0, 0)"})
        if log.bytes >= SEGMENT:
            log.rotate()
    log.put("sealed", sealed)
    log.file.close()
    status = json.load(open(f"{folder}/status.json"))
    status.update(head=log.prev, records=log.seq)
    json.dump(status, open(f"{folder}/status.json", "w"), separators=(",", ":"))


main(sys.argv[1], int(sys.argv[2]))
