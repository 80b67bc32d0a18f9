"""Five plugins of the Python framework's own tests, reimplemented, through the host's loader and plugin manager."""

import contextlib

import yaml
from pydantic import BaseModel

from bindings import OVER_UNIX, binary
from clients import configurations, connected_client, plugin_manager, stanza
from harness import run
from host import GlobalContext, PluginContext, PluginError, prompts, resources, tools
from servers import Server, socket_directory

PROMPT = ["prompt_pre_fetch", "prompt_post_fetch"]
TOOL = ["tool_pre_invoke", "tool_post_invoke"]
RESOURCE = ["resource_pre_fetch", "resource_post_fetch"]


class TextContent(BaseModel):
    type: str = "text"
    text: str


class PromptMessage(BaseModel):
    role: str
    content: TextContent


class PromptResult(BaseModel):
    """A rendered prompt as the gateway hands it over: an object of its own, not a dictionary."""

    messages: list[PromptMessage]
    description: str | None = None


class ResourceContent(BaseModel):
    type: str
    id: str
    uri: str
    mime_type: str | None = None
    text: str | None = None
    blob: bytes | None = None


def entry(name, kind, hooks, config=None, **more):
    return {
        "name": name,
        "kind": f"plugins.{kind}",
        "description": f"Configured as {name}.",
        "version": "0.1",
        "author": "Gateway Team",
        "hooks": hooks,
        "mode": "sequential",
        "priority": 150,
        "config": config,
        **more,
    }


def words(*pairs):
    return {"words": [{"search": search, "replace": replace} for search, replace in pairs]}


def rendered(*texts):
    messages = [PromptMessage(role="user", content=TextContent(text=text)) for text in texts]
    return prompts.PromptPosthookPayload(prompt_id="test_prompt", result=PromptResult(messages=messages))


def prompt(**args):
    return prompts.PromptPrehookPayload(prompt_id="test_prompt", args=args)


async def main(report):
    with socket_directory() as directory:
        await search_replace(report, directory)
        await deny_list(report, directory)
        await passthrough(report, directory)
        await errors(report, directory)
        await shared_context(report, directory)
        await unknown_kinds(report, directory)


@contextlib.contextmanager
def server(directory, plugins, **environment):
    config = directory / "server.yaml"
    config.write_text(yaml.safe_dump({"plugins": plugins, "plugin_dirs": []}, allow_unicode=True))
    with Server(binary("COMPAT_PLUGINS"), config, directory / "compat.sock", **environment) as process:
        yield process.address


@contextlib.asynccontextmanager
async def managed(directory, plugins):
    """A server with these entries, and the host's manager with a stanza for each of them."""
    with server(directory, plugins) as path:
        stanzas = [stanza(each["name"], path, each["hooks"], priority=each["priority"]) for each in plugins]
        async with plugin_manager(directory, stanzas) as manager:
            yield manager


def shared(request_id="1"):
    return GlobalContext(request_id=request_id, server_id="2")


async def search_replace(report, directory):
    replace_bad_words = entry(
        "ReplaceBadWordsPlugin",
        "search_replace.SearchReplacePlugin",
        PROMPT + TOOL,
        words(("crap", "crud"), ("crud", "yikes")),
    )
    with report.group("compat: search and replace through the bare client") as group:
        with server(directory, [replace_bad_words]) as path:
            client = await connected_client("ReplaceBadWordsPlugin", path)
            context = PluginContext(global_context=shared())
            result = await client.invoke_hook("prompt_pre_fetch", prompt(user="What a crapshow!"), context)
            group.equal("prompt arguments", {"user": "What a yikesshow!"}, result.modified_payload.args)
            if OVER_UNIX:
                group.true("connected", client.connected)
            result = await client.invoke_hook("prompt_post_fetch", rendered("What the crud?"), context)
            group.equal("rendered prompt", ["What the yikes?"], texts(result))
            for number in range(50):
                result = await client.invoke_hook("prompt_pre_fetch", prompt(user=f"Test crap {number}"), context)
                group.equal(f"call {number}", {"user": f"Test yikes {number}"}, result.modified_payload.args)
            await client.shutdown()
    with report.group("compat: search and replace through the manager") as group:
        async with managed(directory, [replace_bad_words]) as manager:

            async def call(hook, payload):
                return (await manager.invoke_hook(hook, payload, shared()))[0]

            group.equal("plugins", 1, manager.plugin_count)
            result = await call("prompt_pre_fetch", prompt(user="This is crap!", other="fine", empty=""))
            group.equal(
                "prompt arguments",
                {"user": "This is yikes!", "other": "fine", "empty": ""},
                result.modified_payload.args,
            )
            result = await call("prompt_pre_fetch", prompt(user="clean"))
            group.equal("unchanged comes back as modified", {"user": "clean"}, result.modified_payload.args)
            result = await call("prompt_pre_fetch", prompts.PromptPrehookPayload(prompt_id="p", args=None))
            group.equal("no arguments", "p", result.modified_payload.prompt_id)
            result = await call("prompt_post_fetch", rendered("What crud!", "clean", "crapcrap"))
            group.equal("every message", ["What yikes!", "clean", "yikesyikes"], texts(result))
            args = {"text": "crap", "n": 3, "none": None, "deep": {"text": "crap"}, "list": ["crap"]}
            result = await call("tool_pre_invoke", tools.ToolPreInvokePayload(name="t", args=args))
            group.equal("tool arguments, top level only", {**args, "text": "yikes"}, result.modified_payload.args)
            for title, before, after in (
                ("an object", {"text": "crud", "deep": {"text": "crap"}}, {"text": "yikes", "deep": {"text": "crap"}}),
                ("a string", "crap!", "yikes!"),
                ("a number", 3, 3),
                ("null", None, None),
                ("a list", ["crap"], ["crap"]),
            ):
                result = await call("tool_post_invoke", tools.ToolPostInvokePayload(name="t", result=before))
                group.equal(f"tool result, {title}", after, result.modified_payload.result)
                group.true(f"tool result, {title}: continues", result.continue_processing)
    with report.group("compat: search words are regular expressions") as group:
        patterns = words(("^ca.", "X"), ("(", "never"), (r"\d+", "#"), ("É", "e"))
        async with managed(directory, [entry("P", "search_replace.SearchReplacePlugin", PROMPT, patterns)]) as manager:
            result, _ = await manager.invoke_hook("prompt_pre_fetch", prompt(a="cat 12 cat 3", b="É("), shared())
            group.equal("patterns", {"a": "X # cat #", "b": "e("}, result.modified_payload.args)


def texts(result):
    return [message.content.text for message in result.modified_payload.result.messages]


async def deny_list(report, directory):
    plugins = [
        entry(
            "DenyListPlugin",
            "deny_filter.DenyListPlugin",
            ["prompt_pre_fetch"],
            {"words": ["innovative", "groundbreaking"]},
        )
    ]
    with report.group("compat: deny list") as group:
        async with managed(directory, plugins) as manager:
            result, _ = await manager.invoke_hook("prompt_pre_fetch", prompt(text="That was innovative!"), shared())
            violation = result.violation
            group.equal(
                "denied",
                [False, "Prompt not allowed", "A deny word was found in the prompt", "deny", {}, "DenyListPlugin"],
                [
                    result.continue_processing,
                    violation.reason,
                    violation.description,
                    violation.code,
                    violation.details,
                    violation.plugin_name,
                ],
            )
            result, _ = await manager.invoke_hook("prompt_pre_fetch", prompt(text="fine", b="groundbreakin"), shared())
            group.equal(
                "let through",
                [True, None, {"text": "fine", "b": "groundbreakin"}],
                [result.continue_processing, result.violation, result.modified_payload.args],
            )
        with server(directory, plugins) as path:
            client = await connected_client("DenyListPlugin", path)
            result = await client.invoke_hook(
                "prompt_pre_fetch", prompt(text="innovative"), PluginContext(global_context=shared())
            )
            group.equal("the payload is there with the denial", {"text": "innovative"}, result.modified_payload.args)
            await client.shutdown()


async def passthrough(report, directory):
    plugins = [entry("PassThroughPlugin", "passthrough.PassThroughPlugin", PROMPT + TOOL + RESOURCE)]
    with report.group("compat: pass through") as group:
        async with managed(directory, plugins) as manager:
            for hook, payload in six_payloads():
                result, _ = await manager.invoke_hook(hook, payload, shared())
                group.equal(
                    hook,
                    [True, None, {}, 0],
                    [result.continue_processing, result.modified_payload, result.metadata, result.retry_delay_ms],
                )


def six_payloads():
    content = ResourceContent(type="resource", id="123", uri="file:///data.txt", text="Hello World")
    return (
        ("prompt_pre_fetch", prompt(arg0="This is a crap argument")),
        ("prompt_post_fetch", rendered("prompt")),
        ("tool_pre_invoke", tools.ToolPreInvokePayload(name="test_prompt", args={"arg0": "This is an argument"})),
        ("tool_post_invoke", tools.ToolPostInvokePayload(name="test_tool", result={"output0": "output value"})),
        ("resource_pre_fetch", resources.ResourcePreFetchPayload(uri="file:///data.txt")),
        ("resource_post_fetch", resources.ResourcePostFetchPayload(uri="file:///data.txt", content=content)),
    )


async def errors(report, directory):
    plugins = [entry("ErrorPlugin", "error.ErrorPlugin", PROMPT + TOOL + RESOURCE)]
    with report.group("compat: errors") as group:
        async with managed(directory, plugins) as manager:
            for hook, payload in six_payloads():
                try:
                    result, _ = await manager.invoke_hook(hook, payload, shared())
                    group.true(f"{hook} continues", hook in RESOURCE and result.continue_processing, result)
                except PluginError as error:
                    group.true(f"{hook} fails", hook not in RESOURCE, error.error)
                    group.equal(
                        f"{hook}: error",
                        ["ErrorPlugin", "", -32603],
                        [error.error.plugin_name, error.error.code, error.error.mcp_error_code],
                    )
                    if hook == "prompt_pre_fetch":
                        group.true(
                            f"{hook}: text", "ValueError('Sadly! Prompt prefetch is broken!')" in str(error), str(error)
                        )


async def shared_context(report, directory):
    plugins = [
        entry("ContextPlugin", "context.ContextPlugin", PROMPT + TOOL + RESOURCE, priority=100),
        entry("ContextPlugin2", "context.ContextPlugin2", PROMPT + TOOL + RESOURCE, priority=101),
    ]
    with report.group("compat: context across hooks, two plugins of one server") as group:
        async with managed(directory, plugins) as manager:
            request = shared()
            result, contexts = await manager.invoke_hook(
                "tool_pre_invoke", tools.ToolPreInvokePayload(name="test_tool", args={"input": "bad"}), request
            )
            group.equal("pre: continues", [True, None], [result.continue_processing, result.modified_payload])
            first, second = contexts.values()
            group.equal(
                "pre: local states", [{"key2": "value2"}, {"cp2key1": "cp2value1"}], [first.state, second.state]
            )
            group.equal(
                "pre: global states",
                [
                    {"globkey1": "globvalue1"},
                    {"globkey1": "globvalue1", "gcp2globkey1": "gcp2globvalue1"},
                ],
                [first.global_context.state, second.global_context.state],
            )
            group.equal("pre: no metadata", [{}, {}], [first.metadata, first.global_context.metadata])

            result, contexts = await manager.invoke_hook(
                "tool_post_invoke", tools.ToolPostInvokePayload(name="test_tool", result={"output": "bad"}), request, contexts
            )
            first, second = contexts.values()
            group.equal(
                "post: local states",
                [
                    {"key2": "value2", "key3": "value3"},
                    {"cp2key1": "cp2value1", "cp2key2": "cp2value2"},
                ],
                [first.state, second.state],
            )
            everything = {"globkey1": "globvalue1", "globkey2": "globvalue2", "gcp2globkey1": "gcp2globvalue1"}
            group.equal(
                "post: global states",
                [everything, {**everything, "gcp2globkey2": "gcp2globvalue2"}],
                [first.global_context.state, second.global_context.state],
            )
            for hook, payload in six_payloads()[4:]:
                result, _ = await manager.invoke_hook(hook, payload, request, contexts)
                group.equal(hook, [True, None], [result.continue_processing, result.modified_payload])

            try:
                await manager.invoke_hook(
                    "tool_post_invoke", tools.ToolPostInvokePayload(name="t", result=1), shared("other")
                )
                group.true("another request has no state", False, "should fail")
            except PluginError as error:
                group.equal("another request has no state", "ContextPlugin", error.error.plugin_name)
        async with managed(directory, plugins[:1]) as manager:
            request = shared()
            _, contexts = await manager.invoke_hook("prompt_pre_fetch", prompt(a="b"), request)
            group.equal("prompt: state", [{"key1": "value1"}], [each.state for each in contexts.values()])
            result, _ = await manager.invoke_hook("prompt_post_fetch", rendered("x"), request, contexts)
            group.equal(
                "prompt: the post hook finds it", [True, None], [result.continue_processing, result.modified_payload]
            )
        async with managed(directory, plugins[1:]) as manager:
            for hook, payload, fails in (
                ("prompt_pre_fetch", prompt(a="b"), False),
                ("prompt_post_fetch", rendered("x"), True),
                ("tool_pre_invoke", tools.ToolPreInvokePayload(name="t", args={}), True),
            ):
                try:
                    result, _ = await manager.invoke_hook(hook, payload, shared())
                    group.true(f"alone: {hook}", not fails and result.continue_processing, "should fail")
                except PluginError:
                    group.true(f"alone: {hook}", fails, "should not fail")


async def unknown_kinds(report, directory):
    plugins = [
        entry("PassThroughPlugin", "passthrough.PassThroughPlugin", TOOL),
        entry("ResourceFilterExample", "resource_filter.ResourceFilterPlugin", RESOURCE, {"max_content_size": 5}),
    ]
    with report.group("compat: an entry of a kind that the server does not have") as group:
        with server(directory, plugins, PLUGINS_FAIL_ON_PLUGIN_ERROR="false") as path:
            client = await connected_client("PassThroughPlugin", path)
            result = await client.invoke_hook(
                "tool_pre_invoke", tools.ToolPreInvokePayload(name="t"), PluginContext(global_context=shared())
            )
            group.true("the rest is served", result.continue_processing)
            reported = await configurations(client)
            group.equal(
                "all entries are reported",
                [(each["name"], each["kind"]) for each in plugins],
                [(each["name"], each["kind"]) for each in reported],
            )
            await client.shutdown()
        try:
            with server(directory, plugins, PLUGINS_FAIL_ON_PLUGIN_ERROR="true"):
                group.true("refused when every plugin has to load", False, "the server started")
        except RuntimeError as error:
            group.true("refused, and the message names the kind", "ResourceFilterPlugin" in str(error), error)


if __name__ == "__main__":
    run(main)
