"""A plugin for the Python servers that misbehaves on request, as the one of the suite does in Rust."""

import asyncio

from cpex.framework import Plugin, PluginResult, PluginViolation
from cpex.framework.errors import PluginError
from cpex.framework.models import PluginErrorModel


class Faults(Plugin):
    async def tool_pre_invoke(self, payload, context):
        args = payload.args or {}
        if payload.name == "wait":
            await asyncio.sleep(args["milliseconds"] / 1000)
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
