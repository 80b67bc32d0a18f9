"""Calls hooks through the host's plugin manager, once for each gateway configuration, and prints the results.

The file that is named has a list of calls: the gateway configuration as text, the hook, its payload, and the context, which
may be null. The last line has a list of the results, each as indented JSON, or as the error of the host.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import host
from clients import manager_of
from host import GlobalContext, framework

CALL_SECONDS = 60


def register(hook):
    """A hook of somebody's own: the host that calls it registers its models, here ones that take whatever fits the plugin."""

    class Payload(framework.PluginPayload):
        model_config = {"extra": "allow"}

    class Result(framework.PluginResult):
        modified_payload: Any = None

    host.hooks.register_hook(hook, Payload, Result)


async def call(gateway, hook, payload, context):
    if not host.hooks.get_payload_type(hook):
        register(hook)
    payload = host.hooks.get_payload_type(hook).model_validate(payload)
    shared = {"request_id": "1", **((context or {}).get("global_context") or {})}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "gateway.yaml"
        path.write_text(gateway)
        async with manager_of(path) as manager:
            if not manager.has_hooks_for(hook):
                return f"the host loaded no plugin for {hook}"
            result, _ = await manager.invoke_hook(hook, payload, GlobalContext(**shared))
    return json.dumps(result.model_dump(mode="json", serialize_as_any=True), indent=2, ensure_ascii=False)


async def main(file):
    results = []
    for each in json.loads(Path(file).read_text()):
        try:
            result = await asyncio.wait_for(call(**each), CALL_SECONDS)
        except Exception as error:  # The caller shows it beside the call.
            result = f"{type(error).__name__}: {error}"
        results.append(result)
    print(json.dumps(results))


asyncio.run(main(sys.argv[1]))
