# SPDX-License-Identifier: Apache-2.0
"""Segments of an initramfs, written without cpio(1): the kernel unpacks any number of them, one after the other."""

import functools
import os
import stat
import subprocess

USR_LINKS = ("bin", "sbin", "lib", "lib64")


class Segment:
    def __init__(self):
        self.entries = {}  # path without the leading slash -> (mode, bytes or host path)

    @staticmethod
    def place(guest):
        """Debian's merged /usr: /bin/sh is /usr/bin/sh."""
        parts = [p for p in guest.split("/") if p]
        return "/".join(["usr", *parts] if parts and parts[0] in USR_LINKS else parts)

    def folder(self, guest, mode=0o755):
        path = self.place(guest)
        if path:
            self.folder(os.path.dirname(path))
            self.entries.setdefault(path, (stat.S_IFDIR | mode, b""))

    def put(self, guest, data, mode=0o644):
        self.folder(os.path.dirname(guest))
        self.entries[self.place(guest)] = (stat.S_IFREG | mode, data)

    def link(self, guest, target):
        self.folder(os.path.dirname(guest))
        self.entries[self.place(guest)] = (stat.S_IFLNK | 0o777, target.encode())

    def skeleton(self):
        for name in USR_LINKS:
            self.folder(f"/usr/{name}")
            self.entries[name] = (stat.S_IFLNK | 0o777, f"usr/{name}".encode())
        for name in ("dev", "etc", "home", "proc", "root", "run", "sys", "var/lib", "vm"):
            self.folder(f"/{name}")
        self.folder("/tmp", 0o1777)

    def file(self, host, guest=None):
        """A file, and for a program all libraries that it loads."""
        guest = guest or host
        if self.place(guest) in self.entries:
            return
        mode = os.stat(host).st_mode
        self.folder(os.path.dirname(guest))
        self.entries[self.place(guest)] = (stat.S_IFREG | stat.S_IMODE(mode), host)
        with open(host, "rb") as file:
            is_program = file.read(4) == b"\x7fELF"
        if is_program:
            for library in libraries(host):
                self.file(os.path.realpath(library), library)

    def replace(self, host, guest):
        self.entries.pop(self.place(guest), None)
        self.file(host, guest)

    def tree(self, host, guest=None, skip=()):
        guest = guest or host
        self.folder(guest)
        for path, folders, files in os.walk(host):
            folders[:] = [f for f in folders if f not in skip]
            below = guest + path[len(host):]
            for name in folders + files:
                full = os.path.join(path, name)
                if os.path.islink(full):
                    self.link(f"{below}/{name}", os.readlink(full))
                elif os.path.isdir(full):
                    self.folder(f"{below}/{name}", stat.S_IMODE(os.stat(full).st_mode))
                elif os.path.isfile(full):
                    self.file(full, f"{below}/{name}")

    def write(self, out):
        for number, path in enumerate(sorted(self.entries)):
            mode, data = self.entries[path]
            changed = 0
            if isinstance(data, str):
                changed = int(os.stat(data).st_mtime)  # Python compiles anew what its cache has of another time
                with open(data, "rb") as file:
                    data = file.read()
            write_entry(out, number, path, mode, changed, data)
        write_entry(out, 0, "TRAILER!!!", 0, 0, b"")
        out.write(b"\0" * (-out.tell() % 512))


@functools.cache
def libraries(program):
    """Absolute paths that the dynamic loader would open."""
    found = []
    text = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for line in text.splitlines():
        words = line.split()
        if "=>" in words and len(words) > 2 and words[2].startswith("/"):
            found.append(words[2])
        elif words and words[0].startswith("/"):
            found.append(words[0])
    return found


def write_entry(out, number, path, mode, changed, data):
    """One header of the "newc" format: see cpio(5)."""
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number + 1, mode, 0, 0, links, changed, len(data), 0, 0, 0, 0, len(name), 0)
    out.write(b"070701" + b"".join(b"%08x" % f for f in fields) + name)
    out.write(b"\0" * (-out.tell() % 4))
    out.write(data)
    out.write(b"\0" * (-out.tell() % 4))
