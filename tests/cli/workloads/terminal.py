# SPDX-License-Identifier: Apache-2.0
"""Sit at a terminal: start a workload with -t, resize, press control-c, take its exit status."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

SCRIPT = """
echo "size $(stty size)"
tty
trap 'echo "resized $(stty size)"' WINCH
trap 'echo interrupted; exit 5' INT
echo ready
while :; do sleep 0.05; done
"""


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_until(fd, pattern, seen, seconds=10):
    """Output up to the first match; the terminal's carriage returns are dropped."""
    deadline = time.monotonic() + seconds
    while not re.search(pattern, seen):
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            sys.exit(f"no {pattern!r} in {seen!r}")
        try:
            seen += os.read(fd, 4096).decode().replace("\r", "")
        except OSError:
            sys.exit(f"the terminal closed before {pattern!r}: {seen!r}")
    return seen


def main():
    pid, fd = pty.fork()
    if pid == 0:
        resize(0, 40, 100)
        os.execvp(sys.argv[1], [sys.argv[1], "run", "--host", "-i", "-t", "--", "sh", "-c", SCRIPT])
    seen = read_until(fd, r"ready\n", "")
    size = re.search(r"size (\d+ \d+)", seen).group(1)
    own = re.search(r"^/dev/(pts/\d+|console)$", seen, re.M)
    resize(fd, 33, 77)
    seen = read_until(fd, r"resized \d+ \d+\n", seen)
    resized = re.search(r"resized (\d+ \d+)", seen).group(1)
    os.write(fd, b"\x03")
    read_until(fd, r"interrupted\n", seen)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(f"size {size}, resized {resized}, interrupted, "
          f"{'own' if own else 'no'} terminal, status {status}")


if __name__ == "__main__":
    main()
