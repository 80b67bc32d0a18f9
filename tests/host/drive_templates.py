"""Generated plugins, each with its own configuration, called through the host's plugin manager with the stanza made for it."""

import json
import os
import re
from pathlib import Path

import host
from bindings import TRANSPORT, binary, listening
from clients import manager_of
from harness import run
from host import GlobalContext
from servers import Server, socket_directory

MASKED = "a ***"
FLAGGED = {"x-flagged": "true"}


def whole(result):
    """The changed payload."""
    payload = result.modified_payload
    return payload.model_dump() if hasattr(payload, "model_dump") else payload


def changed(*path):
    """What a place in the changed payload is."""

    def at(result):
        value = whole(result)
        for key in path:
            value = value[key]
        return value

    return at


def denied(result):
    return [result.continue_processing, result.violation.code]


EXPECTED = {
    "tool_pre_invoke": (changed("args", "query"), MASKED),
    "tool_post_invoke": (changed("result", "content", 0, "text"), MASKED),
    "prompt_pre_fetch": (changed("args", "user"), MASKED),
    "prompt_post_fetch": (lambda result: MASKED in str(whole(result)["result"]), True),
    "resource_pre_fetch": (denied, [False, "FORBIDDEN_RESOURCE"]),
    "resource_post_fetch": (lambda result: MASKED in str(whole(result)["content"]), True),
    "agent_pre_invoke": (lambda result: MASKED in str(whole(result)["messages"]), True),
    "agent_post_invoke": (lambda result: [whole(result), result.metadata], [None, {"flagged_messages": 1}]),
    "http_pre_request": (whole, FLAGGED),
    "http_post_request": (whole, FLAGGED),
    "http_auth_resolve_user": (denied, [False, "FORBIDDEN_PROGRAM"]),
    "http_auth_check_permission": (changed("granted"), False),
    "identity_resolve": (lambda result: [whole(result)["rejected"], whole(result)["reject_status"]], [True, 403]),
    "token_delegate": (denied, [False, "FORBIDDEN_TARGET"]),
}
MESSAGE = (changed("message", "content", 0, "text"), MASKED)


# Where the server of a project listens, and the gateway looks for it, unless they are told otherwise.
USUAL = {
    "unix": "/tmp/mcpgateway-plugins.sock",
    "grpc": "127.0.0.1:50051",
    # Its configuration names the port, which is another in each run.
    "grpc-sample": r"localhost:\d+",
    "http": "localhost:8000",
}[TRANSPORT]


async def main(report):
    for case in json.loads(binary("TEMPLATE_CASES")):
        with report.group(f"{case['name']} over {TRANSPORT}") as group, socket_directory() as directory:
            # Paths in a configuration are seen from there.
            os.chdir(case["directory"])
            socket = directory / "plugin.sock"
            address, _ = listening(socket)
            gateway = elsewhere(case["gateway"], directory / "gateway.yaml", USUAL, address)
            config = case["config"]
            if TRANSPORT == "grpc-sample":
                port = f"port: {address.rpartition(':')[2]}"
                config = elsewhere(config, directory / "config.yaml", r"port: \d+", port)
            with Server(case["program"], config, socket):
                await calls(group, case, gateway)


def elsewhere(path, copy, usual, here):
    """A copy of a file with this place in the place of the usual one."""
    text, count = re.subn(usual, here, Path(path).read_text())
    if count != 1:
        raise RuntimeError(f"{usual} is {count} times in {path}")
    copy.write_text(text)
    return copy


async def calls(group, case, path):
    async with manager_of(path) as manager:
        group.equal("plugins", 1, manager.plugin_count)
        for hook, fields in case["calls"]:
            payload = host.hooks.get_payload_type(hook).model_validate(fields)
            result, _ = await manager.invoke_hook(hook, payload, GlobalContext(request_id="request-1"))
            found, expected = EXPECTED.get(hook, MESSAGE)
            group.equal(hook, expected, found(result))


if __name__ == "__main__":
    run(main)
