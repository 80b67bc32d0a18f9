"""Late answers: whatever a call that takes too long leaves behind, nobody receives an answer that is not theirs.

The host's client keeps its connection after a timeout, and takes the next frame for the answer to its next request
(docs/protocol.md, section 3.4). Only the server can keep the two in step.
"""

import asyncio
import os

from clients import connected_client
from harness import run
from host import PluginError
from markers import HOST_LIMIT, SLOW, answer_to, check_own_answer, impatient_servers
from servers import socket_directory

CALLS = int(os.environ.get("HOST_LATE_CALLS", "1000"))
SERVERS = 4
CLIENTS_PER_SERVER = 15


async def main(report):
    with socket_directory() as directory, impatient_servers(directory, SERVERS) as servers:
        await clients_own_timeout(report, servers)


async def clients_own_timeout(report, servers):
    title = (
        f"late answers: {CALLS} calls that outlast the server's limit and the host's, each with another caller after it"
    )
    with report.group(title) as group:

        async def caller(server, number, rounds):
            client = await connected_client(
                "ProbePlugin", server.address, timeout=HOST_LIMIT, reconnect_attempts=1, reconnect_delay=0.01
            )
            for turn in range(rounds):
                late, next_one = f"late-{number}-{turn}", f"next-{number}-{turn}"
                waiting = asyncio.create_task(answer_to(client, late, wait=SLOW))
                await asyncio.sleep(0)
                # Half of the other callers queue up behind the slow call, the others come after it has failed.
                behind = asyncio.create_task(answer_to(client, next_one)) if turn % 2 else None
                try:
                    group.check(f"{late}: should time out", [f"answered {await waiting}"])
                except PluginError:
                    pass
                await check_own_answer(group, behind or answer_to(client, next_one), next_one)
            await client.shutdown()

        await asyncio.gather(
            *(caller(servers[number % SERVERS], number, rounds) for number, rounds in enumerate(shares(CALLS)))
        )


def shares(calls):
    """The calls, dealt out to the clients."""
    clients = SERVERS * CLIENTS_PER_SERVER
    return [calls // clients + (number < calls % clients) for number in range(clients)]


if __name__ == "__main__":
    run(main)
