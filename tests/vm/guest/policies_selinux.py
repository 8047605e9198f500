# SPDX-License-Identifier: Apache-2.0
"""Policies for policies.py under SELinux: what types and classes can tell apart, which is not what paths can.

/work is a volume that is labelled for the sandbox, /opt/data has the type of plain data, /strange holds files that are
shown and labelled for somebody else.
"""

NEWNET, NEWIPC = "0x40000000", "0x08000000"
# What Python needs to start; nothing of /etc but the linker's, no /opt.
FILES = ["read,exec /usr/bin/** /usr/lib/** /lib/** /lib64/** /bin/**", "read /etc/ld.so.cache /proc/** /dev/** /vm/**"]
PYTHON, NETWORK = ["builtin/python"], ["builtin/python", "builtin/network-client"]

# Name, what it extends, its files besides, its calls, what it must deny, what it must allow.
POLICIES = (
    ("no settings of the host", PYTHON, [], [], ["read:/etc/passwd", "read:/etc/group"], ["list:/usr/lib"]),
    ("settings of the host", PYTHON, ["read /etc/**"], [], ["read:/strange/shadow"], ["read:/etc/passwd"]),
    ("no data of the host", PYTHON, [], [], ["read:/opt/data/open", "list:/opt/data/a"], ["write:/work/open"]),
    ("data of the host", PYTHON, ["read /opt/**"], [], ["exec:/opt/data/tool", "map:/opt/data/tool"],
     ["read:/opt/data/tool"]),
    ("programs among the data", PYTHON, ["read,exec /opt/**"], [], ["exec:/work/tool"], ["exec:/opt/data/tool"]),
    ("a home that is not labelled", PYTHON, ["read /strange/**"], [], ["read:/strange/home/x", "list:/strange/home"],
     ["read:/work/a/x"]),
    ("another sandbox's volume", PYTHON, [], [], ["read:/strange/other/x", "write:/strange/other/x",
                                                "create:/strange/other/y", "list:/strange/other"], ["create:/work/y"]),
    ("no code in a volume", PYTHON, ["read,exec /work/**"], [], ["exec:/work/tool", "map:/work/tool"],
     ["read:/work/tool"]),
    ("no socket at all", PYTHON, [], ["deny socket"], ["socket:inet,stream", "socket:inet,dgram", "socket:unix,stream",
                                                     "socket:unix,dgram"], ["read:/work/open"]),
    ("local sockets only", PYTHON, [], [], ["socket:inet,stream", "socket:inet6,dgram"], ["socket:unix,stream"]),
    ("no datagrams", NETWORK, [], ["deny socket if type == SOCK_DGRAM"], ["socket:inet,dgram", "socket:unix,dgram"],
     ["socket:inet,stream"]),
    ("no raw packets", NETWORK, [], [], ["socket:inet,raw", "socket:packet,raw"], ["loop:127.0.0.1"]),
    ("no netlink", NETWORK, [], [], ["socket:netlink,raw"], ["socket:inet,dgram"]),
    ("no server", NETWORK, [], ["deny bind"], ["bind:127.0.0.1"], ["socket:inet,stream"]),
    ("no listening", NETWORK, [], ["deny listen"], ["loop:127.0.0.1"], ["bind:127.0.0.1"]),
    ("no client", NETWORK, [], ["deny connect"], ["loop:127.0.0.1"], ["bind:127.0.0.1"]),
    ("no capability", PYTHON, [], [], ["hostname:x", "chroot:/usr"], ["read:/proc/self/status"]),
    ("no mount", PYTHON, [], [], ["mount:/work/a"], ["write:/work/open"]),
    ("no namespaces", PYTHON, [], [], [f"unshare:{NEWNET}", f"unshare:{NEWIPC}"], ["read:/proc/self/status"]),
    ("no signal to another label", PYTHON, [], [], ["kill:1"], ["kill:2"]),
    ("no look at another label", PYTHON, [], ["allow ptrace"], ["ptrace:1", "read:/proc/1/environ",
                                                              "read:/proc/1/maps"], ["trace-child:"]),
    ("no look at one's own children", PYTHON, [], [], ["trace-child:"], ["kill:2"]),
    ("no code made at run time", PYTHON, [], ["deny mmap if prot has PROT_WRITE|PROT_EXEC"], ["make-code:"],
     ["map:/usr/bin/busybox"]),
    ("no memory shared by name", PYTHON, [], [], ["shmget:4096"], ["read:/proc/self/status"]),
)
