"""Writes one request and one response of every kind and version as kafka-python encodes them.

A line of `messages.txt` is: name, version, hexadecimal bytes of the body. The values are drawn from a
fixed seed; every field that the version has gets one, null where it may be and the draw says so.
"""

import importlib
import pathlib
import pkgutil
import random
import uuid

import kafka.protocol
from kafka.protocol.api_message import ApiMessage

VERSIONS = {
    "Produce": (3, 9), "Fetch": (4, 12), "ListOffsets": (1, 7), "Metadata": (0, 12),
    "OffsetCommit": (2, 8), "OffsetFetch": (1, 7), "FindCoordinator": (0, 3), "JoinGroup": (0, 7),
    "Heartbeat": (0, 4), "LeaveGroup": (0, 4), "SyncGroup": (0, 5), "DescribeGroups": (0, 5),
    "ListGroups": (0, 4), "ApiVersions": (0, 4), "CreateTopics": (2, 7), "DeleteTopics": (1, 6),
    "DeleteRecords": (0, 2), "InitProducerId": (0, 4), "OffsetForLeaderEpoch": (2, 4),
    "DescribeConfigs": (1, 4), "CreatePartitions": (0, 3), "DeleteGroups": (0, 2),
    "IncrementalAlterConfigs": (0, 1), "OffsetDelete": (0, 0), "DescribeCluster": (0, 1),
}

for module in pkgutil.walk_packages(kafka.protocol.__path__, "kafka.protocol."):
    try:
        importlib.import_module(module.name)
    except ImportError:
        pass


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


MESSAGES = {kind.__name__: kind for kind in subclasses(ApiMessage)}
draw = random.Random(2024)
WIDTHS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63}


def has(span, version):
    return span is not None and span[0] <= version <= span[1]


def scalar(kind):
    if kind in WIDTHS:
        return draw.randint(-(1 << WIDTHS[kind]), (1 << WIDTHS[kind]) - 1)
    if kind == "bitfield":  # kafka-python's name for a set of bits in an int32
        return set(draw.sample(range(3, 12), 3))
    if kind == "bool":
        return draw.random() < 0.5
    if kind == "uuid":
        return uuid.UUID(int=draw.getrandbits(128))
    if kind == "string":
        return "".join(draw.choice("ab\uc548-.7") for _ in range(draw.choice([0, 1, 5, 130])))
    if kind in ("bytes", "records"):
        return bytes(draw.getrandbits(8) for _ in range(draw.choice([0, 1, 9, 300])))
    raise ValueError(kind)


def value(holder, field, version):
    if has(field._nullable_versions, version) and draw.random() < 0.3:
        return None
    kind = field._json["type"]
    if field._json["name"] == "ErrorCode" and draw.random() < 0.5:
        return 0
    count = draw.choice([0, 1, 3])
    if not kind.startswith("[]"):
        return scalar(kind)
    if field._json.get("fields") is None and kind[2:3].islower():
        return [scalar(kind[2:]) for _ in range(count)]
    return [filled(getattr(holder, kind[2:]), version) for _ in range(count)]


def filled(kind, version):
    fields = kind.fields.values() if isinstance(kind.fields, dict) else kind.fields
    arguments = {
        field.name: value(kind, field, version) for field in fields
        if has(field._versions, version) and not field._tagged_versions}
    return kind(**arguments)


lines = []
for base, (first, last) in VERSIONS.items():
    for suffix in ("Request", "Response"):
        for version in range(first, last + 1):
            message = filled(MESSAGES[base + suffix], version)
            lines.append(f"{base}{suffix} {version} {message.encode(version=version).hex() or '-'}")
(pathlib.Path(__file__).parent / "messages.txt").write_text("\n".join(lines) + "\n")
print(len(lines), "messages")
