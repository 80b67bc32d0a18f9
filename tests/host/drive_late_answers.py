"""Late answers on the framed socket: a sample of the cells that `measure_late_answers` measures in full."""

import asyncio

from harness import run
from late_answers import Cell, outcome
from servers import socket_directory

CALLS = 40

CELLS = [
    Cell(timeout, hook, deadline, pause, manner)
    for timeout in (0.1, 0.3)
    for hook, deadline in (("at", "above"), ("above", "above"), ("above", "at"))
    for pause in (False, True)
    for manner in ("timeout", "cancellation")
]


async def main(report):
    with socket_directory() as directory:
        for cell in CELLS:
            with report.group(f"late answers: {cell}") as group:
                found = await outcome(cell, directory, CALLS)
                group.check("nobody receives the answer to another call", found.wrong)
                group.true("calls were given up", found.late, "none was")
                group.check("connections are in step again in the end", found.stuck)


if __name__ == "__main__":
    run(main)
