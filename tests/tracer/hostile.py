#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an ordinary user may try with immure-tracerd: hostile.py SOCKET [FOREIGN_PID].

Prints "ok NAME" or "FAIL NAME: why" for each attempt. `hostile.py SOCKET --marked` is run as a
traced program and asks for something itself; `--hold CALLS` has a task traced and never reads.
"""
import array
import ctypes
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

MAGIC, VERSION, TRACE, LIST, MISSED, RULE, GRANTS = 0x54524D49, 5, 1, 2, 3, 4, 5
GUARD_CALLS = 1 << 11
DONE, REFUSED = 0, 1
REQUEST = struct.Struct('<IHHII64s')
REPLY = struct.Struct('<IHHII9QII128s')
RULES = struct.Struct('<IHHII248s')
GRANTED = struct.Struct('<IHH8Q2Q64s64s4III64I')
PR_SET_NO_NEW_PRIVS = 38
libc = ctypes.CDLL(None, use_errno=True)


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(60)
    s.connect(sys.argv[1])
    return s


def request(kind=TRACE, groups=0x2f, name=b'hostile'):
    return REQUEST.pack(MAGIC, VERSION, kind, groups, 0, name)


def grants(kind=GRANTS, flags=0, requests=0):
    return GRANTED.pack(MAGIC, VERSION, kind, *[0] * 10, b'', b'', *[0] * 4, flags, requests, *[0] * 64)


def rule(kind=RULE, access=1, length=5, path=b'/etc\0'):
    return RULES.pack(MAGIC, VERSION, kind, access, length, path)


def ask(message, *fds):
    """Send one message; the answer's status, text and descriptors, or None if there was none."""
    with connect() as s:
        return exchange(s, message, *fds)


def exchange(s, message, *fds):
    try:
        s.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
        data, control, _, _ = s.recvmsg(1024, socket.CMSG_SPACE(8 * 4))
    except (ConnectionResetError, BrokenPipeError):
        return None
    got = array.array('i')
    for _, _, part in control:
        got.frombytes(part[:len(part) - len(part) % 4])
    if len(data) != REPLY.size:
        return None
    fields = REPLY.unpack(data)
    return fields[2], fields[-1].split(b'\0')[0].decode(), list(got)


class Task:
    """A child that waits, with no_new_privs unless told otherwise."""

    def __init__(self, no_new_privs=True, threads=1, command=('sleep', '100')):
        self.read, write = os.pipe()
        ready_read, ready_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            if no_new_privs:
                libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            for _ in range(threads - 1):
                threading.Thread(target=time.sleep, args=(100,)).start()
            os.close(write)
            os.write(ready_write, b'x')
            if os.read(self.read, 1) == b'x':
                os.execvp(command[0], command)
            os._exit(0)
        os.read(ready_read, 1)
        for fd in (self.read, ready_read, ready_write):
            os.close(fd)
        self.gate = write
        self.pidfd = os.pidfd_open(self.pid)

    def go(self):
        os.write(self.gate, b'x')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.gate)
        os.close(self.pidfd)


def check(name, good, observed=''):
    print(f'ok {name}' if good else f'FAIL {name}: {observed}', flush=True)


def is_refused(answer, word):
    return answer is not None and answer[0] == REFUSED and word in answer[1] and not answer[2]


def refuses(name, word, *fds, message=None):
    answer = ask(message or request(), *fds)
    check(name, is_refused(answer, word), answer)


def tasks(foreign):
    with Task() as task, connect() as s:
        answer = exchange(s, request(), task.pidfd)
        check('a task of one\'s own is traced', answer and answer[0] == DONE and len(answer[2]) == 2, answer)
        refuses('a task that is traced already', 'exists', task.pidfd)
        answer = exchange(s, request(), task.pidfd)
        check('a second task on one connection', is_refused(answer, 'has its sandbox'), answer)
    with Task(no_new_privs=False) as task:
        refuses('a task without no_new_privs', 'no_new_privs', task.pidfd)
    with Task(threads=3) as task:
        refuses('a task with threads', 'threads', task.pidfd)
    task = Task()
    os.kill(task.pid, signal.SIGKILL)
    os.waitid(os.P_PID, task.pid, os.WEXITED | os.WNOWAIT)
    refuses('a task that is dead', 'gone', task.pidfd)
    os.waitpid(task.pid, 0)
    refuses('a task that is reaped', 'gone', task.pidfd)
    one = os.pidfd_open(1)
    refuses('process 1', 'not', one)
    if foreign:
        refuses('a task of somebody else', 'not yours', os.pidfd_open(foreign))


def messages():
    with Task() as task:
        refuses('no descriptor', 'without a task')
        with open('/etc/passwd') as f:
            refuses('the descriptor of a file', 'not the descriptor', f.fileno())
        refuses('a socket as task', 'not the descriptor', socket.socket().fileno())
        for n in (1, REQUEST.size - 1, REQUEST.size + 1, 4096, 100000):
            answer = ask((request() * 2000)[:n], task.pidfd)
            check(f'{n} bytes', answer is None or answer[0] == REFUSED, answer)
        for what, bad in (('magic', b'\0' + request()[1:]), ('version', request()[:4] + b'\7' + request()[5:]),
                          ('kind', request(kind=9)), ('groups', request(groups=0xffffffff)),
                          ('name', request(name=b'../x')), ('endless name', request(name=b'a' * 64))):
            answer = ask(bad, task.pidfd)
            check(f'a wrong {what}', answer is not None and answer[0] == REFUSED, answer)
        for what, bad in (('of nobody', rule()), ('with unknown access', rule(access=16)), ('without length', rule(length=0)),
                          ('of endless length', rule(length=249)), ('without path', rule(path=b'etc')),
                          ('of another kind', rule(kind=1))):
            answer = ask(bad)
            check(f'a rule {what}', answer is not None and answer[0] == REFUSED, answer)
        for what, bad in (('to nobody', grants()), ('of another kind', grants(kind=RULE)), ('of unknown things', grants(flags=16)),
                          ('of too many requests', grants(requests=65))):
            answer = ask(bad)
            check(f'grants {what}', answer is not None and answer[0] == REFUSED, answer)
        with connect() as s:
            answers = [exchange(s, request(), task.pidfd), exchange(s, rule())]
            check('a rule for a sandbox that asked for no guard', answers[0][0] == DONE and answers[1][0] == REFUSED, answers)
    with Task() as task, connect() as s:
        answers = [exchange(s, request(), task.pidfd), exchange(s, grants())]
        check('grants for a sandbox that asked for no guard', answers[0][0] == DONE and answers[1][0] == REFUSED, answers)
    with Task() as task, connect() as s:
        answers = [exchange(s, request(groups=GUARD_CALLS), task.pidfd), exchange(s, grants()), exchange(s, grants())]
        if answers[0][0] == DONE:
            check('grants come once', answers[1][0] == DONE and answers[2][0] == REFUSED, answers)
    with Task() as task:
        many = [os.dup(task.pidfd) for _ in range(100)]
        with connect() as s:
            answer = exchange(s, request(), *many)
            check('a hundred descriptors do no harm', answer is not None, answer)
        for fd in many:
            os.close(fd)


def garbage(n):
    rng = random.Random(n)
    good = bytearray(request())
    with Task() as task:
        for _ in range(n):
            message = bytearray(good)
            for _ in range(rng.randrange(1, 6)):
                message[rng.randrange(len(message))] = rng.randrange(256)
            message = message[:rng.randrange(1, len(message) + 1)] if rng.random() < 0.3 else message
            message[6:8] = rng.choice((b'\2\0', b'\3\0', b'\4\0', bytes(message[6:8])))
            ask(bytes(message), *([task.pidfd] if rng.random() < 0.2 else []))
    check(f'{n} messages of garbage', (ask(request(kind=LIST)) or [None])[0] is not None)


def connections():
    for _ in range(10000):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(sys.argv[1])
        s.close()
    check('10,000 connections one after the other', ask(request(kind=LIST)) is not None)
    held = []
    for _ in range(600):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(0.2)
        try:
            s.connect(sys.argv[1])
        except (BlockingIOError, TimeoutError, OSError):
            break
        held.append(s)
    print(f'HELD {len(held)}', flush=True)
    sys.stdin.readline()
    for s in held:
        s.close()


def too_many():
    """One user's share of sandboxes ends before the machine's does."""
    started, refused = [], None
    for _ in range(80):
        task, s = Task(), connect()
        answer = exchange(s, request(), task.pidfd)
        started.append((task, s))
        for fd in answer[2] if answer else []:
            os.close(fd)
        if not answer or answer[0] != DONE:
            refused = answer
            break
    check('a share of 64 sandboxes for each user', len(started) == 65 and is_refused(refused, '64'),
          f'{len(started)} {refused}')
    for task, s in started:
        task.__exit__()
        s.close()


def marked():
    with Task() as task:
        answer = ask(request(), task.pidfd)
        check('a traced program asks for tracing', is_refused(answer, 'traced yourself'), answer)


def again(pid):
    check('a traced task is not traced again', is_refused(ask(request(groups=0x82), os.pidfd_open(pid)), 'exists'))


def hold(calls):
    """Have a busy program traced, and read nothing of it."""
    command = ('python3', '-c', f'''
import os
for _ in range({calls}): os.getppid()
''')
    with Task(command=command) as task, connect() as s:
        answer = exchange(s, request(groups=0x80), task.pidfd)
        task.go()
        os.waitid(os.P_PIDFD, task.pidfd, os.WEXITED | os.WNOWAIT)
        check('nobody waits for a reader that does not read', answer and answer[0] == DONE, answer)
        s.sendmsg([request(kind=LIST)])
        fields = REPLY.unpack(s.recv(1024))
        events, dropped = fields[7], fields[8]
        check('what it did not read is counted', dropped > 0 and events > dropped, (events, dropped))


def show_list():
    with connect() as s:
        s.sendmsg([request(kind=LIST)])
        while True:
            fields = REPLY.unpack(s.recv(1024))
            if fields[2] == DONE:
                return
            print(fields[-1].split(b'\0')[0].decode(), *fields[5:13])


def main():
    if '--marked' in sys.argv:
        marked()
    elif '--missed' in sys.argv:
        with connect() as s:
            s.sendmsg([request(kind=MISSED)])
            print('missed', REPLY.unpack(s.recv(1024))[13])
    elif '--again' in sys.argv:
        again(int(sys.argv[-1]))
    elif '--list' in sys.argv:
        show_list()
    elif '--hold' in sys.argv:
        hold(int(sys.argv[-1]))
    elif '--connections' in sys.argv:
        connections()
    elif '--garbage' in sys.argv:
        garbage(int(sys.argv[-1]))
    elif '--many' in sys.argv:
        too_many()
    else:
        tasks(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
        messages()


main()
