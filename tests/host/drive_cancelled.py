"""Cancelled calls: a host that gives up before the server does leaves an answer behind that nobody waits for.

A gateway cancels a call when its own limit is shorter than the server's, or when its client goes away. The connection
stays, and the next caller on it would read the answer that was left behind (docs/protocol.md, section 3.4).
"""

import asyncio
import random

from bindings import OVER_UNIX
from clients import connected_client, plugin_manager, stanza
from harness import run
from host import GlobalContext, PluginError, tools
from markers import SERVER_LIMIT, SLOW, answer_to, check_own_answer, impatient_servers, own
from servers import socket_directory

SERVERS = 4


async def main(report):
    with socket_directory() as directory, impatient_servers(directory, SERVERS) as servers:
        await cancelled_calls(report, servers)
        if OVER_UNIX:
            why = "a call given up in the middle of its answer fails the next one (drive_late_answers)"
            report.left_out("cancelled: calls that would have succeeded", why)
        else:
            await cancelled_before_they_succeed(report, servers)
        await cancelled_and_left_alone(report, servers)
        await managers_timeout(report, directory, servers[0])


async def cancelled_calls(report, servers):
    """At any moment before the server's limit.
    (Later ones may hit the client while it reconnects, and a client of this version never recovers from that.)"""
    with report.group("cancelled: 240 slow calls cancelled under way, each with another caller after it") as group:

        async def caller(server, number):
            moments = random.Random(number)
            client = await connected_client(
                "ProbePlugin", server.address, reconnect_attempts=2, reconnect_delay=0.01
            )
            for turn in range(6):
                try:
                    call = answer_to(client, f"late-{number}-{turn}", wait=SLOW)
                    answer = await asyncio.wait_for(call, moments.uniform(0.0, SERVER_LIMIT / 2))
                    group.check(f"late-{number}-{turn}: should be cancelled", [f"answered {answer}"])
                except (asyncio.TimeoutError, PluginError):
                    pass
                await check_own_answer(group, answer_to(client, f"next-{number}-{turn}"), f"next-{number}-{turn}")
            await client.shutdown()

        await asyncio.gather(*(caller(servers[number % SERVERS], number) for number in range(40)))


async def cancelled_before_they_succeed(report, servers):
    with report.group("cancelled: 240 calls that would have succeeded, each with another caller after it") as group:

        async def caller(server, number):
            moments = random.Random(number)
            client = await connected_client("ProbePlugin", server.address)
            for turn in range(6):
                late, next_one = f"late-{number}-{turn}", f"next-{number}-{turn}"
                try:
                    call = answer_to(client, late, wait="sleep:100")
                    group.equal(late, own(late), await asyncio.wait_for(call, moments.uniform(0.0, 0.11)))
                except asyncio.TimeoutError:
                    pass
                await check_own_answer(group, answer_to(client, next_one), next_one)
            await client.shutdown()

        await asyncio.gather(*(caller(servers[number % SERVERS], number) for number in range(40)))


async def cancelled_and_left_alone(report, servers):
    """Nobody else asks before the server answers: the next caller must not find that answer."""
    with report.group("cancelled: 40 slow calls cancelled, with nobody waiting when their time is up") as group:

        async def caller(server, number):
            client = await connected_client(
                "ProbePlugin", server.address, reconnect_attempts=2, reconnect_delay=0.01
            )
            try:
                await asyncio.wait_for(answer_to(client, f"late-{number}", wait=SLOW), SERVER_LIMIT / 4)
            except asyncio.TimeoutError:
                pass
            await asyncio.sleep(SERVER_LIMIT * 2)
            for turn in range(3):
                await check_own_answer(group, answer_to(client, f"next-{number}-{turn}"), f"next-{number}-{turn}")
            await client.shutdown()

        await asyncio.gather(*(caller(servers[number % SERVERS], number) for number in range(40)))


async def managers_timeout(report, directory, server):
    with report.group("cancelled: the plugin manager's own timeout is shorter than the client's") as group:
        local = stanza("ProbePlugin", server.address, ["tool_pre_invoke"])
        async with plugin_manager(directory, [local], timeout=0.15) as manager:
            for turn in range(10):
                for text in (SLOW, f"crap {turn}"):
                    payload = tools.ToolPreInvokePayload(name="search", args={"q": text})
                    # The next caller waits for the connection to be in step again, so it gets more time.
                    manager.executor.timeout = 0.15 if text == SLOW else 5
                    try:
                        result, _ = await manager.invoke_hook("tool_pre_invoke", payload, GlobalContext(request_id="r"))
                        group.equal(
                            f"turn {turn}",
                            f"yikes {turn}",
                            result.modified_payload and result.modified_payload.args["q"],
                        )
                    except PluginError as error:
                        group.true(f"turn {turn}: times out", text == SLOW, error.error.message)


if __name__ == "__main__":
    run(main)
