"""Connections, restarts and the end of an MCP server over HTTP."""

import asyncio
import contextlib
import re
import signal
import threading
import time
from pathlib import Path

from bindings import TRANSPORT, binary, listening
from clients import connected_client, plugin_context, plugin_manager, stanza
from harness import run
from host import GlobalContext, tools
from raw import INITIALIZE, Http, connect, invoke, message, once, said
from servers import HERE, Server, socket_directory

FLOOD = 10_000
BARE = {
    "request_id": "r",
    "server_id": None,
    "tenant_id": None,
    "user": None,
    "user_id": None,
    "content_type": None,
    "state": {},
    "metadata": {},
    "global_state": {},
    "global_metadata": {},
}


async def main(report):
    with socket_directory() as directory:
        await one_connection(report, directory)
        await restarts(report, directory)
        await asyncio.to_thread(flood, report, directory)
        await asyncio.to_thread(draining, report, directory)
        await asyncio.to_thread(clients_that_stay, report, directory)
        await asyncio.to_thread(under_load, report, directory)


def server(directory, name="life.sock", **environment):
    return Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory / name, **environment)


async def answer_to(client, text):
    payload = tools.ToolPreInvokePayload(name="search", args={"q": f"crap {text}"})
    result = await asyncio.wait_for(client.invoke_hook("tool_pre_invoke", payload, plugin_context(BARE)), 20)
    return result.modified_payload.args["q"]


@contextlib.asynccontextmanager
async def counted(address, directory):
    """A way to a server that counts the connections on it."""
    entrance, _ = listening(directory / "counted.sock")
    connections = []

    async def relay(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accepted(reader, writer):
        connections.append(writer)
        if TRANSPORT == "http-uds":
            inner = await asyncio.open_unix_connection(address)
        else:
            inner = await asyncio.open_connection("127.0.0.1", int(address.split(":")[1]))
        await asyncio.gather(relay(reader, inner[1]), relay(inner[0], writer))

    if TRANSPORT == "http-uds":
        relays = await asyncio.start_unix_server(accepted, entrance)
    else:
        relays = await asyncio.start_server(accepted, "127.0.0.1", int(entrance.split(":")[1]))
    async with relays:
        yield entrance, connections


async def one_connection(report, directory):
    with report.group("life: 300 calls of a host use one connection") as group, server(directory) as process:
        async with counted(process.address, directory) as (entrance, connections):
            client = await connected_client("ProbePlugin", entrance)
            for number in range(300):
                group.equal(f"call {number}", f"yikes {number}", await answer_to(client, number))
            # The notification after the handshake goes out beside the next request.
            group.true("connections", len(connections) <= 2, len(connections))
            await client.shutdown()


async def restarts(report, directory):
    with report.group("life: a restart between two calls is invisible") as group:
        process = server(directory)
        client = await connected_client("ProbePlugin", process.address)
        gateway = stanza("ProbePlugin", process.address, ["tool_pre_invoke"])
        async with plugin_manager(directory, [gateway]) as manager:
            for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGTERM):
                for number in range(2):
                    text = f"{how.name} {number}"
                    group.equal(f"client, {text}", f"yikes {text}", await answer_to(client, text))
                    payload = tools.ToolPreInvokePayload(name="search", args={"q": f"crap {text}"})
                    result, _ = await manager.invoke_hook("tool_pre_invoke", payload, GlobalContext(request_id="r"))
                    group.equal(f"manager, {text}", f"yikes {text}", result.modified_payload.args["q"])
                status = await asyncio.to_thread(process.stop, how)
                if how is not signal.SIGKILL:
                    group.equal(f"{how.name}: exit status", 0, status)
                    if TRANSPORT == "http-uds":
                        group.true(f"{how.name}: the socket file is gone", not Path(process.address).exists())
                process = server(directory)
        await client.shutdown()
        process.stop()


def resident(process):
    """The memory of the server, in megabytes."""
    status = Path(f"/proc/{process.id}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1000


def flood(report, directory):
    if TRANSPORT != "http":
        report.left_out("life: a flood of handshakes", "it is the same behind every socket")
        return
    with report.group(f"life: {FLOOD} times initialize without an end") as group:
        with server(directory) as process:

            def many(number):
                refused = 0
                with Http(process.address) as connection:
                    for _ in range(number):
                        refused += connection.post(message("initialize", INITIALIZE)).status != 200
                return refused

            # Up to here caches, pools and the allocator's free places fill up.
            first = many(5000)
            before = resident(process)
            refused = first + many(FLOOD)
            grown = resident(process) - before
            # Two kilobytes that stay of each would be 20 MB. The allocator's own ups and downs are below 8.
            group.true("memory stays as it is", grown < 15, f"grew by {grown:.1f} MB from {before:.1f}")
            group.true("memory", before < 100, f"{before:.1f} MB")
            group.true("nobody is refused", not refused, f"{refused} refused")
            with Http(process.address) as connection:
                answer = said(connection.rpc(invoke({"q": "crap"})))
                group.true("the server goes on", "result" in answer, answer)


def draining(report, directory):
    with report.group("life: SIGTERM while a call is running") as group, server(directory) as process:
        answers = []

        def slow():
            with Http(process.address) as connection:
                answers.append(connection.post(invoke({"q": "sleep:2000"})))

        running = threading.Thread(target=slow)
        running.start()
        time.sleep(0.3)
        group.equal("healthy", 200, once(process.address, "GET", "/health").status)
        stopped = []
        stopping = threading.Thread(target=lambda: stopped.append(process.stop()))
        stopping.start()
        time.sleep(0.3)
        # The socket file makes room for the next server at once.
        if TRANSPORT == "http-uds":
            group.true("nobody else comes in", not Path(process.address).exists())
        else:
            group.equal("health while it ends", 503, once(process.address, "GET", "/health").status)
        group.true("the call is still running", not answers)
        running.join(10)
        stopping.join(10)
        group.true("the call is answered", answers and said(answers[0].json)["result"], answers)
        group.equal("exit status", [0], stopped)


def clients_that_stay(report, directory):
    name, limit = "life: SIGTERM with clients that never close", {"PLUGINS_DRAIN_TIMEOUT": "1"}
    with report.group(name) as group, server(directory, **limit) as process:
        idle = [Http(process.address) for _ in range(20)]
        for connection in idle:
            group.equal("a request", 200, connection.post(message("ping")).status)
        bare = [connect(process.address) for _ in range(3)]
        bare[1].sendall(b"POST /mcp HT")
        bare[2].sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 5\r\n\r\n1")
        endless = threading.Thread(target=ended, args=(process.address, "sleep:60000"))
        endless.start()
        time.sleep(0.3)
        started = time.monotonic()
        group.equal("exit status", 0, process.stop())
        group.true("in time", time.monotonic() - started < 4, f"{time.monotonic() - started:.1f} s")
        endless.join(10)
        group.true("nobody is left waiting", not endless.is_alive())
        for connection in (*idle, *bare):
            connection.close()


def ended(address, text):
    """A call whose end is all that matters."""
    with contextlib.suppress(Exception), Http(address) as connection:
        connection.post(invoke({"q": text}))


def under_load(report, directory):
    with report.group("life: SIGTERM under load") as group, server(directory) as process:
        wrong, answered = [], []

        def load():
            try:
                with Http(process.address) as connection:
                    while True:
                        answer = connection.post(invoke({"q": "crap", "w": "sleep:5"}))
                        if answer.status == 503:
                            return
                        if b"yikes" not in answer.body:
                            wrong.append(answer)
                        answered.append(1)
                        if answer.headers.get("connection") == "close":
                            return
            except OSError:
                pass
            except Exception as error:
                # The end of a connection between two requests, and nothing else.
                if type(error).__name__ not in ("RemoteDisconnected", "NotConnected", "CannotSendRequest"):
                    wrong.append(error)

        loads = [threading.Thread(target=load) for _ in range(16)]
        for thread in loads:
            thread.start()
        deadline = time.monotonic() + 10
        while len(answered) < 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        started = time.monotonic()
        group.equal("exit status", 0, process.stop())
        group.true("at once", time.monotonic() - started < 3, f"{time.monotonic() - started:.1f} s")
        for thread in loads:
            thread.join(10)
        group.true("calls were made", len(answered) >= 200, len(answered))
        group.true("no call has half an answer, or another", not wrong, wrong)
        group.true("nobody is left waiting", not any(thread.is_alive() for thread in loads))


if __name__ == "__main__":
    run(main)
