"""The plugin that is measured, for the Python server: what an author would write for the purpose."""

from cpex.framework import Plugin, PluginResult


class ReplaceWords(Plugin):
    """Replaces a word in every argument that is a text."""

    async def tool_pre_invoke(self, payload, context):
        args = {
            key: value.replace("crap", "crab") if isinstance(value, str) else value
            for key, value in (payload.args or {}).items()
        }
        return PluginResult(modified_payload=payload.model_copy(update={"args": args}))
