"""The edges of the bare client: configuration look-ups, names, sizes, depth, timeouts, restarts of the server."""

import asyncio
import os
import signal
import time

from bindings import LARGEST_ANSWER, OVER_GRPC, OVER_MCP, OVER_UNIX, binary
from clients import call_as, configuration, configurations, connected_client
from harness import differences, run
from host import GlobalContext, PluginConfig, PluginContext, PluginError
from samples import HOOKS, sample
from servers import HERE, Server, entries, socket_directory

MEGABYTE = 1_000_000


async def main(report):
    program, config = binary("PROBE_PLUGIN"), HERE / "probe.yaml"
    with socket_directory() as directory:
        with Server(program, config, directory / "probe.sock") as server:
            await look_ups(report, server.address, config)
        await edges(report, directory)


async def edges(report, directory):
    """What every version of the host does alike."""
    program, config = binary("PROBE_PLUGIN"), HERE / "probe.yaml"
    with Server(program, config, directory / "probe.sock") as server:
        await names(report, server.address)
        await sizes(report, server.address)
        await depth(report, server.address)
        await independent_clients(report, server.address)
    with Server(program, config, directory / "slow.sock", PLUGINS_CALL_TIMEOUT="1") as server:
        await timeouts(report, server.address)
    if OVER_MCP:
        report.left_out("restarts", "an MCP host does not get over a call to a server that is down; see drive_mcp_life.py")
    else:
        await restarts(report, program, config, directory / "again.sock")


def context(**parts):
    return PluginContext(global_context=GlobalContext(request_id="r1"), **parts)


async def call(client, args, hook="tool_pre_invoke"):
    return await asyncio.wait_for(client.invoke_hook(hook, {"name": "search", "args": args}, context()), 30)


async def look_ups(report, path, config):
    with report.group("configurations: look-up by name and the whole list") as group:
        client = await connected_client("ProbePlugin", path)
        for entry in entries(config):
            for name in (entry["name"], entry["name"].lower(), entry["name"].upper()):
                group.check(name, compare_configuration(entry, await configuration(client, name) or {}))
        for name in ("Nobody", "probe", " ProbePlugin", "ProbePlugin\u0000", "é" * 500):
            group.equal(f"{name[:20]!r}: not found", None, await configuration(client, name))
        reported = await configurations(client)
        group.equal(
            "the list, in file order",
            [entry["name"] for entry in entries(config)],
            [each.get("name") for each in reported],
        )
        for entry, each in zip(entries(config), reported):
            group.check(f"in the list: {entry['name']}", compare_configuration(entry, each))
        group.equal(
            "the connection is as good as before",
            "yikes",
            (await call(client, {"q": "crap"})).modified_payload.args["q"],
        )
        await client.shutdown()


def compare_configuration(entry, reported):
    """What the file sets is reported as the file has it; the host's model agrees on everything else. Over MCP nobody knows
    how old the host is, so that modes have the names that all of them understand."""
    meant = {"conditions", *(("mode", "on_error") if OVER_MCP else ())}
    yield from differences(
        {key: entry[key] for key in entry if key not in meant},
        {key: reported.get(key) for key in entry if key not in meant},
    )
    whole = PluginConfig.model_validate(reported).model_dump(mode="json")
    yield from differences(PluginConfig.model_validate(entry).model_dump(mode="json"), whole, "as the host reads it")


async def names(report, path):
    with report.group("names: letter case, unknown plugins, hooks not in the list") as group:
        client = await connected_client("pRoBePlUgIn", path)
        group.equal(
            "an instance is found without regard to case",
            "yikes",
            (await call(client, {"q": "crap"})).modified_payload.args["q"],
        )
        result = await client.invoke_hook("http_pre_request", sample("http_pre_request", "a"), context())
        group.equal(
            "the instance keeps its own name",
            {"h": "a", "x-probe": "ProbePlugin"},
            result.modified_payload.model_dump(),
        )
        await client.shutdown()
        if not OVER_UNIX:
            try:
                await connected_client("Nobody", path)
                group.true("a plugin that the server does not know is given up", False, "should fail")
            except PluginError as error:
                group.equal("a plugin that the server does not know is given up", "Nobody", error.error.plugin_name)
        for name, hooks in (("Nobody", HOOKS), ("ProbeAlt", [h for h in HOOKS if h != "tool_pre_invoke"])):
            client = await connected_client("ProbeAlt", path)
            # Not by its name at once, so that a host that has given the plugin up calls it all the same.
            call_as(client, name)
            for hook in hooks:
                try:
                    await client.invoke_hook(hook, sample(hook, "crap"), context())
                    group.true(f"{hook} of {name}", False, "should fail")
                except PluginError as error:
                    group.true(
                        f"{hook} of {name}: the message names both",
                        hook in error.error.message and name in error.error.message,
                        error.error.message,
                    )
                    group.equal(f"{hook} of {name}: error code", -32603, error.error.mcp_error_code)
            if name == "ProbeAlt":
                result = await call(client, {"q": "crap"})
                group.equal(
                    "an instance's own words, and no conditions in the server",
                    "gosh",
                    result.modified_payload.args["q"],
                )
            await client.shutdown()
        client = await connected_client("ProbePlugin", path)
        for title, payload in (
            ("no name", {"args": {}}),
            ("name is a number", {"name": 3}),
            ("args is a list", {"name": "n", "args": []}),
        ):
            try:
                await client.invoke_hook("tool_pre_invoke", payload, context())
                group.true(title, False, "should fail")
            except PluginError as error:
                group.true(title, error.error.plugin_name == "ProbePlugin" and error.error.message, error.error)
        group.equal(
            "the connection survives invalid payloads",
            "yikes",
            (await call(client, {"q": "crap"})).modified_payload.args["q"],
        )
        await client.shutdown()


async def sizes(report, path):
    with report.group("sizes: up to the largest answer that the host takes, and over it") as group:
        client = await connected_client("ProbePlugin", path)
        largest = 3 if OVER_GRPC else 12
        longest = 0
        for megabytes in (1, largest):
            text = "x" * (megabytes * MEGABYTE)
            started = time.monotonic()
            result = await call(client, {"q": "crap " + text, "n": 1})
            longest = max(longest, time.monotonic() - started)
            group.true(f"{megabytes} MB there and back", result.modified_payload.args["q"] == "yikes " + text)
            group.equal(f"{megabytes} MB, nothing changed", None, (await call(client, {"q": text})).modified_payload)
            many = {f"k{index}": ["crap"] * 10 for index in range(megabytes * 5000)}
            result = await call(client, many)
            group.true(
                f"{megabytes} MB of small values", result.modified_payload.args == {k: ["yikes"] * 10 for k in many}
            )
            result = await call(client, {"probe": {"grow": megabytes * MEGABYTE}})
            group.true(f"{megabytes} MB in the answer", result.metadata == {"blob": text})
        for title, args in (
            ("answer over the limit", {"probe": {"grow": LARGEST_ANSWER + 2**20}}),
            ("answer that grows over the limit", {"q": "crap" * (LARGEST_ANSWER // 5), "probe": {}}),
        ):
            started = time.monotonic()
            try:
                await call(client, args)
                group.true(title, False, "should fail")
            except PluginError as error:
                group.true(
                    f"{title}: an error and not a lost connection",
                    "attempts" not in error.error.message,
                    error.error.message,
                )
            took = time.monotonic() - started
            group.true(
                f"{title}: nothing waits", took < max(5, 5 * longest), f"{took:.1f} s, a good call {longest:.1f} s"
            )
            group.equal(
                f"{title}: the next call", "yikes", (await call(client, {"q": "crap"})).modified_payload.args["q"]
            )
        await client.shutdown()


async def depth(report, path):
    with report.group("depth: as deep as the host can write and read") as group:
        client = await connected_client("ProbePlugin", path)
        for title, wrap, levels in (
            ("objects", lambda v: {"a": v}, (1, 10, 30)),
            ("lists", lambda v: [v], (1, 20, 44)),
        ):
            for level in levels:
                value, expected = "crap", "yikes"
                for _ in range(level):
                    value, expected = wrap(value), wrap(expected)
                result = await call(client, {"v": value})
                group.equal(f"{level} {title}", expected, result.modified_payload.args["v"])
        await client.shutdown()


async def independent_clients(report, path):
    with report.group("clients: 50 connections, slow calls on some do not hold up the others") as group:
        clients = await asyncio.gather(*(connected_client("ProbePlugin", path) for _ in range(50)))
        slow = [asyncio.create_task(call(client, {"q": "sleep:3000"})) for client in clients[:25]]
        await asyncio.sleep(0.1)
        started = time.monotonic()
        for number, client in enumerate(clients[25:]):
            result = await call(client, {"q": f"crap {number}"})
            group.equal(f"client {number}", f"yikes {number}", result.modified_payload.args["q"])
        group.true("none waited", time.monotonic() - started < 2.5)
        group.true("all slow calls are still under way", not any(task.done() for task in slow))
        for result in await asyncio.gather(*slow):
            group.equal("slow call", None, result.modified_payload)
        await asyncio.gather(*(client.shutdown() for client in clients))


async def timeouts(report, path):
    with report.group("timeouts: a call longer than the server's limit, on every hook") as group:

        async def one(hook):
            client = await connected_client("ProbePlugin", path, timeout=5, reconnect_attempts=1, reconnect_delay=0.02)
            started = time.monotonic()
            try:
                result = await client.invoke_hook(hook, sample(hook, "sleep:4000"), context())
                group.true(f"{hook}: too long", False, f"should fail, is {result}")
            except PluginError as error:
                group.equal(f"{hook}: too long", "ProbePlugin", error.error.plugin_name)
            group.true(f"{hook}: in time", time.monotonic() - started < 3)
            result = await call(client, {"q": f"crap {hook}"})
            group.equal(
                f"{hook}: the next call gets its own answer", f"yikes {hook}", result.modified_payload.args["q"]
            )
            result = await client.invoke_hook(hook, sample(hook, "sleep:100"), context())
            group.true(f"{hook}: a call within the limit", result.continue_processing)
            await client.shutdown()

        await asyncio.gather(*(one(hook) for hook in HOOKS))


async def restarts(report, program, config, path):
    with report.group("restarts: the same client before and after") as group:
        client = None
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            server = Server(program, config, path)
            client = client or await connected_client(
                "ProbePlugin", server.address, reconnect_attempts=2, reconnect_delay=0.05
            )
            await reached(group, client, f"before {how.name}")
            for number in range(3):
                result = await call(client, {"q": f"crap {number}"})
                group.equal(f"before {how.name}: call {number}", f"yikes {number}", result.modified_payload.args["q"])
            status = server.stop(how)
            if how is not signal.SIGKILL:
                group.equal(f"{how.name}: exit status", 0, status)
                group.true(f"{how.name}: the socket file is gone", not os.path.exists(path))
            try:
                await call(client, {"q": "crap"})
                group.true(f"{how.name}: a call while the server is down", False, "should fail")
            except PluginError as error:
                said = "UNAVAILABLE" if OVER_GRPC else "attempts"
                group.true(
                    f"{how.name}: a call while the server is down", said in error.error.message, error.error.message
                )
        # The socket file that SIGKILL left behind is in the way of nobody.
        with Server(program, config, path):
            await reached(group, client, "over a left-over socket file")
        await client.shutdown()


async def reached(group, client, title):
    """The client finds the server. One of gRPC connects again by itself after a pause, and its calls fail until then."""
    started = time.monotonic()
    while True:
        try:
            result = await call(client, {"q": "crap"})
            return group.equal(title, "yikes", result.modified_payload.args["q"])
        except PluginError as error:
            if not OVER_GRPC or time.monotonic() - started > 10:
                return group.check(title, [error.error.message])
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    run(main)
