# SPDX-License-Identifier: Apache-2.0
"""How each sandbox is asked to run one act: immure, its peers, and the places of the controls."""

import json
import os
import shutil
import subprocess
import sys

import places

VOLUMES = (("acts", "/acts", True), ("vol", "/vol", False), ("volro", "/volro", True))
PROGRAMS = "acts"  # the only volume with a label of its own: places.label_programs()
ALL_NAMESPACES = ["unshare", "-m", "-p", "-f", "-n", "-i", "-u", "-C", "--mount-proc"]
DEFAULT_SECCOMP = "/usr/share/containers/seccomp.json"


class Sandbox:
    """One way to start a command. `facts` are those that hold where it runs."""

    name = ""
    acts = "/acts/acts"

    def __init__(self, place):
        self.place = place

    def facts(self):
        return self.place.inside

    def command(self, argv):
        raise NotImplementedError

    def missing(self):
        """Why it cannot be used here, or None."""
        program = self.command(["true"])[0]
        return None if shutil.which(program) else f"{program} is not installed"


class Outside(Sandbox):
    """No sandbox at all: where an act must succeed."""

    name = "outside"

    def __init__(self, place):
        super().__init__(place)
        self.acts = place.path("acts/acts")

    def facts(self):
        return self.place.outside

    def command(self, argv):
        return argv


class AllPowers(Outside):
    """Fresh namespaces with every capability over them."""

    name = "userns"

    def command(self, argv):
        return [*ALL_NAMESPACES, "--user", "--map-root-user", "--keep-caps", *argv]


class RootPowers(Outside):
    """Root, in namespaces that keep what it breaks to itself."""

    name = "root"

    def command(self, argv):
        return [*ALL_NAMESPACES, *argv]


class Immure(Sandbox):
    """The runtime under test, with one of its two kinds of root."""

    def __init__(self, place, program, root, policy=None, ids=None):
        super().__init__(place)
        self.program, self.root, self.policy, self.ids = program, root, policy, ids
        self.name = f"{place.user.note}/{root}"

    def command(self, argv, *more):
        words = [self.program, "run"]
        words += ["--host"] if self.root == "host" else ["--rootfs", self.place.path("root")]
        if self.policy:
            words += ["--policy", self.policy]
        if self.ids:
            words += ["--ids", self.ids]
        for folder, target, read_only in VOLUMES:
            options = ["ro"] * read_only + ["z"] * (places.SELINUX and folder != PROGRAMS)
            words += ["-v", ":".join([self.place.path(folder), target, *([",".join(options)] if options else [])])]
        return [*words, *more, "--", *argv]


class Bubblewrap(Sandbox):
    name = "bubblewrap"

    def command(self, argv):
        words = ["bwrap", "--unshare-all", "--die-with-parent",
                 "--ro-bind", self.place.path("root"), "/", "--proc", "/proc", "--dev", "/dev",
                 "--tmpfs", "/tmp"]
        for folder, target, read_only in VOLUMES:
            words += ["--ro-bind" if read_only else "--bind", self.place.path(folder), target]
        return [*words, "--", *argv]


class Oci(Sandbox):
    """An OCI runtime with the configuration that it proposes itself."""

    runtime = ""
    seccomp = False

    def bundle(self, argv):
        folder = self.place.path(f"bundle-{self.name.replace(' ', '-')}")
        if not os.path.isdir(folder):
            os.mkdir(folder)
            self.place.user.own(folder)
            words = [self.runtime, "spec"]
            words += [] if self.place.user.uid == 0 else ["--rootless"]
            subprocess.run(words, cwd=folder, check=True, capture_output=True,
                           env=self.place.environment(), **self.place.user.popen_args())
        with open(f"{folder}/config.json", encoding="utf-8") as file:
            config = json.load(file)
        config["process"]["args"] = argv
        config["process"]["terminal"] = False
        config["root"] = {"path": self.place.path("root"), "readonly": True}
        config["mounts"] = [m for m in config["mounts"]
                            if m["destination"] not in [v[1] for v in VOLUMES]]
        for name, target, read_only in VOLUMES:
            config["mounts"].append({
                "destination": target, "type": "bind", "source": self.place.path(name),
                "options": ["bind", "ro" if read_only else "rw"]})
        if self.seccomp:
            config["linux"]["seccomp"] = docker_seccomp()
        with open(f"{folder}/config.json", "w", encoding="utf-8") as file:
            json.dump(config, file)
        return folder

    def command(self, argv):
        words = [self.runtime, "--root", self.place.path("state"), "run", "--bundle",
                 self.bundle(argv), f"t{self.place.token}"]
        if self.runtime == "crun":
            words[1:1] = ["--cgroup-manager=disabled"]
        return words

    def missing(self):
        if not shutil.which(self.runtime):
            return f"{self.runtime} is not installed"
        return super().missing()


class Crun(Oci):
    name = runtime = "crun"


class CrunFilter(Crun):
    name = "crun+filter"
    seccomp = True


class Runc(Oci):
    name = runtime = "runc"


class Podman(Sandbox):
    name = "podman"

    def command(self, argv):
        words = ["podman", "--cgroup-manager=cgroupfs", "run", "--rm", "--network=none",
                 "--log-driver=none", "--cgroups=disabled"]
        if self.place.user.uid == 0:
            words += ["--ulimit=nofile=20000:20000", "--ulimit=nproc=32768:32768"]
        for folder, target, read_only in VOLUMES:
            words += ["-v", f"{self.place.path(folder)}:{target}{':ro' if read_only else ''}"]
        return [*words, "--rootfs", self.place.path("root"), *argv]


class Firejail(Outside):
    """Sees the host's files, as is its way; so the facts of the host hold."""

    name = "firejail"

    def command(self, argv):
        # Root would get the profile for servers, where no file of /tmp can be run.
        return ["firejail", "--quiet", "--profile=default", *argv]


PEERS = (Bubblewrap, Crun, CrunFilter, Runc, Podman, Firejail)


def docker_seccomp(path=DEFAULT_SECCOMP, arch="SCMP_ARCH_X86_64"):
    """Docker's default profile as a runtime's configuration has it, for no capability at all."""
    with open(path, encoding="utf-8") as file:
        profile = json.load(file)
    ours = {"SCMP_ARCH_X86_64": "amd64", "SCMP_ARCH_AARCH64": "arm64"}[arch]
    result = {"defaultAction": profile["defaultAction"], "architectures": [arch], "syscalls": []}
    if "defaultErrnoRet" in profile:
        result["defaultErrnoRet"] = profile["defaultErrnoRet"]
    for sub in profile.get("archMap", []):
        if sub["architecture"] == arch:
            result["architectures"] += sub["subArchitectures"]
    for rule in profile["syscalls"]:
        includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        if includes.get("caps") or ours in (excludes.get("arches") or []):
            continue
        if includes.get("arches") and ours not in includes["arches"]:
            continue
        kept = {"names": rule["names"], "action": rule["action"]}
        if rule.get("args"):
            kept["args"] = rule["args"]
        if "errnoRet" in rule:
            kept["errnoRet"] = rule["errnoRet"]
        result["syscalls"].append(kept)
    return result


def show_one_cgroup():
    """crun refuses a host that mounts both kinds of cgroups; let the peers see one, in private."""
    both = "/sys/fs/cgroup/unified"
    if os.geteuid() != 0 or not os.path.ismount(both) or "IMMURE_ONE_CGROUP" in os.environ:
        return
    os.environ["IMMURE_ONE_CGROUP"] = "1"
    script = f'mount --make-rprivate /; umount {both}; exec "$@"'
    os.execvp("unshare", ["unshare", "-m", "sh", "-c", script, "sh", *sys.argv])
