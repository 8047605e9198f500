# SPDX-License-Identifier: Apache-2.0
"""Start N processes that all live at once; say how many there were."""

import errno
import os
import signal
import sys

wanted = int(sys.argv[1])
children = []
refused = None
while len(children) < wanted and not refused:
    try:
        pid = os.fork()
    except OSError as error:
        refused = errno.errorcode[error.errno]
        break
    if pid == 0:
        signal.pause()
        os._exit(0)
    children.append(pid)
for pid in children:
    os.kill(pid, signal.SIGKILL)
for pid in children:
    os.waitpid(pid, 0)
print(f"{len(children)} refused: {refused}" if refused else f"{len(children)} at once")
