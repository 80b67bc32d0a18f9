"""A plugin for the Python server, which Rust calls in `host/python.rs`."""

import asyncio

import host

framework = host.framework


class Obliging(framework.Plugin):
    """Waits, denies and fails, as the name of the tool says."""

    async def tool_pre_invoke(self, payload, context):
        args = dict(payload.args or {})
        await asyncio.sleep(args.get("milliseconds", 0) / 1000)
        if payload.name == "error":
            model = host.part("models").PluginErrorModel(
                message="failed as asked", plugin_name=self.name, code="E42", mcp_error_code=-32001
            )
            raise host.PluginError(model)
        if payload.name == "deny":
            violation = framework.PluginViolation(
                reason="denied", description="denied as asked", code="DENIED", http_status_code=403
            )
            return framework.PluginResult(continue_processing=False, violation=violation)
        context.state["calls"] = context.state.get("calls", 0) + 1
        context.global_context.state["seen"] = payload.name
        modified = payload.model_copy(update={"args": {**args, "seen": True}})
        return framework.PluginResult(modified_payload=modified, metadata={"number": 3})
