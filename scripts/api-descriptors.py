"""Collects Envoy's API as one FileDescriptorSet from the wheel of the PyPI package xds-protos.

Reads the descriptor bytes that the generated Python modules carry as literals, without importing
anything: no protobuf runtime is needed, and any Python >= 3.9 gives the same bytes. Keeps what the
Envoy v3 packages and the gRPC services reach; files come in dependency order.
usage: api-descriptors.py WHEEL OUTPUT
"""
import ast
import re
import sys
import zipfile

ROOTS = re.compile(r"^envoy/(?!.*/v2(alpha)?/)(.*/)?(v3|v3alpha)/|^xds/|^udpa/annotations/|^validate/|^envoy/annotations/")


def literals(wheel):
    """Yields the bytes literal handed to AddSerializedFile by each generated module."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in sorted(archive.namelist()):
            if not entry.endswith("_pb2.py"):
                continue
            for node in ast.walk(ast.parse(archive.read(entry))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
                    yield node.args[0].value


def varint(data, at):
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def strings(data, wanted):
    """The string values of one field number in a serialised message."""
    at, found = 0, []
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            _, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            if key >> 3 == wanted:
                found.append(data[at:at + size].decode())
            at += size
        else:
            raise SystemExit("a descriptor has an unexpected wire type %d" % kind)
    return found


def encode_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def main(wheel, output):
    files = {}
    for data in literals(wheel):
        files[strings(data, 1)[0]] = (data, strings(data, 3))
    ordered, seen = [], set()

    def visit(name):
        if name in seen or name not in files:  # google/protobuf/* comes from protobufjs
            return
        seen.add(name)
        for dependency in files[name][1]:
            visit(dependency)
        ordered.append(name)

    for name in sorted(files):
        if ROOTS.match(name):
            visit(name)
    with open(output, "wb") as out:
        for name in ordered:
            data = files[name][0]
            out.write(b"\x0a" + encode_varint(len(data)) + data)
    print("%d files" % len(ordered))


main(sys.argv[1], sys.argv[2])
