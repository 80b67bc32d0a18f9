"""Reads generated `.env` files as the Python server does.

    read_dotenv.py DIRECTORY

`files` in the directory holds one after the other, each with its length in front. `variables` is JSON, the environment of the
server. `answers` gets a list in JSON: for each file the names with their values and the lines of the statements that can't be
read, or null where Python does not read the file at all.
"""

import io
import json
import logging
import os
import struct
import sys
from importlib.metadata import version
from pathlib import Path

from dotenv.main import DotEnv
from dotenv.parser import parse_stream


def chunks(data: bytes):
    position = 0
    while position < len(data):
        (length,) = struct.unpack_from("<I", data, position)
        position += 4
        yield data[position : position + length]
        position += length


def line(original) -> int:
    """Python counts from the blank lines before a statement."""
    blank = original.string[: len(original.string) - len(original.string.lstrip())]
    return original.line + blank.count("\n")


def read(path: Path):
    try:
        # As pydantic-settings reads it for cpex/framework/settings.py.
        values = DotEnv(path, encoding="utf-8", interpolate=True, override=True).dict()
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
    broken = [line(binding.original) for binding in parse_stream(io.StringIO(text)) if binding.error]
    return [list(values.items()), broken]


def main() -> int:
    logging.disable()
    directory = Path(sys.argv[1])
    os.environ.clear()
    os.environ.update(json.loads((directory / "variables").read_text(encoding="utf-8")))
    path = directory / "read.env"
    answers = []
    for data in chunks((directory / "files").read_bytes()):
        path.write_bytes(data)
        answers.append(read(path))
    (directory / "answers").write_text(json.dumps(answers), encoding="utf-8")
    refused = answers.count(None)
    broken = sum(bool(answer and answer[1]) for answer in answers)
    print(
        f"{len(answers)} files by python-dotenv {version('python-dotenv')}: "
        f"{refused} refused, {broken} with statements that can't be read"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
