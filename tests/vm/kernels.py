# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels, fetched as packages into a cache of our own: apt's folders in /etc and /var stay as they are."""

import contextlib
import fcntl
import glob
import lzma
import os
import pathlib
import re
import struct
import subprocess
import time

# Name for people, the suite whose "cloud" kernel it is, and the start of its release.
KERNELS = {
    "bookworm": ("bookworm-security", "6.1"),
    "trixie": ("trixie", "6.12"),
    "backports": ("trixie-backports", "7."),
}
META_PACKAGE = "linux-image-cloud-amd64"
FRESH_SECONDS = 14 * 86400
PAYLOADS = {
    b"\x02!L\x18": (["lz4", "-dc", "-"], -4),  # four bytes of size follow the stream
    b"\x28\xb5\x2f\xfd": (["zstd", "-dc"], None),
    b"\xfd7zX": (["xz", "-dc", "--single-stream"], None),
}


class Unavailable(Exception):
    """This machine cannot get a kernel or start one; the text says why."""


def cache():
    given = os.environ.get("IMMURE_VM_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(given or f"{base}/immure-vm")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked():
    """One at a time changes the cache."""
    with open(cache() / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(argv, **options):
    done = subprocess.run(argv, capture_output=True, check=False, **options)
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise Unavailable(f"{argv[0]}: {lines[-1][:200]}")
    return done.stdout


class Apt:
    """apt-get with lists, sources and packages of its own below a folder."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("lists/partial", "archives/partial", "preferences.d"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.options = [
            "-o", f"Dir::Etc::SourceList={folder}/sources.list", "-o", "Dir::Etc::SourceParts=-",
            "-o", "Dir::Etc::Preferences=-", "-o", f"Dir::Etc::PreferencesParts={folder}/preferences.d",
            "-o", f"Dir::State={folder}", "-o", f"Dir::Cache={folder}", "-o", "Acquire::Languages=none",
            "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2",
        ]

    def mirrors(self):
        """Where this machine gets Debian and its security updates from."""
        text = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
                    "Created-By: Packages"]).decode()
        found = {}
        for uri, release in (line.split() for line in text.splitlines() if line.count(" ") == 1):
            if re.fullmatch(r"[a-z]+(-security)?", release):
                found["security" if release.endswith("-security") else "main"] = uri
        if "main" not in found:
            raise Unavailable("no Debian mirror among this machine's sources")
        return found

    def update(self):
        stamp = self.folder / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < FRESH_SECONDS:
            return
        mirrors = self.mirrors()
        lines = []
        for suite, _ in KERNELS.values():
            uri = mirrors.get("security" if suite.endswith("-security") else "main")
            if uri:
                lines.append(f"deb {uri} {suite} main\n")
        (self.folder / "sources.list").write_text("".join(lines), encoding="ascii")
        run(["apt-get", *self.options, "-qq", "update"])
        stamp.touch()

    def depends(self, package, suite):
        """What the suite's version of a package depends on, as one text."""
        versions = run(["apt-cache", *self.options, "madison", package]).decode()
        wanted = [line.split("|")[1].strip() for line in versions.splitlines() if f" {suite}/" in line]
        for paragraph in run(["apt-cache", *self.options, "show", package]).decode().split("\n\n"):
            fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.M))
            if fields.get("Version") in wanted:
                return fields.get("Depends", "")
        raise Unavailable(f"no {package} in {suite}")

    def kernel_of(self, suite):
        """The packages of the suite's kernel: newer ones are split."""
        image = re.search(r"linux-image-\S+", self.depends(META_PACKAGE, suite))[0]
        return [image, *re.findall(r"linux-(?:base|binary|modules)-[0-9][^ ,]+", self.depends(image, suite))]

    def fetch(self, package, suite, into):
        """Unpack a package without installing it."""
        self.update()
        run(["apt-get", *self.options, "-qq", "download", f"{package}/{suite}"],
            cwd=self.folder / "archives")
        found = sorted(glob.glob(f"{self.folder}/archives/{package}_*.deb"), key=os.path.getmtime)
        run(["dpkg", "-x", found[-1], str(into)])
        for path in found:
            os.unlink(path)


def uncompressed(image):
    """The ELF kernel within a bzImage: QEMU's PVH entry starts that directly."""
    sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (sectors + 1) * 512 + offset
    payload = image[start:start + length]
    try:
        command, end = PAYLOADS[payload[:4]]
    except KeyError:
        raise Unavailable(f"kernel payload of an unknown kind: {payload[:4]!r}") from None
    elf = subprocess.run(command, input=payload[:end], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False).stdout
    if elf.find(b"\x7fELF") < 0:
        raise Unavailable(f"{command[0]} did not find a kernel")
    return elf[elf.find(b"\x7fELF"):]


class Kernel:
    """An unpacked kernel package: .image to boot, .modules to load."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.image = folder / "vmlinux"
        self.tree = next((folder / "tree").rglob("modules.builtin")).parent
        self.release = self.tree.name
        self.config = next(path for path in (folder / "tree/boot" / f"config-{self.release}", self.tree / "config") if path.exists())

    def modules(self, names):
        """The bytes of these modules and of all that they need, in the order of loading."""
        files = {}
        for path in self.tree.rglob("*.ko*"):
            files[path.name.split(".ko")[0].replace("-", "_")] = path
        builtin = {os.path.basename(line).split(".ko")[0].replace("-", "_")
                   for line in (self.tree / "modules.builtin").read_text().split()}
        done = {}

        def visit(name):
            name = name.replace("-", "_")
            if name in done or name in builtin:
                return
            if name not in files:
                raise Unavailable(f"{self.release} has no module {name}")
            data = files[name].read_bytes()
            if files[name].suffix == ".xz":
                data = lzma.decompress(data)
            depends = re.search(rb"\0depends=([^\0]*)\0", data)
            soft = re.findall(rb"\0softdep=pre: ([^\0]*)\0", data)
            for needed in (depends[1].decode().split(",") if depends else []):
                if needed:
                    visit(needed)
            for needed in " ".join(s.decode() for s in soft).split():
                if needed.replace("-", "_") in files:
                    visit(needed)
            done[name] = data

        for name in names:
            visit(name)
        return done


def find(name):
    """A kernel of KERNELS, from the cache or from Debian."""
    suite, start = KERNELS[name]
    folder = cache() / "kernels" / name
    ready = folder / "ready"
    with locked():
        if not ready.exists() or time.time() - ready.stat().st_mtime > FRESH_SECONDS:
            try:
                fetch(suite, start, folder)
            except Unavailable:
                if not ready.exists():
                    raise
        return Kernel(name, folder)


def fetch(suite, start, folder):
    apt = Apt(cache() / "apt")
    apt.update()
    packages = apt.kernel_of(suite)
    if not packages[0].startswith(f"linux-image-{start}"):
        raise Unavailable(f"{suite} has {packages[0]} now, expected {start}")
    ready = folder / "ready"
    if ready.exists() and ready.read_text(encoding="ascii") == packages[0]:
        ready.touch()
        return
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    for package in packages:
        apt.fetch(package, suite, folder / "tree")
    image = next((folder / "tree").rglob("vmlinuz*"), None)
    if not image:
        raise Unavailable(f"no kernel in {' '.join(packages)}")
    (folder / "vmlinux").write_bytes(uncompressed(image.read_bytes()))
    ready.write_text(packages[0], encoding="ascii")
