"""Calls per second of the unmodified host, to one server and another in turns.

Reads one line of JSON: `ours` and `floor` are the host's sections for the two servers; then `concurrency`, `rounds` and `seconds` of a sample.
Writes one: a list of `[ours, floor]` for each round.
"""

import asyncio
import json
import logging
import os
import sys
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
logging.disable(logging.CRITICAL)

from cpex.framework import GlobalContext, PluginConfig, PluginContext  # noqa: E402
from cpex.framework.external.grpc.client import GrpcExternalPlugin  # noqa: E402
from cpex.framework.external.mcp.client import ExternalPlugin  # noqa: E402
from cpex.framework.external.unix.client import UnixSocketExternalPlugin  # noqa: E402
from cpex.framework.hooks.tools import ToolPreInvokePayload  # noqa: E402

SERVER_CORE, HOST_CORE = 0, 1


async def connected(section):
    """The host's client. A server that it starts itself runs on the core of servers, as all do."""
    os.sched_setaffinity(0, {SERVER_CORE})
    kind = {"unix_socket": UnixSocketExternalPlugin, "grpc": GrpcExternalPlugin, "mcp": ExternalPlugin}[next(iter(section))]
    client = kind(PluginConfig(name="ReplaceWords", kind="external", hooks=["tool_pre_invoke"], **section))
    await client.initialize()
    os.sched_setaffinity(0, {HOST_CORE})
    return client


class Calls:
    """The same call, as often as one likes."""

    def __init__(self, wanted):
        self.payload = ToolPreInvokePayload(name=wanted["name"], args=wanted["args"])

    async def make(self, client):
        context = PluginContext(
            global_context=GlobalContext(
                request_id="0123456789abcdef0123",
                user="alice@example.com",
                tenant_id="tenant-1",
                server_id="server-1",
                metadata={"source": "gateway", "attempt": 1},
            )
        )
        return await client.invoke_hook("tool_pre_invoke", self.payload, context)

    async def until(self, client, end):
        calls = 0
        while time.perf_counter() < end:
            await self.make(client)
            calls += 1
        return calls

    async def per_second(self, client, concurrency, seconds):
        started = time.perf_counter()
        workers = (self.until(client, started + seconds) for _ in range(concurrency))
        calls = sum(await asyncio.gather(*workers))
        return calls / (time.perf_counter() - started)


async def main():
    task = json.loads(sys.stdin.readline())
    calls = Calls(task["payload"])
    clients = [await connected(task["ours"]), await connected(task["floor"])]
    for client in clients:
        result = await calls.make(client)
        if "crab" not in result.modified_payload.args["query"]:
            sys.exit(f"the word is not replaced: {result}")
        await calls.per_second(client, task["concurrency"], task["seconds"])
    rounds = []
    for number in range(task["rounds"]):
        taken = [0, 0]
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            taken[side] = await calls.per_second(clients[side], task["concurrency"], task["seconds"])
        rounds.append(taken)
    print(json.dumps(rounds), flush=True)
    # Servers that the host started end with their input; nothing else is left to close.
    os._exit(0)


asyncio.run(main())
