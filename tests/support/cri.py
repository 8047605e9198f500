#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The calls that a kubelet makes of a container runtime, by the numbers of Kubernetes' runtime.v1 (CRI).

cri.py SOCKET run-pod NAME HANDLER [KEY=VALUE...]   annotations; prints the pod's id. The pod has the host's network.
cri.py SOCKET create POD NAME IMAGE [MEMORY] -- COMMAND...    prints the container's id
cri.py SOCKET start|status|stop|remove ID;  exec ID -- COMMAND...;  stop-pod|remove-pod ID
"""
import sys

import grpc


def field(number, value):
    """One field of a message: a number, a text, or a message that is bytes already."""
    def varint(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(data):
    """(number, value) of each field."""
    at = 0

    def varint():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            n = varint()
            at += n
            yield key >> 3, data[at - n:at]


def texts(number, values):
    return b"".join(field(number, v) for v in values)


def pod_config(name, annotations):
    network_of_the_node = field(1, 2)
    pairs = b"".join(field(7, field(1, k) + field(2, v)) for k, v in (a.split("=", 1) for a in annotations))
    return (field(1, field(1, name) + field(2, name + "-uid") + field(3, "default")) + pairs
            + field(8, field(2, field(1, network_of_the_node))))


def main():
    socket, verb, *args = sys.argv[1:]
    words = []
    if "--" in args:
        at = args.index("--")
        args, words = args[:at], args[at + 1:]
    channel = grpc.insecure_channel("unix://" + socket)

    def call(method, message):
        service = channel.unary_unary("/runtime.v1.RuntimeService/" + method)
        return dict(fields(service(message, timeout=60)))

    if verb == "run-pod":
        reply = call("RunPodSandbox", field(1, pod_config(args[0], args[2:])) + field(2, args[1]))
        print(reply[1].decode())
    elif verb == "create":
        config = field(1, field(1, args[1])) + field(2, field(1, args[2])) + texts(3, words)
        if len(args) > 3:
            config += field(15, field(1, field(4, int(args[3]))))
        reply = call("CreateContainer", field(1, args[0]) + field(2, config) + field(3, pod_config("pod", [])))
        print(reply[1].decode())
    elif verb == "exec":
        reply = call("ExecSync", field(1, args[0]) + texts(2, words) + field(3, 30))
        sys.stdout.write((reply.get(1, b"") + reply.get(2, b"")).decode())
        return reply.get(3, 0)
    elif verb == "status":
        status = dict(fields(call("ContainerStatus", field(1, args[0]))[1]))
        print(["created", "running", "exited", "unknown"][status.get(3, 0)], "status", status.get(7, 0))
    else:
        method = {"start": "StartContainer", "stop": "StopContainer", "remove": "RemoveContainer",
                  "stop-pod": "StopPodSandbox", "remove-pod": "RemovePodSandbox"}[verb]
        call(method, field(1, args[0]))
    return 0


try:
    sys.exit(main())
except grpc.RpcError as fault:
    sys.exit(f"{fault.code()}: {fault.details()}")
