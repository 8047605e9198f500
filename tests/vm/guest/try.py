# SPDX-License-Identifier: Apache-2.0
"""try.py WHAT...: try each and print "WHAT yes" or "WHAT ERRNO": what a policy lets a program do."""

import ctypes
import errno
import mmap
import os
import signal
import socket
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
TYPES = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM, "raw": socket.SOCK_RAW,
         "seqpacket": socket.SOCK_SEQPACKET}
FAMILIES = {"unix": socket.AF_UNIX, "inet": socket.AF_INET, "inet6": socket.AF_INET6,
            "netlink": socket.AF_NETLINK, "packet": socket.AF_PACKET}


def call(function, *arguments):
    ctypes.set_errno(0)
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")


def execute(path):
    pid = os.fork()
    if pid == 0:
        try:
            os.execv(path, [path])
        except OSError as why:
            os._exit(why.errno)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status in (errno.EACCES, errno.EPERM):
        raise OSError(status, "")


def map_code(path):
    fd = os.open(path, os.O_RDONLY)
    mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)


def write(path):
    os.close(os.open(path, os.O_WRONLY))


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    os.unlink(path)


def open_socket(kind):
    family, kind = kind.split(",")
    protocol = socket.IPPROTO_ICMP if (family, kind) == ("inet", "raw") else 0
    socket.socket(FAMILIES[family], TYPES[kind], protocol).close()


def connect(path):
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(path)


def bind(address):
    """Of the loopback: bind only, or talk to ourselves over it."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind((address, 0))
    return server


def loop(address):
    server = bind(address)
    server.listen()
    socket.create_connection(server.getsockname(), timeout=60).close()


def trace_child(_):
    pid = os.fork()
    if pid == 0:
        signal.pause()
    try:
        call(LIBC.ptrace, 16, pid, None, None)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def make_code(_):
    mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.1)


ACTIONS = {
    "wait": wait_for,
    "read": lambda path: os.close(os.open(path, os.O_RDONLY)),
    "write": write,
    "create": create,
    "list": os.listdir,
    "exec": execute,
    "map": map_code,
    "socket": open_socket,
    "connect": connect,
    "bind": bind,
    "loop": loop,
    "trace-child": trace_child,
    "make-code": make_code,
    "shmget": lambda size: call(LIBC.shmget, 0, int(size), 0o1600),
    "kill": lambda pid: os.kill(int(pid), signal.SIGCONT),
    "ptrace": lambda pid: call(LIBC.ptrace, 16, int(pid), None, None),
    "chroot": os.chroot,
    "hostname": lambda name: call(LIBC.sethostname, name.encode(), len(name)),
    "mount": lambda path: call(LIBC.mount, b"t", path.encode(), b"tmpfs", 0, None),
    "unshare": lambda flag: call(LIBC.unshare, int(flag, 0)),
    "label": lambda text: os.write(os.open("/proc/self/attr/apparmor/exec", os.O_WRONLY), text.encode()),
}


def attempt(action, argument):
    """In a process of its own: what succeeds, a chroot say, must not change the next."""
    pid = os.fork()
    if pid > 0:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        ACTIONS[action](argument)
        os._exit(0)
    except OSError as why:
        os._exit(why.errno)


for what in sys.argv[1:]:
    status = attempt(*what.split(":", 1))
    print(what, "yes" if status == 0 else errno.errorcode.get(status, status), flush=True)
