# SPDX-License-Identifier: Apache-2.0
"""What takes more than one act: hostile roots, links, races, names, users, what stays behind.

Each scenario gets a sandbox and a fresh folder, and returns (outcome, reason). "refused" means that
nothing outside changed and nothing was gained; a start that is refused (125 or 2) is as good.
"""

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import threading
import time

import places

REFUSED, BROKEN, UNTRIED = "refused", "SUCCEEDED", "untried"
NOT_STARTED = (2, 125)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
SYS_RENAMEAT2 = 316 if os.uname().machine == "x86_64" else 276
RACES = 5000 if os.environ.get("IMMURE_LONG") else 150
EXE_ROUNDS = 1000 if os.environ.get("IMMURE_LONG") else 30


def swap(one, other):
    places.LIBC.syscall(SYS_RENAMEAT2, AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other),
                        ctypes.c_uint(RENAME_EXCHANGE))


def tree_state(path):
    """Names, modes, owners and contents below a folder: what must not change."""
    seen = []
    for folder, folders, files in os.walk(path):
        for name in sorted(folders + files):
            full = os.path.join(folder, name)
            st = os.lstat(full)
            content = b""
            if stat.S_ISREG(st.st_mode):
                with open(full, "rb") as file:
                    content = hashlib.sha256(file.read()).digest()
            seen.append((full, st.st_mode, st.st_uid, st.st_size, content))
    return sorted(seen)


class Scene:
    """A sandbox, a folder of its own, and a watched folder outside that must not change."""

    def __init__(self, box):
        self.box, self.place = box, box.place
        self.folder = box.place.path(f"scene-{secrets.token_hex(4)}")
        os.mkdir(self.folder)
        self.place.user.own(self.folder)
        self.watched = self.make("watched")
        self.make("watched/below")
        self.write("watched/file", "as it was\n")
        self.before = tree_state(self.watched)

    def path(self, name):
        return f"{self.folder}/{name}"

    def make(self, name):
        os.mkdir(self.path(name))
        self.place.user.own(self.path(name))
        return self.path(name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        self.place.user.own(self.path(name))
        return self.path(name)

    def link(self, target, name):
        os.symlink(target, self.path(name))
        self.place.user.own(self.path(name))
        return self.path(name)

    def root(self):
        """A copy of the busybox root, to be made hostile."""
        shutil.copytree(self.place.path("root"), self.path("root"), symlinks=True)
        for folder, _, files in os.walk(self.path("root")):
            for name in (folder, *(os.path.join(folder, f) for f in files)):
                self.place.user.own(name)
        return self.path("root")

    def run(self, argv, *more, root=None, tty=None, timeout=30):
        words = self.box.command(argv, *more)
        if root:
            at = words.index(f"--{self.box.root}")
            words[at:at + (1 if self.box.root == "host" else 2)] = ["--rootfs", root]
        return self.place.run(words, tty=tty, timeout=timeout)

    def unchanged(self):
        return tree_state(self.watched) == self.before


def judge(scene, done, what):
    """Nothing outside changed, and the start was refused or the workload ran contained."""
    if not scene.unchanged():
        return BROKEN, f"{what}: the folder outside has changed"
    if done.returncode == 124:
        return BROKEN, f"{what}: {done.stderr}"
    if done.returncode in NOT_STARTED:
        return REFUSED, "the start was refused"
    if "SUCCEEDED" in done.stdout:
        return BROKEN, f"{what}: {done.stdout.strip()}"
    return REFUSED, f"nothing outside changed, exit status {done.returncode}"


def must_not_start(done, what):
    if done.returncode in NOT_STARTED:
        return None
    return BROKEN, f"{what} was accepted: exit status {done.returncode}"


def first_broken(results, count):
    for result in results:
        if result and result[0] != REFUSED:
            return result
    return REFUSED, f"{count} tried"


def volume_source_link(scene):
    scene.link(scene.watched, "link")
    done = scene.run(["/acts/acts", "cwd"], "-v", f"{scene.path('link')}:/vol2")
    return must_not_start(done, "a link as the source of a volume") or judge(scene, done, "link")


def volume_target_escapes(scene):
    targets = ("/../../vol2", "/proc/vol2", "/proc/self/fd/9", "/", "relative", "/vol/../../x",
               "/dev/null", "/proc/self/cwd")
    results = []
    source = scene.make("source")
    for target in targets:
        done = scene.run(["/acts/acts", "create-root"], "-v", f"{source}:{target}")
        results.append(judge(scene, done, target))
    return first_broken(results, len(targets))


def volume_target_link_in_root(scene):
    """The root names a folder outside where the volume is to go."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    root = scene.root()
    os.rmdir(f"{root}/vol")
    os.symlink(scene.watched, f"{root}/vol")
    done = scene.run(["/bin/touch", "/vol/new"], root=root)
    return judge(scene, done, "/vol is a link")


def root_links(scene):
    """/proc, /dev and their like as links out of the root."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    results = []
    names = ("proc", "dev", "tmp", "sys", "etc", "run", "dev/pts", "dev/shm", "var/tmp")
    for name in names:
        root = scene.root()
        shutil.rmtree(f"{root}/{name}", ignore_errors=True)
        os.symlink(scene.watched, f"{root}/{name}")
        done = scene.run(["/acts/acts", "dev-null"], root=root)
        results.append(judge(scene, done, f"/{name} is a link"))
        shutil.rmtree(root)
    return first_broken(results, len(names))


def root_links_inside(scene):
    """The same, by links that stay inside: /proc -> etc would put procfs over /etc."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    results = []
    for name in ("proc", "dev", "tmp"):
        root = scene.root()
        shutil.rmtree(f"{root}/{name}")
        os.symlink("../../../../../../etc", f"{root}/{name}")
        done = scene.run(["/acts/acts", "dev-null"], root=root)
        results.append(must_not_start(done, f"/{name} -> etc") or judge(scene, done, name))
        shutil.rmtree(root)
    return first_broken(results, 3)


def root_device_links(scene):
    """/dev/null and /dev/console as links to a file outside: masks must not be made of them."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    results = []
    for name in ("null", "console", "ptmx", "tty", "zero"):
        root = scene.root()
        os.symlink(f"{scene.watched}/file", f"{root}/dev/{name}")
        done = scene.run(["/acts/acts", "proc-allow-list"], root=root)
        results.append(judge(scene, done, f"/dev/{name} is a link"))
        shutil.rmtree(root)
    return first_broken(results, 5)


def workdir_by_descriptor(scene):
    results = []
    facts = [f"beside={scene.place.outside['beside']}"]
    for number in range(3, 65):
        done = scene.run(["/acts/acts", "cwd-parent", *facts],
                         "--workdir", f"/proc/self/fd/{number}")
        results.append(judge(scene, done, f"fd {number}"))
    return first_broken(results, 62)


def workdir_through_link(scene):
    """A working folder that does not exist, below a link out: nothing may be created there."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    root = scene.root()
    os.symlink(scene.watched, f"{root}/out")
    done = scene.run(["/acts/acts", "cwd"], "--workdir", "/out/new/deep", root=root)
    return judge(scene, done, "--workdir /out/new/deep")


def strange_users(scene):
    results = []
    users = ("-1", "+0", "0x0", "4294967295", "4294967296", "18446744073709551616", " 0", "0 ",
             "1:", ":1", "1:-1", "1:2:3", "", "1e3", "٠")
    for user in users:
        done = scene.run(["/acts/acts", "uid-zero"], "--user", user)
        results.append(must_not_start(done, f"--user '{user}'"))
    return first_broken(results, len(users))


def strange_names(scene):
    names = ("../x", "a/b", "", ".", "..", "-x", "x" * 4096, "a\nb", "a b", "/etc", "ü", "x" * 65)
    results = []
    for name in names:
        done = scene.run(["/acts/acts", "cwd"], f"--name={name}")
        results.append(must_not_start(done, f"--name '{name[:20]}'") or
                       judge(scene, done, name[:20]))
    return first_broken(results, len(names))


def passwd_traps(scene):
    """/etc/passwd as a FIFO, as a link out, with a line of 16 MB: bounded, and nobody's uid 0."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    results = []
    for kind in ("fifo", "link", "long", "folder"):
        root = scene.root()
        os.unlink(f"{root}/etc/passwd")
        if kind == "fifo":
            os.mkfifo(f"{root}/etc/passwd", 0o666)
        elif kind == "link":
            os.symlink("/proc/self/fd/0", f"{root}/etc/passwd")
        elif kind == "folder":
            os.mkdir(f"{root}/etc/passwd")
        else:
            with open(f"{root}/etc/passwd", "w", encoding="utf-8") as file:
                file.write("x" * (16 << 20))
        start = time.monotonic()
        done = scene.run(["/acts/acts", "uid-zero"], "--user", "nobody", root=root, timeout=10)
        if time.monotonic() - start > 5:
            results.append((BROKEN, f"{kind}: more than 5 seconds"))
        results.append(judge(scene, done, kind))
        shutil.rmtree(root)
    return first_broken(results, 4)


@contextlib.contextmanager
def swapping(one, other):
    """Exchange two names as fast as possible, in processes of their own, until told to stop."""
    code = ("import ctypes,sys\n"
            "c=ctypes.CDLL(None).syscall\n"
            "a,b=(s.encode() for s in sys.argv[2:4])\n"
            "n=int(sys.argv[1])\n"
            "while True: c(n,-100,a,-100,b,2)\n")
    words = ["/usr/bin/python3", "-c", code, str(SYS_RENAMEAT2), one, other]
    racer = subprocess.Popen(words)
    try:
        yield
    finally:
        racer.kill()
        racer.wait()


def race_volume_source(scene):
    """The source of a volume turns into a link and back, while we start."""
    shared = scene.make("shared")
    scene.make("shared/x")
    scene.link(scene.watched, "shared/link")
    started = 0
    with swapping(f"{shared}/x", f"{shared}/link"):
        for _ in range(RACES):
            done = scene.run(["/acts/acts", "create-root"], "-v", f"{shared}/x:/race")
            started += done.returncode not in NOT_STARTED
            if not scene.unchanged():
                return BROKEN, "the folder outside has changed"
    return REFUSED, f"{RACES} starts, {started} of them let through"


def race_volume_target(scene):
    """Inside one shared volume the target of a second one turns into a link and back."""
    shared = scene.make("shared")
    scene.make("shared/x")
    scene.link("../../../../../../../../.." + scene.watched, "shared/link")
    source = scene.make("source")
    script = ["/acts/acts", "run-volume", "volume=/race/x"]
    with swapping(f"{shared}/x", f"{shared}/link"):
        for _ in range(RACES):
            scene.run(script, "-v", f"{shared}:/race", "-v", f"{source}:/race/x")
            if not scene.unchanged():
                return BROKEN, "the folder outside has changed"
    return REFUSED, f"{RACES} starts"


def race_root(scene):
    """The root's own /proc and /tmp turn into links and back, while we start."""
    if scene.box.root == "host":
        return UNTRIED, "the root is made by us"
    root = scene.root()
    os.symlink(scene.watched, f"{root}/proc.link")
    os.symlink(scene.watched, f"{root}/tmp.link")
    with swapping(f"{root}/proc", f"{root}/proc.link"), swapping(f"{root}/tmp", f"{root}/tmp.link"):
        for _ in range(RACES):
            done = scene.run(["/acts/acts", "run-tmp"], root=root)
            result = judge(scene, done, "race")
            if result[0] != REFUSED:
                return result
    return REFUSED, f"{RACES} starts"


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def runtime_overwritten(scene):
    """#!/proc/self/exe as the program, and a loop that opens every /proc/PID/exe for writing."""
    program = scene.box.program
    before = file_digest(program)
    scripts = scene.make("scripts")
    scene.write("scripts/entry", "#!/proc/self/exe\n", 0o755)
    for _ in range(EXE_ROUNDS):
        scene.run(["/scripts/entry"], "-v", f"{scripts}:/scripts:ro")
        scene.run(["/acts/acts", "runtime-write"])
    if file_digest(program) != before:
        return BROKEN, "the runtime's program has changed"
    return REFUSED, f"{EXE_ROUNDS} rounds, the program is the same"


def set_uid_runtime(scene):
    """The build has no set-uid bit, and a copy that has one refuses to start."""
    program = scene.box.program
    if os.stat(program).st_mode & (stat.S_ISUID | stat.S_ISGID):
        return BROKEN, "the program is set-id"
    if os.geteuid() != 0 or scene.place.user.uid == 0:
        return UNTRIED, "takes root, and an ordinary user"
    copy = scene.path("immure")
    shutil.copy(program, copy)
    os.chown(copy, 0, 0)
    os.chmod(copy, 0o4755)
    words = scene.box.command(["/acts/acts", "uid-zero"])
    done = scene.place.run([copy, *words[1:]])
    return must_not_start(done, "a set-uid runtime") or (REFUSED, "it refused to start")


def daemon_outlives(scene):
    """What the workload leaves running ends with it."""
    token = f"86399.{int(secrets.token_hex(3), 16)}"
    if scene.box.root == "host":
        argv = ["/bin/sh", "-c", f"setsid sleep {token} </dev/null >/dev/null 2>&1 & sleep 0.2"]
    else:
        argv = ["/bin/busybox", "sh", "-c",
                f"busybox setsid busybox sleep {token} </dev/null >/dev/null 2>&1 & "
                "busybox sleep 0.2"]
    done = scene.run(argv)
    if done.returncode != 0:
        return UNTRIED, f"the workload did not run: {done.stderr.strip()[-150:]}"
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline and running(token):
        time.sleep(0.02)
    pids = running(token)
    return (BROKEN, f"still running: {pids}") if pids else (REFUSED, "gone within a second")


def running(word):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments = file.read().split(b"\0")
            if word.encode() in arguments and b"sh" not in arguments:
                found.append(int(pid))
    return found


def state_is_private(scene):
    """Nobody else can list what we keep of runs, whatever the caller's umask is."""
    scene.run(["/acts/acts", "cwd"])
    top = scene.place.path("state/immure")
    if not os.path.isdir(top):
        return UNTRIED, f"no {top}"
    for folder, _, files in os.walk(top):
        for name in (folder, *(os.path.join(folder, f) for f in files)):
            if stat.S_ISDIR(os.lstat(name).st_mode) and os.lstat(name).st_mode & 0o077:
                return BROKEN, f"{name} has mode {os.lstat(name).st_mode & 0o777:o}"
    return REFUSED, "every folder has mode 0700"


def volume_swapped_between_runs(scene):
    """The workload turns its volume into a link: the next run must not follow."""
    scene.make("outer")
    scene.make("outer/data")
    volume = ["-v", f"{scene.path('outer/data')}:/data"]
    scene.run(["/acts/acts", "cwd"], *volume)
    os.rmdir(scene.path("outer/data"))
    scene.link(scene.watched, "outer/data")
    done = scene.run(["/acts/acts", "create-root"], *volume)
    return must_not_start(done, "a volume that became a link") or judge(scene, done, "volume")


def many_at_once(scene):
    """100 sandboxes in parallel, all of which succeed."""
    results = []

    def one():
        results.append(scene.run(["/acts/acts", "cwd"], timeout=120).returncode)

    threads = [threading.Thread(target=one) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bad = [code for code in results if code != 0]
    return (BROKEN, f"{len(bad)} of 100 failed: {bad[:5]}") if bad else (REFUSED, "100 in parallel")


# The class of attack, and what is done about it.
SCENARIOS = (
    (46, volume_source_link), (8, volume_target_escapes), (8, volume_target_link_in_root),
    (7, root_links), (7, root_links_inside), (4, root_device_links), (2, workdir_by_descriptor),
    (8, workdir_through_link), (18, strange_users), (26, strange_names), (19, passwd_traps),
    (3, race_volume_source), (3, race_volume_target), (3, race_root), (1, runtime_overwritten),
    (45, set_uid_runtime), (47, daemon_outlives), (24, state_is_private),
    (46, volume_swapped_between_runs), (50, many_at_once),
)


def run_all(box, only):
    for class_no, scenario in SCENARIOS:
        name = scenario.__name__.replace("_", "-")
        if only and str(class_no) not in only and name not in only:
            continue
        scene = Scene(box)
        try:
            yield name, class_no, scenario(scene)
        finally:
            shutil.rmtree(scene.folder, ignore_errors=True)
