"""The host's own clients and its plugin manager, unmodified, over the binding of this run."""

import asyncio
import contextlib
import json
import time

import grpc
import yaml
from google.protobuf import json_format

import host
from bindings import OVER_GRPC, OVER_MCP, OVER_UNIX, section
from host import (
    GlobalContext,
    GrpcExternalPlugin,
    McpExternalPlugin,
    PluginConfig,
    PluginContext,
    PluginManager,
    UnixSocketExternalPlugin,
    UserContext,
    messages,
)


def channel(address, blocking=False, authority=None):
    """A connection of the gRPC library itself, with the certificates of this run."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    if authority is not None:
        options.append(("grpc.default_authority", authority))
    library = grpc if blocking else grpc.aio
    parts = section(address)["grpc"]
    if "uds" in parts:
        return library.insecure_channel(f"unix://{parts['uds']}", options=options)
    if "tls" not in parts:
        return library.insecure_channel(parts["target"], options=options)
    files = {}
    for key, path in parts["tls"].items():
        with open(path, "rb") as file:
            files[key] = file.read()
    credentials = grpc.ssl_channel_credentials(files["ca_bundle"], files.get("keyfile"), files.get("certfile"))
    return library.secure_channel(parts["target"], credentials, options=options)


class BarePayload:
    """A payload that is a dictionary, for a client that takes only models."""

    def __init__(self, fields):
        self._fields = fields

    def model_dump(self):
        return self._fields


class GrpcClient(GrpcExternalPlugin):
    """The host's client, which takes dictionaries too, as the others do."""

    async def invoke_hook(self, hook_type, payload, context):
        payload = BarePayload(payload) if isinstance(payload, dict) else payload
        return await super().invoke_hook(hook_type, payload, context)


class OwnTask:
    """Something of the host's that is opened and closed in one task: over MCP no other may close its connections, and
    that task is cancelled when one of them fails."""

    def __init__(self, inner):
        self.inner = inner
        self._stop = asyncio.Event()
        self._started = asyncio.get_running_loop().create_future()
        self._task = None

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def initialize(self):
        self._task = asyncio.create_task(self._live())
        await asyncio.wait({self._task, self._started}, return_when=asyncio.FIRST_COMPLETED)
        if not self._started.done():
            await self._task

    async def _live(self):
        await self.inner.initialize()
        self._started.set_result(None)
        try:
            await self._stop.wait()
        finally:
            await self.inner.shutdown()

    async def shutdown(self):
        self._stop.set()
        await asyncio.wait({self._task})


async def connected_client(name, address, **settings):
    """The host's bare client for one plugin, initialized."""
    kind = UnixSocketExternalPlugin if OVER_UNIX else GrpcClient if OVER_GRPC else McpExternalPlugin
    config = PluginConfig(name=name, kind="external", hooks=["tool_pre_invoke"], **section(address, **settings))
    client = OwnTask(kind(config))
    await client.initialize()
    return client


def call_as(client, name):
    """Makes a connected client call the plugin `name`, which need not be there: hosts that look it up first would give up."""
    client.inner._config = client.inner._config.model_copy(update={"name": name})


async def configuration(client, name):
    """What the server reports about one plugin, asked over a client's own connection; None when it knows none."""
    if OVER_MCP:
        (text,) = await _tool(client, "get_plugin_config", {"name": name})
        return json.loads(text) or None
    request = messages.GetPluginConfigRequest(name=name)
    answer = await _ask(client, "GetPluginConfig", request, messages.GetPluginConfigResponse())
    return json_format.MessageToDict(answer.config) if answer.found else None


async def configurations(client):
    """What the server reports about all of its plugins."""
    if OVER_MCP:
        return [json.loads(text) for text in await _tool(client, "get_plugin_configs", {})]
    request = messages.GetPluginConfigsRequest()
    answer = await _ask(client, "GetPluginConfigs", request, messages.GetPluginConfigsResponse())
    return [json_format.MessageToDict(each) for each in answer.configs]


async def _tool(client, name, arguments):
    result = await client._session.call_tool(name, arguments)
    return [each.text for each in result.content]


async def _ask(client, method, request, response):
    """Sends one message of the host's over a client's own connection."""
    if OVER_GRPC:
        return await getattr(client._stub, method)(request)
    await host.unix_protocol.write_message_async(client._writer, request.SerializeToString())
    response.ParseFromString(await host.unix_protocol.read_message(client._reader, timeout=10))
    return response


@contextlib.asynccontextmanager
async def plugin_manager(directory, stanzas, timeout=30, **arguments):
    """The host's plugin manager over a gateway configuration with these entries."""
    path = directory / f"gateway-{time.monotonic_ns()}.yaml"
    path.write_text(yaml.safe_dump({"plugins": stanzas, "plugin_dirs": [], "plugin_settings": {}}))
    async with manager_of(path, timeout=timeout, **arguments) as manager:
        if manager.plugin_count != sum(stanza.get("mode") != "disabled" for stanza in stanzas):
            raise RuntimeError(f"the host loaded {manager.plugin_count} plugins of {len(stanzas)}")
        yield manager


@contextlib.asynccontextmanager
async def manager_of(path, **arguments):
    """The host's plugin manager over the gateway configuration in this file."""
    PluginManager.reset()
    manager = PluginManager(str(path), **arguments)
    living = OwnTask(manager)
    await living.initialize()
    try:
        yield manager
    finally:
        await living.shutdown()


def stanza(name, address, hooks, mode="sequential", reconnect_delay=0.02, **more):
    """The gateway's entry for one plugin of a server."""
    settings = {"reconnect_delay": reconnect_delay, **more.pop("unix_socket", {})}
    return {
        "name": name,
        "kind": "external",
        "hooks": list(hooks),
        "mode": host.mode(mode),
        **section(address, **settings),
        **more,
    }


def received(payload):
    """A payload as the plugin receives it: plain JSON. Over MCP the host leaves out what is null in its models."""
    if OVER_MCP and not isinstance(payload, dict):
        return payload.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.loads(json.dumps(payload if isinstance(payload, dict) else payload.model_dump()))


def plugin_context(parts):
    """The host's context object for the parts that `probe_model` works on."""
    return PluginContext(
        global_context=GlobalContext(
            request_id=parts["request_id"],
            server_id=parts["server_id"],
            tenant_id=parts["tenant_id"],
            user=parts["user"],
            user_context=None if parts["user_id"] is None else UserContext(user_id=parts["user_id"]),
            content_type=parts["content_type"],
            state=parts["global_state"],
            metadata=parts["global_metadata"],
        ),
        state=parts["state"],
        metadata=parts["metadata"],
    )


def context_parts(context):
    """The parts of a host's context object, as `probe_model` has them."""
    shared = context.global_context
    return {
        "request_id": shared.request_id,
        "server_id": shared.server_id,
        "tenant_id": shared.tenant_id,
        "user": shared.user,
        "content_type": shared.content_type,
        "user_id": shared.user_context and shared.user_context.user_id,
        "state": context.state,
        "metadata": context.metadata,
        "global_state": shared.state,
        "global_metadata": shared.metadata,
    }


def delivered(parts):
    """The parts of a context that reach the plugin: the messages of protobuf have no place for two of them."""
    return parts if OVER_MCP else {**parts, "content_type": None, "user_id": None}


def host_view(before, after):
    """The context that a host is left with: it takes over the states and the local metadata, and no global state that
    is empty unless it speaks MCP."""
    taken = ("state", "metadata", "global_state") if after["global_state"] or OVER_MCP else ("state", "metadata")
    return {**before, **{part: after[part] for part in taken}}
