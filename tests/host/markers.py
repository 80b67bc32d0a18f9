"""Calls that carry a marker, which tells whose answer came back."""

import contextlib

from bindings import binary
from host import GlobalContext, PluginContext, PluginError
from servers import HERE, Server

# Seconds. The host's own limit leaves room for one repetition, which the client makes when a connection is closed.
SERVER_LIMIT = 0.2
HOST_LIMIT = 0.6
SLOW = "sleep:1500"


@contextlib.contextmanager
def impatient_servers(directory, count):
    """Servers that let a call take no longer than SERVER_LIMIT."""
    with contextlib.ExitStack() as servers:
        yield [
            servers.enter_context(
                Server(
                    binary("PROBE_PLUGIN"),
                    HERE / "probe.yaml",
                    directory / f"{number}.sock",
                    PLUGINS_CALL_TIMEOUT=str(SERVER_LIMIT),
                )
            )
            for number in range(count)
        ]


async def answer_to(client, marker, *, wait=None):
    """Calls, and returns whose answer came back."""
    args = {"q": f"crap {marker}", "probe": {"result_metadata": {"for": marker}, "state": {"for": marker}}}
    if wait:
        args["wait"] = wait
    context = PluginContext(global_context=GlobalContext(request_id=marker))
    result = await client.invoke_hook("tool_pre_invoke", {"name": "search", "args": args}, context)
    return [result.modified_payload.args["q"], result.metadata.get("for"), context.state.get("for")]


def own(marker):
    return [f"yikes {marker}", marker, marker]


async def check_own_answer(group, call, marker):
    try:
        answer = await call
    except PluginError as error:
        group.check(f"{marker}: should be answered", [error.error.message])
    else:
        group.check(f"{marker}: another's answer", [] if answer == own(marker) else [f"received {answer}"])
