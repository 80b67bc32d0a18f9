"""A plugin for the Python servers that misbehaves on request, as the one of the suite does in Rust."""

import asyncio
import importlib
import importlib.util
import sys

# Gateways up to 1.0.0 have the framework in their own tree.
PACKAGE = "cpex.framework" if importlib.util.find_spec("cpex") else "mcpgateway.plugins.framework"
framework = importlib.import_module(PACKAGE)
Plugin, PluginResult, PluginViolation = framework.Plugin, framework.PluginResult, framework.PluginViolation
PluginError = importlib.import_module(f"{PACKAGE}.errors").PluginError
PluginErrorModel = importlib.import_module(f"{PACKAGE}.models").PluginErrorModel


class Faults(Plugin):
    async def tool_pre_invoke(self, payload, context):
        args = payload.args or {}
        if payload.name == "wait":
            await asyncio.sleep(args["milliseconds"] / 1000)
        elif payload.name == "panic-in-drop":
            try:
                await asyncio.sleep(args["milliseconds"] / 1000)
            except asyncio.CancelledError:
                print("dropped", file=sys.stderr, flush=True)
                raise
        elif payload.name == "error":
            raise PluginError(
                error=PluginErrorModel(
                    message="failed as asked",
                    plugin_name=self.name,
                    code="E42",
                    details={"tool": payload.name},
                    mcp_error_code=-32001,
                )
            )
        elif payload.name == "violation":
            violation = PluginViolation(
                reason="denied by `?`", description="", code="QUESTION_MARK", details={"n": 1}
            )
            return PluginResult(continue_processing=False, violation=violation)
        elif payload.name == "big":
            return PluginResult(metadata={"blob": "x" * int(args["size"])})
        return PluginResult(metadata={"args": args})
