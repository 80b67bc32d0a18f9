"""Late answers on the framed socket: how many callers receive the answer to a call that another gave up on.

A cell is one combination of the host's timeout, the hook's time, the server's deadline, how the host gives up, and whether
there is a pause before the next caller. In each of its calls a client makes a slow call, and then another on the same
connection, whose answer must be its own (docs/protocol.md, section 3.4).
"""

import asyncio
import itertools
import random
from dataclasses import dataclass, field

from bindings import binary
from clients import connected_client
from host import PluginError
from markers import answer_to, own
from servers import HERE, Server

# Seconds. How long a host waits at most.
TIMEOUTS = (0.1, 0.5, 1.0, 2.0)
# Parts of the host's timeout. Above the longest deadline there is no hook.
HOOKS = {"below": 0.9, "at": 1.0, "above": 1.3}
DEADLINES = {"below": 0.8, "at": 1.0, "above": None}
PAUSES = (False, True)
MANNERS = ("timeout", "cancellation")
# The clients of a cell, each with a connection of its own.
CLIENTS = 20


@dataclass(frozen=True)
class Cell:
    timeout: float
    hook: str
    deadline: str
    pause: bool
    manner: str

    def __str__(self):
        pause = "with a pause" if self.pause else "without a pause"
        return f"{self.manner} {self.timeout} s, hook {self.hook}, server's deadline {self.deadline}, {pause}"


@dataclass
class Outcome:
    """What came of the calls of a cell."""

    calls: int = 0
    late: int = 0
    wrong: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    # Clients that no longer get answers.
    stuck: list = field(default_factory=list)


def cells():
    return [Cell(*parts) for parts in itertools.product(TIMEOUTS, HOOKS, DEADLINES, PAUSES, MANNERS)]


async def outcome(cell, directory, calls, **environment):
    """The outcome of so many calls, on a server of their own."""
    share = DEADLINES[cell.deadline]
    if share:
        environment["PLUGINS_CALL_TIMEOUT"] = f"{cell.timeout * share:.3f}"
    found = Outcome()
    path = directory / f"{abs(hash(cell)):x}.sock"
    with Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", path, **environment) as server:
        clients = min(CLIENTS, calls)
        turns = [calls // clients + (number < calls % clients) for number in range(clients)]
        await asyncio.gather(
            *(_caller(cell, server.address, number, count, found) for number, count in enumerate(turns))
        )
    return found


async def _caller(cell, address, number, turns, found):
    moments = random.Random(f"{cell}{number}")
    by_timeout = cell.manner == "timeout"

    async def connected():
        timeout = cell.timeout if by_timeout else 30
        return await connected_client("ProbePlugin", address, timeout=timeout, reconnect_delay=0.01)

    client = await connected()
    for turn in range(turns):
        # Around the moment: an answer may also come while the host gives up.
        milliseconds = cell.timeout * HOOKS[cell.hook] * 1000 + moments.randint(-3, 3)
        late = f"late-{number}-{turn}"
        call = answer_to(client, late, wait=f"sleep:{milliseconds:.0f}")
        await _take(found, late, call if by_timeout else asyncio.wait_for(call, cell.timeout), is_late=True)
        if cell.pause:
            await asyncio.sleep(moments.uniform(0.1, 0.3))
        next_one = f"next-{number}-{turn}"
        if not await _take(found, next_one, answer_to(client, next_one)):
            client = await connected()
        found.calls += 1
    # A client that gave up in the middle of an answer fails until its connection is closed.
    last = Outcome()
    for attempt in range(4):
        last.failed.clear()
        await _take(last, f"last-{number}-{attempt}", answer_to(client, f"last-{number}-{attempt}"))
        if not last.failed:
            break
        # The server gets to see what was sent.
        await asyncio.sleep(0.1)
    found.wrong += last.wrong
    found.stuck += last.failed
    await client.shutdown()


async def _take(found, marker, call, is_late=False):
    """Whether the client can go on: one that is cancelled while it reconnects never recovers (cpex 0.1.4)."""
    try:
        answer = await call
    except (PluginError, asyncio.TimeoutError, asyncio.CancelledError) as error:
        if is_late:
            found.late += 1
        else:
            found.failed.append(f"{marker}: {error!r}")
        return not isinstance(error, asyncio.CancelledError)
    if answer != own(marker):
        found.wrong.append(f"{marker}: received {answer}")
    return True
