# SPDX-License-Identifier: Apache-2.0
"""What of this machine a guest needs for the project's own tests: Python, a shell, util-linux, immure."""

import pathlib
import shutil
import sys

PROGRAMS = ("bash", "python3", "unshare", "newuidmap", "newgidmap", "setpriv", "ldd", "rm", "sleep")
STDLIB = f"/usr/lib/python3.{sys.version_info.minor}"
# Tests, tools, documentation and the library for embedding are most of Python's size.
STDLIB_SKIP = ("test", "idlelib", "lib2to3", "tkinter", "ensurepip", "distutils", "pydoc_data", "unittest",
               "turtledemo", "venv", "xmlrpc", "wsgiref", "sqlite3", "curses",
               f"config-3.{sys.version_info.minor}-x86_64-linux-gnu")

UNITS = ("base_path", "base_procfs", "sandbox_plan", "runtime_run_folder", "sandbox_host_selinux")


def add_programs(segment):
    """Real programs instead of busybox's."""
    for name in PROGRAMS:
        found = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if found:
            segment.replace(str(pathlib.Path(found).resolve()), f"/usr/bin/{name}")
    segment.tree(STDLIB, skip=STDLIB_SKIP)


def add_immure(segment, build):
    """The launcher, its helper beside it, and the acts of a build folder."""
    build = pathlib.Path(build)
    segment.replace(str(build / "runtime/immure"), "/usr/bin/immure")
    segment.replace(str(build / "runtime/immure-tool"), "/usr/bin/immure-tool")
    segment.replace(str(build / "runtime/immure-oci"), "/usr/bin/immure-oci")
    segment.file(str(build / "runtime/immure-sign"), "/usr/bin/immure-sign")
    segment.file(str(build / "runtime/immure-probe"), "/usr/bin/immure-probe")
    segment.link("/vm/immure-tool", "/usr/bin/immure-tool")
    segment.replace(str(build / "tests/containment/acts"), "/vm/acts")
    segment.replace(str(build / "tests/layers/immure-layers"), "/vm/immure-layers")


def add_tracer(segment, build):
    """The kernel's collector and the programs of its stage, where a sandbox of the host's files sees them."""
    build = pathlib.Path(build)
    if not (build / "runtime/immure-tracerd").exists():
        return
    segment.file(str(build / "runtime/immure-tracerd"), "/usr/libexec/immure/immure-tracerd")
    segment.file("/usr/sbin/bpftool")
    for program in sorted((build / "tests/tracer").glob("tracer-*")):
        if program.is_file():
            segment.file(str(program), f"/usr/lib/immure-build/tests/tracer/{program.name}")


def add_units(segment, build):
    """The unit tests that ask the kernel something."""
    for name in UNITS:
        program = pathlib.Path(build) / "tests/unit" / f"test_{name}"
        segment.file(str(program), f"/vm/unit/{program.name}")


def add_tests(segment, tests):
    segment.tree(str(tests), "/vm/tests", skip=("__pycache__",))
