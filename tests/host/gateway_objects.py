"""Objects of the gateway's own in what it hands to plugins."""

from pydantic import BaseModel

from bindings import OVER_MCP
from host import OLDER, GlobalContext, tools


class Tool(BaseModel):
    """Stands for the object that the gateway keeps in the metadata of every tool call."""

    name: str
    url: str | None = None
    auth: dict


async def objects_of_the_gateway(report, manager):
    name = "manager: tool calls as the gateway makes them, with an object in the global metadata"
    if not OVER_MCP:
        report.left_out(name, "the host fails before it sends anything")
        return
    with report.group(name) as group:
        for hook, payload in (
            ("tool_pre_invoke", tools.ToolPreInvokePayload(name="search", args={"probe": {"echo_context": True}})),
            ("tool_post_invoke", tools.ToolPostInvokePayload(name="t", result={"probe": {"echo_context": True}})),
        ):
            shared = GlobalContext(request_id="r", content_type="application/json")
            shared.metadata["tool"] = Tool(name="search", auth={"kind": None})
            result, _ = await manager.invoke_hook(hook, payload, shared)
            group.equal(
                hook,
                # The manager of an older host keeps the type to itself.
                [{"tool": {"name": "search", "auth": {"kind": None}}}, None if OLDER else "application/json"],
                [result.metadata["context"][part] for part in ("global_metadata", "content_type")],
            )
