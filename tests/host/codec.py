"""Judges documents of the codec by google.protobuf.json_format, and writes them itself.

    codec.py DIRECTORY

`documents` in the directory holds one after the other: JSON text, which is empty for what must be refused, and the bytes
of a Struct, each with its length in front. `answers` gets the bytes that Python writes for each text, in the same form.
"""

import json
import math
import struct
import sys
from pathlib import Path

import google.protobuf
from google.protobuf import json_format
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct


def chunks(data: bytes):
    position = 0
    while position < len(data):
        (length,) = struct.unpack_from("<I", data, position)
        position += 4
        yield data[position : position + length]
        position += length


def read(wire: bytes):
    return json_format.MessageToDict(Struct.FromString(wire))


def refuses(wire: bytes) -> bool:
    try:
        read(wire)
    except (DecodeError, json_format.Error, ValueError):
        return True
    return False


def same(left, right) -> bool:
    """Equality in which true is not 1 and minus zero is not zero."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if is_number(left) and is_number(right):
        left, right = float(left), float(right)
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return type(left) is type(right) and left == right


def is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def main() -> int:
    directory = Path(sys.argv[1])
    documents = list(chunks((directory / "documents").read_bytes()))
    answers = bytearray()
    refused = 0
    for number, (text, wire) in enumerate(zip(documents[::2], documents[1::2], strict=True)):
        if not text:
            if not refuses(wire):
                print(f"document {number} should be refused: {wire[:200].hex()}")
                return 1
            refused += 1
            continue
        expected = json.loads(text)
        found = read(wire)
        if not same(found, expected):
            print(f"document {number} differs:\nexpected {expected!r:.2000}\nfound    {found!r:.2000}")
            return 1
        answer = json_format.ParseDict(expected, Struct()).SerializeToString()
        answers += struct.pack("<I", len(answer)) + answer
    (directory / "answers").write_bytes(answers)
    print(
        f"{len(documents) // 2} documents, {refused} of them refused, "
        f"by protobuf {google.protobuf.__version__} ({api_implementation.Type()})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
