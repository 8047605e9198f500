# SPDX-License-Identifier: Apache-2.0
"""What stands outside for an act to find: users, roots, volumes, secrets, listeners."""

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_ADD_KEY = 248 if os.uname().machine == "x86_64" else 217
SYS_KEYCTL = 250 if os.uname().machine == "x86_64" else 219
FD_SECRET, FD_FOLDER = 9, 10
SELINUX = os.path.exists("/sys/fs/selinux/enforce")
ROOT_FOLDERS = ("acts bin dev etc home proc root run sys tmp usr/bin var/tmp var/log vol volro "
                "opt").split()


class User:
    """Somebody the tests run as: by his own account, or from root by giving up root."""

    def __init__(self, name, note):
        entry = pwd.getpwnam(name)
        self.name, self.note = name, note
        self.uid, self.gid, self.home = entry.pw_uid, entry.pw_gid, entry.pw_dir
        self.subids = has_subids(name)

    def popen_args(self):
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path):
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def has_subids(name):
    for file in ("/etc/subuid", "/etc/subgid"):
        try:
            with open(file, encoding="utf-8") as lines:
                if not any(line.split(":")[0] == name for line in lines):
                    return False
        except OSError:
            return False
    return True


def all_users():
    """Root, one with subordinate ids, one without; an ordinary user has only himself."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() != 0:
        return [User(me, "subids" if has_subids(me) else "nosub")]
    users = [User("root", "root")]
    for entry in pwd.getpwall():
        if entry.pw_uid >= 1000 and entry.pw_name != "nobody" and has_subids(entry.pw_name):
            users.append(User(entry.pw_name, "subids"))
            break
    users.append(User("nobody", "nosub"))
    return users


def make_root(path):
    """A root file system: busybox and nothing else. Returns a reason if it cannot be made."""
    busybox = shutil.which("busybox")
    if not busybox:
        return "no busybox"
    for folder in ROOT_FOLDERS:
        os.makedirs(f"{path}/{folder}", exist_ok=True)
    shutil.copy(busybox, f"{path}/bin/busybox")
    for name in ("sh", "cat", "ls", "true", "sleep", "id", "touch", "mkdir", "mount"):
        os.symlink("busybox", f"{path}/bin/{name}")
    with open(f"{path}/etc/passwd", "w", encoding="utf-8") as file:
        file.write("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    with open(f"{path}/etc/group", "w", encoding="utf-8") as file:
        file.write("root:x:0:\nnogroup:x:65534:\n")
    return None


def label_programs(folder):
    """Under SELinux a file of /tmp is nobody's first program, unless an administrator says that it is one."""
    if not SELINUX:
        return
    for path in (folder, *(entry.path for entry in os.scandir(folder))):
        os.setxattr(path, "security.selinux", b"system_u:object_r:bin_t:s0\0")


def own_address():
    """The address that packets to elsewhere would leave from, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


class Place:
    """Everything planted for one user. Use as a context: all of it is removed at the end."""

    def __init__(self, user, acts):
        self.user, self.acts_binary = user, acts
        self.token = secrets.token_hex(6)
        self.canary = f"canary-{self.token}"
        self.stack = contextlib.ExitStack()
        self.outside, self.inside = {}, {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.stack = stack
            self.plant()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    def path(self, name):
        return f"{self.work}/{name}"

    def plant(self):
        self.work = tempfile.mkdtemp(prefix="immure-test-", dir="/tmp")
        self.stack.callback(self.remove_work)
        os.chmod(self.work, 0o755)
        for name in ("acts", "vol", "volro", "cwd", "root", "state", "home"):
            os.mkdir(self.path(name))
            self.user.own(self.path(name))
        self.no_root = make_root(self.path("root"))
        for folder, _, files in os.walk(self.path("root")):
            for name in (folder, *(os.path.join(folder, f) for f in files)):
                self.user.own(name)
        shutil.copy(self.acts_binary, self.path("acts/acts"))
        os.chmod(self.path("acts/acts"), 0o755)
        self.home = self.user.home if os.access(self.user.home, os.W_OK) else self.path("home")
        if os.stat(self.home).st_uid != self.user.uid:
            self.home = self.path("home")
        self.plant_files()
        self.plant_listeners()
        self.plant_ipc()
        self.plant_process()
        self.plant_setuid()
        label_programs(self.path("acts"))
        self.fact("canary", self.canary)
        self.fact("hostname", socket.gethostname())
        self.fact("key", f"immure-{self.token}")
        self.fact("volume", self.path("vol"), "/vol")
        # Outside the same folder stands in for the read-only one: there it can be written.
        self.fact("volume-ro", self.path("volro"), "/volro")

    def fact(self, name, outside, inside=None):
        self.outside[name] = outside
        self.inside[name] = inside or outside

    def remove_work(self):
        subprocess.run(["rm", "-rf", "--one-file-system", self.work], check=False)

    def plant_file(self, path, mode=0o644):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"secret {self.token}\n")
        self.stack.callback(remove, path)
        os.chmod(path, mode)
        self.user.own(path)
        return path

    def plant_files(self):
        name = f"immure-test-{self.token}"
        self.fact("secret", self.plant_file(f"{self.home}/.{name}"))
        self.fact("tmp-secret", self.plant_file(f"/tmp/{name}"))
        self.fact("var-tmp-secret", self.plant_file(f"/var/tmp/{name}"))
        self.fact("shm-file", self.plant_file(f"/dev/shm/{name}"))
        if os.access("/run", os.W_OK):
            self.fact("run-secret", self.plant_file(f"/run/{name}"))
        self.plant_file(self.path("beside"))
        self.fact("beside", "beside")
        self.fact("neighbour", "beside")
        for number, path, flags in ((FD_SECRET, self.outside["secret"], os.O_RDONLY),
                                    (FD_FOLDER, self.work, os.O_RDONLY | os.O_DIRECTORY)):
            fd = os.open(path, flags)
            os.dup2(fd, number, inheritable=True)
            if fd != number:
                os.close(fd)

    def listen(self, family, address):
        server = self.stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        server.bind(address)
        server.listen(64)
        return server

    def plant_listeners(self):
        tcp = self.listen(socket.AF_INET, ("0.0.0.0", 0))
        port = tcp.getsockname()[1]
        self.fact("tcp", f"127.0.0.1:{port}")
        if own_address():
            self.fact("tcp-out", f"{own_address()}:{port}")
        self.fact("udp-metadata", "169.254.169.254:80")
        self.listen(socket.AF_UNIX, f"\0immure-{self.token}")
        self.fact("abstract", f"@immure-{self.token}")
        self.listen(socket.AF_UNIX, self.path("socket"))
        os.chmod(self.path("socket"), 0o777)
        self.fact("socket", self.path("socket"))

    def plant_ipc(self):
        key = int(self.token[:6], 16)
        create = 0o1000 | 0o666
        shm = LIBC.shmget(key, 4096, create)
        msg = LIBC.msgget(key, create)
        sem = LIBC.semget(key, 1, create)
        self.stack.callback(LIBC.shmctl, shm, 0, None)
        self.stack.callback(LIBC.msgctl, msg, 0, None)
        self.stack.callback(LIBC.semctl, sem, 0, 0)
        self.fact("ipc", str(key))
        name = f"/immure-{self.token}".encode()
        mask = os.umask(0)
        queue = LIBC.mq_open(name, os.O_RDWR | os.O_CREAT, 0o666, None)
        os.umask(mask)
        if queue >= 0:
            os.close(queue)
            self.stack.callback(LIBC.mq_unlink, name)
            self.fact("mqueue", name.decode())

    def plant_process(self):
        sleeper = subprocess.Popen(["sleep", "1000000"], **self.user.popen_args())
        self.stack.callback(sleeper.wait)
        self.stack.callback(sleeper.kill)
        self.fact("pid", str(sleeper.pid))

    def plant_setuid(self):
        if os.geteuid() != 0:
            return
        path = self.path("acts/set-uid")
        shutil.copy(self.acts_binary, path)
        os.chown(path, 4711, 4711)
        os.chmod(path, 0o6755)
        self.fact("setuid", path, "/acts/set-uid")

    def environment(self):
        env = {name: os.environ[name] for name in ("PATH", "TERM", "LANG") if name in os.environ}
        env["HOME"] = self.home
        env["XDG_STATE_HOME"] = self.path("state")
        env["IMMURE_TEST_CANARY"] = self.canary
        if self.user.uid != os.geteuid():
            # Engines want a folder of the user's own; there is no login session here.
            env["XDG_RUNTIME_DIR"] = self.path("state")
        elif "XDG_RUNTIME_DIR" in os.environ:
            env["XDG_RUNTIME_DIR"] = os.environ["XDG_RUNTIME_DIR"]
        return env

    def inherit(self, tty):
        """In the child: hand down what a launcher must not."""
        os.umask(0)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        name = f"immure-{self.token}".encode()
        LIBC.syscall(SYS_KEYCTL, 1, None)
        LIBC.syscall(SYS_ADD_KEY, b"user", name, b"x", ctypes.c_size_t(1), -3)
        if tty:
            os.setsid()
            fd = os.open(tty, os.O_RDWR)
            os.close(fd)

    def run(self, argv, tty=None, timeout=60):
        """Run a command as the user, from his working folder, with everything leaked to it."""
        stdin = os.open(tty, os.O_RDWR | os.O_NOCTTY) if tty else subprocess.DEVNULL
        try:
            return subprocess.run(
                argv, stdin=stdin, capture_output=True, text=True, errors="replace",
                cwd=self.path("cwd"), env=self.environment(), timeout=timeout, check=False,
                pass_fds=(FD_SECRET, FD_FOLDER), preexec_fn=lambda: self.inherit(tty),
                **self.user.popen_args())
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(argv, 124, "", f"no end after {late.timeout} s")
        finally:
            if tty:
                os.close(stdin)


def remove(path):
    with contextlib.suppress(OSError):
        os.unlink(path)
