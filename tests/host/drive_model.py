"""Random invocations of every hook through the host's bare client, each compared whole with the model's answer."""

import asyncio
import json
import os
import random
import time

import host
from bindings import TRANSPORT, binary
from clients import connected_client, context_parts, delivered, host_view, plugin_context, received
from generate import Generator
from harness import differences, run
from host import PluginError
from probe_model import Failure, Instance
from samples import HOOKS
from servers import HERE, Server, entries, socket_directory

CASES_PER_HOOK = int(os.environ.get("HOST_CASES_PER_HOOK", "600"))
SEED = os.environ.get("HOST_SEED", f"20260131 {TRANSPORT}")


async def main(report, cases_per_hook=CASES_PER_HOOK):
    program = binary("PROBE_PLUGIN")
    with socket_directory() as directory:
        for config, name, seed in (
            (HERE / "probe.yaml", "probe.sock", f"{SEED} probe"),
            (HERE / "probe-words.yaml", "words.sock", f"{SEED} words"),
        ):
            with Server(program, config, directory / name) as server:
                instances = [(Instance.from_entry(entry), entry["hooks"]) for entry in entries(config)]
                clients = {
                    instance.name: await connected_client(instance.name, server.address)
                    for instance, _ in instances
                }
                for hook in HOOKS:
                    await drive_hook(report, hook, instances, clients, seed, config.stem, cases_per_hook)
                for client in clients.values():
                    await client.shutdown()


async def drive_hook(report, hook, instances, clients, seed, title, cases_per_hook):
    generator = Generator(random.Random(f"{seed} {hook}"))
    offered = [instance for instance, hooks in instances if hook in hooks]
    with report.group(f"{title} {hook}") as group:
        for number in range(cases_per_hook // (1 if title == "probe" else 2)):
            instance = offered[number % len(offered)]
            payload, context = generator.payload(hook), generator.context()
            problems = await compare(instance, clients[instance.name], hook, payload, context)
            group.check(
                f"{instance.name} case {number}: {json.dumps(received(payload), ensure_ascii=False)[:600]}", problems
            )


async def compare(instance, client, hook, payload, context):
    """One invocation, as the host sees it and as the model computes it: the list of differences."""
    before = json.loads(json.dumps(context))
    host_context = plugin_context(context)
    expected = instance.invoke(hook, received(payload), delivered(before))
    started = time.monotonic()
    try:
        result = await asyncio.wait_for(client.invoke_hook(hook, payload, host_context), 20)
    except PluginError as error:
        return compare_failure(instance, expected, error.error, before, host_context)
    elapsed_ms = (time.monotonic() - started) * 1000
    if isinstance(expected, Failure):
        return [f"should fail with {expected.message!r}, is {result!r}"[:400]]
    problems = list(compare_result(hook, expected.result, result))
    problems += differences(host_view(before, expected.context), context_parts(host_context), "context")
    if elapsed_ms < expected.sleep_ms:
        problems.append(f"took {elapsed_ms:.1f} ms, should wait {expected.sleep_ms} ms")
    return problems


def compare_failure(instance, expected, error, before, host_context):
    if not isinstance(expected, Failure):
        return [f"should not fail, failed with {error!r}"[:400]]
    fields = {
        "plugin_name": instance.name,
        "code": expected.code,
        "details": expected.details,
        "mcp_error_code": expected.mcp_error_code,
    }
    problems = list(differences(fields, {name: getattr(error, name) for name in fields}, "error"))
    if error.message != expected.message if expected.exact else expected.message not in error.message:
        problems.append(f"error.message: should be {expected.message!r}, is {error.message!r}")
    # A failing invocation changes no state.
    problems += differences(before, context_parts(host_context), "context")
    return problems


def compare_result(hook, expected, result):
    result_type = host.hooks.get_result_type(hook)
    expected = result_type.model_validate(expected).model_dump()
    actual = result.model_dump()
    # Fields of an echoed payload that are null may be left out.
    for side in (expected, actual):
        echo = (side["metadata"] or {}).get("payload")
        if isinstance(echo, dict):
            side["metadata"] = {**side["metadata"], "payload": {k: v for k, v in echo.items() if v is not None}}
    yield from differences(expected, actual, "result")
    # Telemetry alone keeps integers whole, and apart from floats, all the way to the host.
    for key, value in (expected.get("denial_metadata") or {}).items():
        metric = (actual["denial_metadata"] or {}).get(key)
        if type(value) is not type(metric) or value != metric:
            yield f"result.denial_metadata.{key}: should be {value!r} exactly, is {metric!r}"


if __name__ == "__main__":
    run(main)
