#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file system that hands everything on to another folder, but for one call of one program, which fails:
failing_fs.py FOLDER MOUNTPOINT PROGRAM CALLS NUMBER ERRNO

The NUMBERth of the comma-separated CALLS (names of NUMBERS below) that a process of the name PROGRAM makes gets ERRNO, and so does what follows
of them for the same file: the rest of a write that failed half-way is tried again. Prints "ready" once it is mounted; ends when it is unmounted, and prints how many such calls there were. Speaks the kernel's FUSE protocol (7.31) itself.
As root, in a mount namespace of its own."""
import ctypes
import errno
import os
import stat
import struct
import sys

NUMBERS = {'lookup': 1, 'forget': 2, 'getattr': 3, 'setattr': 4, 'readlink': 5, 'symlink': 6, 'mknod': 8, 'mkdir': 9, 'unlink': 10, 'rmdir': 11, 'rename': 12,
           'link': 13, 'open': 14, 'read': 15, 'write': 16, 'statfs': 17, 'release': 18, 'fsync': 20, 'setxattr': 21, 'getxattr': 22, 'listxattr': 23,
           'flush': 25, 'init': 26, 'opendir': 27, 'readdir': 28, 'releasedir': 29, 'fsyncdir': 30, 'create': 35, 'rename2': 45, 'batch_forget': 42}
NAMES = {number: name for name, number in NUMBERS.items()}
WRITE_MAX = 128 << 10
HEADER = struct.Struct('<IIQQIIIHH')
libc = ctypes.CDLL(None, use_errno=True)


def text(data):
    return data.rstrip(b'\0')


class Files:
    """The kernel's numbers of files, each with a descriptor that opens nothing."""

    def __init__(self, root):
        self.fds = {1: os.open(root, os.O_PATH)}

    def path(self, node):
        return f'/proc/self/fd/{self.fds[node]}'

    def look(self, parent, name):
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self.fds[parent])
        st = os.fstat(fd)
        node = st.st_ino + 1
        if node in self.fds:
            os.close(fd)
        else:
            self.fds[node] = fd
        return node, st


def attributes(st):
    times = [getattr(st, 'st_' + t) for t in ('atime_ns', 'mtime_ns', 'ctime_ns')]
    return struct.pack('<QQQQQQIIIIIIIIII', st.st_ino, st.st_size, st.st_blocks, *[t // 10**9 for t in times], *[t % 10**9 for t in times],
                       st.st_mode, st.st_nlink, st.st_uid, st.st_gid, st.st_rdev, st.st_blksize, 0)


class Server:
    def __init__(self, folder, program, calls, number, error):
        self.files = Files(folder)
        self.program, self.calls, self.number, self.error = program, calls.split(','), int(number), getattr(errno, error)
        self.seen, self.broken = 0, None

    def fails(self, name, node, pid):
        if name not in self.calls:
            return False
        try:
            with open(f'/proc/{pid}/comm', encoding='ascii') as comm:
                if comm.read().strip() != self.program[:15]:
                    return False
        except OSError:
            return False
        self.seen += 1
        if self.seen == self.number:
            self.broken = node
        return self.seen >= self.number and node == self.broken

    def entry(self, parent, name):
        node, st = self.files.look(parent, name)
        return struct.pack('<QQQQII', node, 0, 0, 0, 0, 0) + attributes(st)

    def made(self, parent, name, head):
        os.chown(name, head[4], head[5], dir_fd=self.files.fds[parent], follow_symlinks=False)
        return self.entry(parent, name)

    def do_init(self, _node, _body, _head):
        return struct.pack('<IIIIHHIIHHI7I', 7, 31, WRITE_MAX, 1 << 5, 0, 0, WRITE_MAX, 1, 0, 0, 0, *[0] * 7)

    def do_lookup(self, node, body, _head):
        return self.entry(node, text(body))

    def do_getattr(self, node, _body, _head):
        return struct.pack('<QII', 0, 0, 0) + attributes(os.fstat(self.files.fds[node]))

    def do_setattr(self, node, body, head):
        valid, _, _, size, _, atime, mtime, _, atime_ns, mtime_ns, _, mode, _, uid, gid, _ = struct.unpack('<IIQQQQQQIIIIIIII', body[:88])
        path = self.files.path(node)
        if valid & 6:
            os.chown(path, uid if valid & 2 else -1, gid if valid & 4 else -1)
        if valid & 1:
            os.chmod(path, stat.S_IMODE(mode))
        if valid & 8:
            os.truncate(path, size)
        if valid & 0x30:
            st = os.fstat(self.files.fds[node])
            os.utime(path, ns=(atime * 10**9 + atime_ns if valid & 0x10 else st.st_atime_ns, mtime * 10**9 + mtime_ns if valid & 0x20 else st.st_mtime_ns))
        return self.do_getattr(node, body, head)

    def do_readlink(self, node, _body, _head):
        return os.fsencode(os.readlink('', dir_fd=self.files.fds[node]))

    def do_symlink(self, node, body, head):
        name, target = text(body).split(b'\0')
        os.symlink(target, name, dir_fd=self.files.fds[node])
        return self.made(node, name, head)

    def do_mknod(self, node, body, head):
        mode, device = struct.unpack('<II', body[:8])
        name = text(body[16:])
        os.mknod(name, mode, device, dir_fd=self.files.fds[node])
        return self.made(node, name, head)

    def do_mkdir(self, node, body, head):
        name = text(body[8:])
        os.mkdir(name, struct.unpack('<I', body[:4])[0] & 0o7777, dir_fd=self.files.fds[node])
        return self.made(node, name, head)

    def do_unlink(self, node, body, _head):
        os.unlink(text(body), dir_fd=self.files.fds[node])
        return b''

    def do_rmdir(self, node, body, _head):
        os.rmdir(text(body), dir_fd=self.files.fds[node])
        return b''

    def do_rename2(self, node, body, _head, size=16):
        new, flags = struct.unpack('<QI', body[:12]) if size == 16 else (struct.unpack('<Q', body[:8])[0], 0)
        old_name, new_name = text(body[size:]).split(b'\0')
        if libc.renameat2(self.files.fds[node], old_name, self.files.fds[new], new_name, flags) < 0:
            raise OSError(ctypes.get_errno(), 'renameat2')
        return b''

    def do_rename(self, node, body, head):
        return self.do_rename2(node, body, head, 8)

    def do_link(self, node, body, _head):
        old = struct.unpack('<Q', body[:8])[0]
        name = text(body[8:])
        os.link(self.files.path(old), name, dst_dir_fd=self.files.fds[node], follow_symlinks=True)
        return self.entry(node, name)

    def do_open(self, node, body, _head):
        flags = struct.unpack('<I', body[:4])[0] & ~(os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL)
        return struct.pack('<QII', os.open(self.files.path(node), flags), 0, 0)

    do_opendir = do_open

    def do_create(self, node, body, head):
        flags, mode = struct.unpack('<II', body[:8])
        name = text(body[16:])
        fd = os.open(name, flags | os.O_NOFOLLOW, mode & 0o7777, dir_fd=self.files.fds[node])
        return self.made(node, name, head) + struct.pack('<QII', fd, 0, 0)

    def do_read(self, _node, body, _head):
        handle, offset, size = struct.unpack('<QQI', body[:20])
        return os.pread(handle, size, offset)

    def do_write(self, _node, body, _head):
        handle, offset, size = struct.unpack('<QQI', body[:20])
        return struct.pack('<II', os.pwrite(handle, body[40:40 + size], offset), 0)

    def do_readdir(self, _node, body, _head):
        handle, offset, size = struct.unpack('<QQI', body[:20])
        out = b''
        entries = [('.', stat.S_IFDIR), ('..', stat.S_IFDIR)] + [(e.name, stat.S_IFMT(e.stat(follow_symlinks=False).st_mode)) for e in os.scandir(handle)]
        for number, (name, kind) in enumerate(entries[offset:], offset + 1):
            raw = os.fsencode(name)
            one = struct.pack('<QQII', 1, number, len(raw), kind >> 12) + raw
            one += b'\0' * (-len(one) % 8)
            if len(out) + len(one) > size:
                break
            out += one
        return out

    def do_release(self, _node, body, _head):
        os.close(struct.unpack('<Q', body[:8])[0])
        return b''

    do_releasedir = do_release

    def do_fsync(self, _node, body, _head):
        os.fsync(struct.unpack('<Q', body[:8])[0])
        return b''

    do_fsyncdir = do_fsync

    def do_flush(self, _node, _body, _head):
        return b''

    def do_statfs(self, node, _body, _head):
        v = os.statvfs(self.files.path(node))
        return struct.pack('<QQQQQIIII6I', v.f_blocks, v.f_bfree, v.f_bavail, v.f_files, v.f_ffree, v.f_bsize, v.f_namemax, v.f_frsize, 0, *[0] * 6)

    def do_setxattr(self, node, body, _head):
        size, flags = struct.unpack('<II', body[:8])
        name, value = body[8:].split(b'\0', 1)
        os.setxattr(self.files.path(node), name, value[:size], flags)
        return b''

    def do_getxattr(self, node, body, _head, value=None):
        size = struct.unpack('<I', body[:4])[0]
        value = os.getxattr(self.files.path(node), text(body[8:])) if value is None else value
        if size == 0:
            return struct.pack('<II', len(value), 0)
        if len(value) > size:
            raise OSError(errno.ERANGE, 'too long')
        return value

    def do_listxattr(self, node, body, head):
        return self.do_getxattr(node, body, head, b''.join(os.fsencode(n) + b'\0' for n in os.listxattr(self.files.path(node))))

    def answer(self, data):
        """The reply to a request, or None."""
        head = HEADER.unpack_from(data)
        unique, node, name = head[2], head[3], NAMES.get(head[1])
        if name in ('forget', 'batch_forget'):
            return None
        work = getattr(self, f'do_{name}', None)
        code, body = 0, b''
        try:
            if self.fails(name, node, head[6]):
                raise OSError(self.error, 'as asked for')
            if not work:
                raise OSError(errno.ENOSYS, 'unknown')
            body = work(node, data[HEADER.size:], head)
        except OSError as why:
            code = -why.errno
        return struct.pack('<IiQ', 16 + len(body), code, unique) + body


def main():
    folder, point, program, calls, number, error = sys.argv[1:]
    os.umask(0)
    server = Server(folder, program, calls, number, error)
    device = os.open('/dev/fuse', os.O_RDWR)
    options = f'fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions'.encode()
    if libc.mount(b'failing', os.fsencode(point), b'fuse', 6, options) < 0:
        raise OSError(ctypes.get_errno(), 'cannot mount')
    print('ready', flush=True)
    while True:
        try:
            reply = server.answer(os.read(device, WRITE_MAX + 65536))
        except OSError as why:
            if why.errno == errno.ENODEV:
                break
            if why.errno in (errno.EINTR, errno.ENOENT):
                continue
            raise
        try:
            if reply:
                os.write(device, reply)
        except OSError as why:
            if why.errno != errno.ENOENT:  # who asked is gone
                raise
    print(server.seen)


main()
