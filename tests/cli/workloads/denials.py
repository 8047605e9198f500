# SPDX-License-Identifier: Apache-2.0
"""A workload that is refused N times; the supervisor's memory and the record must stay bounded."""

import os
import subprocess
import sys

WORKLOAD = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
n = 0
for _ in range(int(sys.argv[1])):
    n += libc.unshare(0x10000000) == -1
print(n, flush=True)
sys.stdin.readline()
"""


def peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def main():
    program, count = sys.argv[1], sys.argv[2]
    with subprocess.Popen([program, "run", "--host", "--", "/usr/bin/python3", "-c", WORKLOAD,
                           count], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as run:
        refused = run.stdout.readline().strip()
        peak = peak_kib(run.pid)
        run.stdin.write("\n")
        run.stdin.close()
    runs = os.path.join(os.environ["XDG_STATE_HOME"], "immure/runs")
    events = max(os.path.getsize(os.path.join(folder, name))
                 for folder, _, names in os.walk(runs) for name in names
                 if name.startswith("events"))
    verdict = "ok" if peak <= 4096 and events < 4 << 20 and run.returncode == 0 else "too much"
    print(f"{refused} refused, memory {peak} KiB, events {events} bytes {verdict}")


if __name__ == "__main__":
    main()
