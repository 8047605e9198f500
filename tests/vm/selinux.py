#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""selinux.py OUT FILE.cil...: Debian's reference policy with these modules, as the kernel takes it.

Of the reference policy the base and what ordinary users run in ("unconfined"): all of it takes ten times as long.
"""

import bz2
import pathlib
import subprocess
import sys
import tempfile

MODULES = ("base", "unconfined")
SOURCE = pathlib.Path("/usr/share/selinux/default")
CONVERTER = "/usr/libexec/selinux/hll/pp"
COMPILER = "/usr/bin/secilc"
SEMODULE = "/usr/sbin/semodule"
STORE_PROGRAMS = (SEMODULE, "/usr/sbin/sefcontext_compile", "/usr/sbin/setfiles", "/usr/sbin/load_policy")
VERSION = "33"  # of policies, as Linux 5.8 and later take it


def missing():
    """Why no policy can be made here, or None."""
    for path in (CONVERTER, COMPILER, *STORE_PROGRAMS, *(SOURCE / f"{name}.pp.bz2" for name in MODULES)):
        if not pathlib.Path(path).exists():
            return f"no {path}"
    return None


def reference(folder):
    """The modules of the reference policy in CIL, without logins: those name users of other modules."""
    for name in MODULES:
        package = folder / f"{name}.pp"
        package.write_bytes(bz2.decompress((SOURCE / f"{name}.pp.bz2").read_bytes()))
        text = subprocess.run([CONVERTER, str(package)], stdout=subprocess.PIPE, check=True).stdout
        lines = [line for line in text.split(b"\n") if not line.startswith(b"(selinuxuser ")]
        path = folder / f"{name}.cil"
        path.write_bytes(b"\n".join(lines))
        yield str(path)


def build(out, modules):
    """Raises subprocess.CalledProcessError with what the compiler says."""
    with tempfile.TemporaryDirectory(prefix="immure-selinux-") as folder:
        files = [*reference(pathlib.Path(folder)), *(str(m) for m in modules)]
        subprocess.run([COMPILER, "-m", "-c", VERSION, "-o", str(out), "-f", "/dev/null", *files],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)


def store(top, modules):
    """A machine's store of modules as semodule(8) keeps it, with the policy that it makes of them, below a folder."""
    with tempfile.TemporaryDirectory(prefix="immure-selinux-") as folder:
        files = [*reference(pathlib.Path(folder)), *(str(m) for m in modules)]
        (top / "etc/selinux/default/policy").mkdir(parents=True)
        (top / "var/lib/selinux").mkdir(parents=True)
        (top / "etc/selinux/config").write_text("SELINUX=enforcing\nSELINUXTYPE=default\n", encoding="ascii")
        (top / "etc/selinux/semanage.conf").write_text("module-store = direct\nexpand-check = 0\n", encoding="ascii")
        subprocess.run([SEMODULE, "-p", str(top), "-s", "default", "-n", "-N", "-X", "100",
                        *(word for file in files for word in ("-i", file))],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)


def main():
    reason = missing()
    if reason:
        sys.exit(reason)
    try:
        build(sys.argv[1], sys.argv[2:])
    except subprocess.CalledProcessError as why:
        sys.exit((why.stdout or b"").decode(errors="replace"))


if __name__ == "__main__":
    main()
