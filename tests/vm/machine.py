# SPDX-License-Identifier: Apache-2.0
"""A guest under QEMU, without KVM: it starts, runs one program, and its output and status come back."""

import hashlib
import os
import pathlib
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile

import initramfs
import kernels

HERE = pathlib.Path(__file__).resolve().parent
QEMU = "qemu-system-x86_64"
BUSYBOX = "/bin/busybox"
INFRASTRUCTURE, TIMEOUT = 125, 124
LSM = {  # what stands beside Landlock in lsm=
    "none": "landlock,lockdown,yama,bpf",
    "apparmor": "landlock,lockdown,yama,apparmor,bpf",
    "selinux": "landlock,lockdown,yama,selinux,bpf",
}
USERS = (("root", 0, "/root"), ("immure-test", 1234, "/home/immure-test"),
         ("immure-nosub", 1235, "/home/immure-nosub"), ("nobody", 65534, "/"))
SUBIDS = "immure-test:1000000:65536\n"
# microvm has no PCI, no ACPI and no firmware to run: an empty test costs little more than the kernel.
MACHINE = ("-M", "microvm,acpi=off,pit=on,pic=on,rtc=on,isa-serial=on", "-accel", "tcg,thread=multi,tb-size=256",
           "-cpu", "max", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
CMDLINE = ("console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off tsc=reliable no_timer_check "
           "cryptomgr.notests rcupdate.rcu_expedited=1")


def missing():
    """Why no guest can be started here, or None."""
    if os.uname().machine != "x86_64":
        return "the guests are x86-64"
    for program in (QEMU, "apt-get", "dpkg", "cc"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None if os.path.exists(BUSYBOX) else f"no {BUSYBOX}"


def init_program():
    """init.c, compiled once for each of its versions."""
    source = HERE / "init.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    program = kernels.cache() / f"init-{digest}"
    with kernels.locked():
        if not program.exists():
            kernels.run(["cc", "-O2", "-static", "-o", f"{program}.part", str(source)])
            os.rename(f"{program}.part", program)
    return program


def base_segment():
    """init, busybox with all its names, users."""
    segment = initramfs.Segment()
    segment.skeleton()
    segment.file(str(init_program()), "/init")
    segment.file(BUSYBOX, "/bin/busybox")
    for name in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            segment.link(f"/bin/{name}", "busybox")
    for name, number, home in USERS:
        if home.startswith("/home/"):
            segment.folder(home, 0o755)
    lines = [f"{name}:x:{number}:{number}::{home}:/bin/sh\n" for name, number, home in USERS]
    groups = [f"{name}:x:{number}:\n" for name, number, _ in USERS] + ["tty:x:5:\n"]
    segment.put("/etc/passwd", "".join(lines).encode())
    segment.put("/etc/group", "".join(groups).encode())
    segment.put("/etc/subuid", SUBIDS.encode())
    segment.put("/etc/subgid", SUBIDS.encode())
    segment.put("/etc/hostname", b"guest\n")
    segment.folder("/var/tmp", 0o1777)
    return segment


class Guest:
    def __init__(self, kernel="bookworm", lsm="none", modules=(), memory=1024, cmdline=""):
        self.kernel = kernels.find(kernel)
        self.lsm, self.memory, self.cmdline = lsm, memory, cmdline
        self.segment = base_segment()
        self.segment.put(f"/boot/config-{self.kernel.release}", self.kernel.config.read_bytes())
        loaded = self.kernel.modules(modules)
        for name, data in loaded.items():
            self.segment.put(f"/vm/{name}.ko", data)
        self.segment.put("/vm/modules", "".join(f"/vm/{name}.ko\n" for name in loaded).encode())

    def command(self, argv):
        script = f"#!/bin/sh\nchown -R 1234:1234 /home/immure-test\nchown -R 1235:1235 /home/immure-nosub\n" \
                 f"exec {shlex.join(argv)}\n"
        self.segment.put("/vm/test", script.encode(), 0o755)

    def qemu(self, folder, token, output, extra):
        append = f"{CMDLINE} lsm={LSM[self.lsm]} immure_token={token} {self.cmdline} {extra}"
        return [QEMU, *MACHINE, "-smp", "1", "-m", str(self.memory), "-kernel", str(self.kernel.image),
                "-initrd", f"{folder}/initrd", "-append", append,
                "-chardev", f"file,id=console,path={folder}/console", "-serial", "chardev:console",
                "-chardev", output, "-device", "isa-serial,iobase=0x2f8,irq=3,chardev=output",
                "-device", f"isa-debug-exit,iobase={0xf4:#x},iosize=0x04"]

    def start_once(self, timeout):
        """Returns (status, output): the test's own status, INFRASTRUCTURE or TIMEOUT."""
        token = secrets.token_hex(8)
        with tempfile.TemporaryDirectory(prefix="immure-vm-") as folder:
            with open(f"{folder}/initrd", "wb") as out:
                self.segment.write(out)
            argv = self.qemu(folder, token, f"file,id=output,path={folder}/output", "")
            late = False
            try:
                subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)
            except subprocess.TimeoutExpired:
                late = True
            return judge(read(f"{folder}/output"), token, late, read(f"{folder}/console"))

    def run(self, argv, timeout=300):
        """Run a command in the guest; a machine that did not live to tell is started once more."""
        self.command(argv)
        status, output = self.start_once(timeout)
        if status == INFRASTRUCTURE:
            print("the guest died before the test's end; starting it once more", file=sys.stderr)
            status, output = self.start_once(timeout)
        return status, output

    def shell(self, argv):
        """Run a command with the caller's terminal; Ctrl-A x is QEMU's way out."""
        self.command(argv)
        with tempfile.TemporaryDirectory(prefix="immure-vm-") as folder:
            with open(f"{folder}/initrd", "wb") as out:
                self.segment.write(out)
            return subprocess.run(self.qemu(folder, "shell", "stdio,id=output,mux=on,signal=off", "immure_shell=1"),
                                  check=False).returncode


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().replace("\0", "")
    except OSError:
        return ""


def judge(output, token, late, console):
    start, end = f"@@{token} start\n", f"\n@@{token} "
    begun, _, rest = output.partition(start)
    began = begun != output
    body, mark, status = rest.rpartition(end)
    if mark and status.strip().isdigit():
        return int(status), body
    tail = "\n".join(console.splitlines()[-15:])
    text = f"{rest if began else output}\n--- console\n{tail}\n"
    return (TIMEOUT if late and began else INFRASTRUCTURE), text
