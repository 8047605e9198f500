#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check OCSF events, one JSON object a line, by what OCSF 1.3.0 says of their classes: ocsf_check.py FILE...

The tables hold what the schema (github.com/ocsf/ocsf-schema, tag 1.3.0) says of the attributes that immure writes and of all that
are required. An attribute that is in no table is an error: look it up and add it.
"""
import ipaddress
import json
import sys

VERSION = "1.3.0"
STRING, INTEGER, LONG, TIME, IP, PORT, ANY = "string_t", "integer_t", "long_t", "timestamp_t", "ip_t", "port_t", "object"
SEVERITY, STATUS, OTHER = (0, 1, 2, 3, 4, 5, 6, 99), (0, 1, 2, 99), 99

# name: (type or object, required, values or None); a type in a list is an array of it.
EVENT = {
    "activity_id": (INTEGER, True, None), "category_uid": (INTEGER, True, None), "class_uid": (INTEGER, True, None),
    "message": (STRING, False, None), "metadata": ("metadata", True, None), "severity_id": (INTEGER, True, SEVERITY),
    "status_code": (STRING, False, None), "status_id": (INTEGER, False, STATUS), "time": (TIME, True, None),
    "type_uid": (LONG, True, None), "unmapped": (ANY, False, None),
}
SYSTEM = {"actor": ("actor", True, None), "device": ("device", True, None)}
# class_uid: (values of activity_id, attributes beyond those of every event)
CLASSES = {
    1001: (tuple(range(15)) + (OTHER,), {**SYSTEM, "file": ("file", True, None)}),
    1003: ((0, 1, 2, 3, 4, OTHER), {**SYSTEM, "kernel": ("kernel", True, None)}),
    1007: ((0, 1, 2, 3, 4, 5, OTHER), {**SYSTEM, "process": ("process", True, None), "exit_code": (INTEGER, False, None)}),
    2003: ((0, 1, 2, 3, OTHER), {
        "compliance": ("compliance", True, None), "finding_info": ("finding_info", True, None),
        "remediation": ("remediation", False, None), "resources": (["resource_details"], False, None),
        "status_id": (INTEGER, False, (0, 1, 2, 3, 4, OTHER))}),
    4001: ((0, 1, 2, 3, 4, 5, 6, 7, OTHER), {
        "connection_info": ("network_connection_info", False, None), "dst_endpoint": ("network_endpoint", True, None),
        "src_endpoint": ("network_endpoint", False, None), "traffic": ("network_traffic", False, None)}),
}
# What a profile adds, once metadata.profiles names it.
PROFILES = {"host": {"actor": ("actor", False, None), "device": ("device", False, None)}}
# name: (attributes, of which at least one has to be there)
OBJECTS = {
    "actor": ({"process": ("process", False, None)}, ("process",)),
    "compliance": ({"control": (STRING, False, None), "standards": ([STRING], True, None), "status": (STRING, False, None),
                    "status_detail": (STRING, False, None), "status_id": (INTEGER, False, (0, 1, 2, 3, OTHER))}, ()),
    "device": ({"name": (STRING, False, None), "type": (STRING, False, None), "uid": (STRING, False, None),
                "type_id": (INTEGER, True, tuple(range(16)) + (OTHER,))}, ("name", "uid")),
    "file": ({"name": (STRING, True, None), "path": (STRING, False, None),
              "type_id": (INTEGER, True, (0, 1, 2, 3, 4, 5, 6, 7, OTHER))}, ()),
    "finding_info": ({"title": (STRING, True, None), "uid": (STRING, True, None)}, ()),
    "kernel": ({"name": (STRING, True, None), "type_id": (INTEGER, True, (0, 1, 2, OTHER))}, ()),
    "metadata": ({"product": ("product", True, None), "profiles": ([STRING], False, None), "sequence": (INTEGER, False, None),
                  "version": (STRING, True, (VERSION,))}, ()),
    "network_connection_info": ({"direction_id": (INTEGER, True, (0, 1, 2, 3, OTHER)),
                                 "protocol_name": (STRING, False, None)}, ()),
    "network_endpoint": ({"ip": (IP, False, None), "name": (STRING, False, None), "port": (PORT, False, None)},
                         ("ip", "name")),
    "network_traffic": ({"bytes_in": (LONG, False, None), "bytes_out": (LONG, False, None)}, ()),
    "process": ({"cmd_line": (STRING, False, None), "file": ("file", False, None), "name": (STRING, False, None),
                 "pid": (INTEGER, False, None)}, ("pid",)),
    "product": ({"name": (STRING, False, None), "vendor_name": (STRING, True, None), "version": (STRING, False, None)},
                ("name",)),
    "remediation": ({"desc": (STRING, True, None)}, ()),
    "resource_details": ({"name": (STRING, False, None), "type": (STRING, False, None), "uid": (STRING, False, None)},
                         ("name", "uid")),
}


def is_integer(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_ip(value):
    try:
        return bool(ipaddress.ip_address(value))
    except ValueError:
        return False


SCALARS = {
    STRING: lambda v: isinstance(v, str),
    INTEGER: lambda v: is_integer(v, -2**31, 2**31 - 1),
    LONG: lambda v: is_integer(v, -2**63, 2**63 - 1),
    TIME: lambda v: is_integer(v, 10**12, 10**13),  # milliseconds, of this age
    IP: is_ip,
    PORT: lambda v: is_integer(v, 0, 65535),
    ANY: lambda v: isinstance(v, dict),
}


def check_value(where, value, kind, values):
    if isinstance(kind, list):
        if not isinstance(value, list) or not value:
            raise ValueError(f"{where}: no array")
        for i, item in enumerate(value):
            check_value(f"{where}[{i}]", item, kind[0], values)
    elif kind in SCALARS:
        if not SCALARS[kind](value) or (values and value not in values):
            raise ValueError(f"{where}: {value!r} is no {kind}" + (f" of {values}" if values else ""))
    else:
        attributes, one_of = OBJECTS[kind]
        check_object(where, value, attributes)
        if one_of and not any(name in value for name in one_of):
            raise ValueError(f"{where}: none of {one_of}")


def check_object(where, value, attributes):
    if not isinstance(value, dict):
        raise ValueError(f"{where}: no object")
    for name, (_, required, _) in attributes.items():
        if required and name not in value:
            raise ValueError(f"{where}: {name} is missing")
    for name, item in value.items():
        if name not in attributes:
            raise ValueError(f"{where}: there is no {name}")
        check_value(f"{where}.{name}", item, *attributes[name][::2])


def check_event(event):
    uid = event.get("class_uid")
    if uid not in CLASSES:
        raise ValueError(f"class_uid: {uid!r}")
    activities, more = CLASSES[uid]
    for profile in event.get("metadata", {}).get("profiles", ()):
        more = {**PROFILES[profile], **more}
    check_object(str(uid), event, {**EVENT, **more})
    if event["activity_id"] not in activities:
        raise ValueError(f"{uid}.activity_id: {event['activity_id']}")
    if (event["category_uid"], event["type_uid"]) != (uid // 1000, uid * 100 + event["activity_id"]):
        raise ValueError(f"{uid}: category_uid or type_uid")


def main(files):
    seen = {}
    for file in files:
        for number, line in enumerate(open(file, encoding="utf-8"), 1):
            event = json.loads(line)
            try:
                check_event(event)
            except ValueError as error:
                sys.exit(f"{file}:{number}: {error}")
            key = event["type_uid"]
            seen[key] = seen.get(key, 0) + 1
    print(" ".join(f"{key}:{n}" for key, n in sorted(seen.items())))


main(sys.argv[1:])
