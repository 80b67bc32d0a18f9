"""The probe for the servers in Python: on every hook it does what the model says."""

import asyncio

from pydantic import SecretStr

from clients import context_parts
from host import hooks, part
from probe_model import HOOKS, Failure, Instance

Plugin = part("base").Plugin
PluginError = part("errors").PluginError
PluginErrorModel = part("models").PluginErrorModel


class Probe(Plugin):
    def __init__(self, config):
        super().__init__(config)
        self._instance = Instance.from_entry(config.model_dump(mode="json"))

    async def answer(self, hook, payload, context):
        outcome = self._instance.invoke(hook, sent(payload), context_parts(context))
        if isinstance(outcome, Failure):
            raise self.failure(outcome)
        await asyncio.sleep(outcome.sleep_ms / 1000)
        context.state = outcome.context["state"]
        context.metadata = outcome.context["metadata"]
        context.global_context.state = outcome.context["global_state"]
        context.global_context.metadata = outcome.context["global_metadata"]
        return hooks.json_to_result(hook, outcome.result)

    def failure(self, outcome):
        if not outcome.exact:
            return RuntimeError(outcome.message)
        return PluginError(
            error=PluginErrorModel(
                message=outcome.message,
                plugin_name=self.name,
                code=outcome.code,
                details=outcome.details,
                mcp_error_code=outcome.mcp_error_code,
            )
        )


def sent(payload):
    """The payload as the host sent it: without what it did not set, and with what the framework hides when it prints it."""
    if isinstance(payload, dict):
        return payload
    fields = payload.model_dump(mode="json", exclude_unset=True)
    for name, value in payload:
        if isinstance(value, SecretStr):
            fields[name] = value.get_secret_value()
    return fields


def method(hook):
    async def invoke(self, payload, context):
        return await self.answer(hook, payload, context)

    return invoke


for hook in HOOKS:
    # The name of a hook may have a dot in it, which is no matter to a server that looks for it.
    setattr(Probe, hook, method(hook))
