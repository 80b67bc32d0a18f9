"""The whole matrix of `late_answers`, as a table. See "Late answers" in docs/unix.md."""

import asyncio
import os
import sys


from late_answers import HOOKS, TIMEOUTS, cells, outcome
from servers import socket_directory

CALLS = int(os.environ.get("HOST_LATE_CALLS", "500"))
# Cells that run at one time.
AT_ONCE = int(os.environ.get("HOST_LATE_CELLS", "6"))


async def main():
    places = asyncio.Semaphore(AT_ONCE)
    guard = os.environ.get("PLUGINS_LATE_ANSWER_GUARD")
    environment = {"PLUGINS_LATE_ANSWER_GUARD": guard} if guard else {}

    async def one(cell, directory):
        async with places:
            return cell, await outcome(cell, directory, CALLS, **environment)

    with socket_directory() as directory:
        found = dict(await asyncio.gather(*(one(cell, directory) for cell in cells())))
    print("| host's timeout | hook | calls | given up | wrong answers | next callers with an error |")
    print("|---|---|--:|--:|--:|--:|")
    for timeout in TIMEOUTS:
        for hook in HOOKS:
            these = [each for cell, each in found.items() if (cell.timeout, cell.hook) == (timeout, hook)]
            total = [sum(count(each) for each in these) for count in COUNTS]
            print(f"| {timeout} s | {hook} it | " + " | ".join(f"{number:,}" for number in total) + " |")
    for cell, each in found.items():
        for problem in (each.wrong + each.failed)[:2]:
            print(f"{cell}: {problem}", file=sys.stderr)
    wrong = sum(len(each.wrong) for each in found.values())
    print(f"{len(found)} cells of {CALLS} calls: {wrong} wrong answers", file=sys.stderr)
    sys.exit(1 if wrong else 0)


COUNTS = (
    lambda each: each.calls,
    lambda each: each.late,
    lambda each: len(each.wrong),
    lambda each: len(each.failed),
)

if __name__ == "__main__":
    asyncio.run(main())
