"""Every hook through the host's plugin manager: what a gateway that uses our servers gets."""

import asyncio

import host
from bindings import binary
from clients import plugin_manager, received, stanza
from gateway_config import printed_stanza
from gateway_objects import objects_of_the_gateway
from harness import differences, run
from host import GlobalContext, PluginError, PluginViolationError
from probe_model import Failure, Instance
from samples import HOOKS, sample
from servers import HERE, Server, entries, socket_directory

HookPayloadPolicy = host.part("hooks.policies").HookPayloadPolicy
PayloadSizeError = host.part("manager").PayloadSizeError
ToolPostInvokePayload, ToolPreInvokePayload = host.tools.ToolPostInvokePayload, host.tools.ToolPreInvokePayload

TEXTS = {
    "allow": "a day",
    "modify": "a crap day",
    "deny": "forbidden crap",
    "error": "explode",
    "wait": "sleep:20",
    "special": "probe-hop crap",
    "granted": "probe.grant",
}
EMPTY = {
    "request_id": "",
    "server_id": None,
    "tenant_id": None,
    "user": None,
    "content_type": None,
    "user_id": None,
    "state": {},
    "metadata": {},
    "global_state": {},
    "global_metadata": {},
}
PROBE = Instance.from_entry(entries(HERE / "probe.yaml")[0])


async def main(report):
    with socket_directory() as directory:
        with Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory / "probe.sock") as server:
            path = server.address
            await calls(report, directory, path)
            await modes(report, directory, path)
            await printed_stanza(report, directory, server)
        with Server(
            binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory / "slow.sock", PLUGINS_CALL_TIMEOUT="0.2"
        ) as server:
            await slow_calls(report, directory, server.address)


async def calls(report, directory, path):
    """What every version of the host does alike."""
    async with plugin_manager(directory, [stanza("ProbePlugin", path, HOOKS)]) as manager:
        await every_hook(report, manager)
        await state_through_every_hook(report, manager)
        await denial_as_exception(report, manager)
        await size_guard(report, manager)
        await many_at_once(report, manager)
        await objects_of_the_gateway(report, manager)
    await several_plugins(report, directory, path)
    await policies(report, directory, path)


def tool(args, name="search"):
    return ToolPreInvokePayload(name=name, args=args)


def directed(**directives):
    return tool({"q": "hello", "probe": directives})


async def every_hook(report, manager):
    with report.group("manager: allow, modify, deny, fail, wait on every hook") as group:
        for hook in HOOKS:
            for title, text in TEXTS.items():
                payload = sample(hook, text)
                outcome = PROBE.invoke(hook, received(payload), EMPTY)
                group.check(f"{hook} {title}", await compare(manager, hook, payload, outcome))


async def compare(manager, hook, payload, outcome):
    try:
        result, _ = await manager.invoke_hook(hook, payload, GlobalContext(request_id="r1"))
    except PluginError as error:
        if isinstance(outcome, Failure) and outcome.message in error.error.message:
            return differences("ProbePlugin", error.error.plugin_name, "plugin_name")
        return [f"failed with {error.error!r}"]
    if isinstance(outcome, Failure):
        return ["should fail"]
    expected = host.hooks.get_result_type(hook).model_validate(outcome.result).model_dump()
    if host.OLDER and expected["violation"]:
        # Its manager puts the payload that was denied into the result.
        expected["modified_payload"] = payload.model_dump()
    if hook == "http_auth_check_permission" and expected["modified_payload"] is not None:
        expected["metadata"]["_decision_plugin"] = "ProbePlugin"
    actual = type(result).model_validate(dict(result)).model_dump()
    actual["modified_payload"] = dumped(result.modified_payload)
    # The host's own record of what it called, in versions that have one.
    for side in (expected, actual):
        side.pop("executions", None)
    if expected["violation"]:
        expected["violation"]["plugin_name"] = "ProbePlugin"
        actual["violation"]["plugin_name"] = result.violation.plugin_name
    return differences(expected, actual)


def dumped(payload):
    return payload.model_dump() if hasattr(payload, "model_dump") else payload


async def state_through_every_hook(report, manager):
    with report.group("manager: state from one hook to the next of the same request") as group:
        for hook in HOOKS:
            shared = GlobalContext(request_id=f"state-{hook}", server_id="s", user={"email": "a@b"}, tenant_id="t")
            written = directed(state={"k": {"n": [1, None]}}, context_metadata={"m": "é"}, global_state={"g": 2.5})
            _, contexts = await manager.invoke_hook("tool_pre_invoke", written, shared)
            _, contexts = await manager.invoke_hook(hook, sample(hook, "a day"), shared, contexts)
            read = ToolPostInvokePayload(name="search", result={"probe": {"echo_context": True, "unset_state": ["k"]}})
            result, contexts = await manager.invoke_hook("tool_post_invoke", read, shared, contexts)
            group.equal(
                f"{hook}: what the last hook saw",
                {
                    "request_id": f"state-{hook}",
                    "server_id": "s",
                    "tenant_id": "t",
                    "user": {"email": "a@b"},
                    "content_type": None,
                    "user_id": None,
                    "state": {},
                    "metadata": {"m": "é"},
                    "global_state": {"g": 2.5},
                    "global_metadata": {},
                },
                result.metadata["context"],
            )
            (context,) = contexts.values()
            group.equal(
                f"{hook}: what the host is left with",
                [{}, {"m": "é"}, {"g": 2.5}],
                [context.state, context.metadata, shared.state],
            )

        shared = GlobalContext(request_id="failing")
        _, contexts = await manager.invoke_hook("tool_pre_invoke", directed(state={"k": 1}), shared)
        try:
            failing = tool({"q": "explode", "probe": {"state": {"k": 2}}})
            await manager.invoke_hook("tool_pre_invoke", failing, shared, contexts)
            group.true("a failing call", False, "should fail")
        except PluginError:
            group.equal("a failing call changes no state", {"k": 1}, next(iter(contexts.values())).state)

        shared = GlobalContext(request_id="denied")
        denied = tool(
            {"q": "forbidden", "probe": {"state": {"k": 1}, "global_state": {"g": 1}, "result_metadata": {"m": 1}}}
        )
        result, contexts = await manager.invoke_hook("tool_pre_invoke", denied, shared)
        group.equal(
            "a denial keeps its state and metadata",
            [False, {"k": 1}, {"g": 1}, {"m": 1}],
            [result.continue_processing, next(iter(contexts.values())).state, shared.state, result.metadata],
        )


async def denial_as_exception(report, manager):
    metadata = {"hits": "int:9007199254740993", "low": "int:-9223372036854775808", "score": "float:2", "hit": True}
    with report.group("manager: denials as exceptions, with their telemetry") as group:
        for title, directive, expected in (
            ("telemetry", metadata, {"hits": 2**53 + 1, "low": -(2**63), "score": 2.0, "hit": True}),
            ("empty", {}, {}),
            ("none", None, {}),
        ):
            directives = {"deny": {"reason": "r", "description": "d", "code": "C"}}
            if directive is not None:
                directives["denial_metadata"] = directive
            try:
                await manager.invoke_hook(
                    "tool_pre_invoke",
                    directed(**directives),
                    GlobalContext(request_id="r"),
                    violations_as_exceptions=True,
                )
                group.true(title, False, "no exception")
            except PluginViolationError as error:
                group.equal(
                    f"{title}: violation",
                    ["r", "d", "C", {}, None, None, None],
                    [
                        getattr(error.violation, name)
                        for name in (
                            "reason",
                            "description",
                            "code",
                            "details",
                            "mcp_error_code",
                            "http_status_code",
                            "http_headers",
                        )
                    ],
                )
                if not hasattr(error, "denial_outcome"):
                    report.left_out(f"{title}: telemetry", "this version of the host has none")
                    continue
                actual = dict(error.denial_outcome.metadata)
                group.check(
                    f"{title}: exact numbers",
                    []
                    if actual == expected
                    and {k: type(v) for k, v in actual.items()} == {k: type(v) for k, v in expected.items()}
                    else [f"should be {expected}, is {actual}"],
                )


async def size_guard(report, manager):
    with report.group("manager: payloads around the host's guard of a million characters") as group:
        text = "x" * 999_990 + " crap"
        result, _ = await manager.invoke_hook("tool_pre_invoke", tool({"q": text}), GlobalContext(request_id="r"))
        group.true("just below", result.modified_payload.args["q"] == text.replace("crap", "yikes"))
        try:
            await manager.invoke_hook("tool_pre_invoke", tool({"q": "x" * 1_000_001}), GlobalContext(request_id="r"))
            group.true("above", False, "the host let it pass")
        except PayloadSizeError:
            group.true("above", True)


async def many_at_once(report, manager):
    with report.group("manager: 200 requests at once on one client") as group:

        async def one(number):
            payload = tool({"q": f"crap {number}", "probe": {"state": {"me": number}}})
            result, contexts = await manager.invoke_hook(
                "tool_pre_invoke", payload, GlobalContext(request_id=f"r{number}")
            )
            (context,) = contexts.values()
            return [result.modified_payload.args["q"], context.state]

        answers = await asyncio.gather(*(one(number) for number in range(200)))
        for number, answer in enumerate(answers):
            group.equal(f"request {number}", [f"yikes {number}", {"me": number}], answer)


async def several_plugins(report, directory, path):
    stanzas = [
        stanza("ProbePlugin", path, HOOKS, priority=42),
        stanza("ProbeAlt", path, ["tool_pre_invoke"], priority=7, conditions=[{"tools": ["alt_tool"]}]),
        stanza("ProbeLenient", path, ["tool_pre_invoke"], priority=99),
    ]
    with report.group("manager: three instances of one server in a chain") as group:
        async with plugin_manager(directory, stanzas) as manager:

            async def call(payload):
                result, contexts = await manager.invoke_hook("tool_pre_invoke", payload, GlobalContext(request_id="r"))
                return result, contexts

            result, contexts = await call(tool({"q": "crap"}, name="alt_tool"))
            group.equal(
                "the first by priority replaces", ["gosh", 3], [result.modified_payload.args["q"], len(contexts)]
            )
            result, contexts = await call(tool({"q": "crap"}))
            group.equal(
                "its condition leaves other tools alone",
                ["yikes", 2],
                [result.modified_payload.args["q"], len(contexts)],
            )
            result, _ = await call(tool({"q": "forbidden"}))
            group.equal("denied by", "ProbePlugin", result.violation.plugin_name)
        lenient = [stanza("ProbeLenient", path, ["tool_pre_invoke"])]
        async with plugin_manager(directory, lenient) as manager:
            shared = GlobalContext(request_id="r")
            for title, payload in (
                ("word", tool({"q": "explode crap", "probe": {"state": {"k": 1}}})),
                ("directive", directed(error={"message": "told to"}, result_metadata={"m": 1})),
            ):
                result, contexts = await manager.invoke_hook("tool_pre_invoke", payload, shared)
                (context,) = contexts.values()
                group.equal(
                    f"on_error: ignore on the server, {title}",
                    [True, None, {}, {}],
                    [result.continue_processing, result.modified_payload, result.metadata, context.state],
                )
            result, _ = await manager.invoke_hook("tool_pre_invoke", tool({"q": "forbidden"}), shared)
            group.equal("it still denies", "PROBE_FORBIDDEN", result.violation.code)


async def modes(report, directory, path):
    with report.group("manager: the host's modes over our denials and changes") as group:
        denying = tool({"q": "forbidden"})
        changing = directed(result_metadata={"m": 1}, retry_delay_ms=1500, global_state={"g": 1})
        changing.args["q"] = "crap"
        for mode, blocks, modifies, keeps_global in (
            ("sequential", True, True, True),
            ("transform", False, True, True),
            ("audit", False, False, False),
            ("concurrent", True, False, True),
            ("fire_and_forget", False, False, False),
        ):
            async with plugin_manager(directory, [stanza("ProbePlugin", path, HOOKS, mode=mode)]) as manager:
                result, _ = await manager.invoke_hook("tool_pre_invoke", denying, GlobalContext(request_id="r"))
                group.equal(f"{mode}: denial blocks", blocks, not result.continue_processing)
                await result.wait_for_background_tasks()
                shared = GlobalContext(request_id="r")
                result, _ = await manager.invoke_hook("tool_pre_invoke", changing, shared)
                await result.wait_for_background_tasks()
                seen = result.modified_payload is not None and result.modified_payload.args["q"] == "yikes"
                group.equal(
                    f"{mode}: change arrives", [modifies, {"g": 1} if keeps_global else {}], [seen, shared.state]
                )
                retry = 0 if mode == "fire_and_forget" else 1500
                group.equal(f"{mode}: retry delay", retry, result.retry_delay_ms)
        for on_error in ("ignore", "disable"):
            local = [stanza("ProbePlugin", path, HOOKS, on_error=on_error)]
            async with plugin_manager(directory, local) as manager:
                result, _ = await manager.invoke_hook(
                    "tool_pre_invoke", tool({"q": "explode"}), GlobalContext(request_id="r")
                )
                group.equal(
                    f"on_error: {on_error}", [True, None], [result.continue_processing, result.modified_payload]
                )
                result, _ = await manager.invoke_hook(
                    "tool_pre_invoke", tool({"q": "crap"}), GlobalContext(request_id="r")
                )
                group.equal(f"after on_error: {on_error}", on_error == "ignore", result.modified_payload is not None)


async def policies(report, directory, path):
    with report.group("manager: the gateway's list of writable fields") as group:
        for title, arguments, accepted in (
            (
                "args writable",
                {"hook_policies": {"tool_pre_invoke": HookPayloadPolicy(frozenset({"name", "args"}))}},
                True,
            ),
            (
                "only name writable",
                {"hook_policies": {"tool_pre_invoke": HookPayloadPolicy(frozenset({"name"}))}},
                False,
            ),
            ("no list, default deny", {"default_hook_policy": "deny"}, False),
        ):
            if host.OLDER and "default_hook_policy" in arguments:
                report.left_out(title, "this version of the host reads it from the environment, once per process")
                continue
            async with plugin_manager(directory, [stanza("ProbePlugin", path, HOOKS)], **arguments) as manager:
                payload = tool({"q": "crap", "n": 3, "probe": {}})
                result, _ = await manager.invoke_hook("tool_pre_invoke", payload, GlobalContext(request_id="r"))
                expected = {"name": "search", "args": {"q": "yikes", "n": 3, "probe": {}}, "headers": None}
                group.equal(title, expected if accepted else None, dumped(result.modified_payload))


async def slow_calls(report, directory, path):
    # An older host has no on_error: what an error does is part of its mode.
    reactions = ("fail",) if host.OLDER else ("fail", "ignore")
    with report.group("manager: calls that take longer than the server allows") as group:
        for on_error in reactions:
            local = stanza("ProbePlugin", path, HOOKS, on_error=on_error, unix_socket={"reconnect_attempts": 1})
            async with plugin_manager(directory, [local], timeout=5) as manager:
                for hook in HOOKS if on_error == "fail" else ["tool_pre_invoke"]:
                    try:
                        result, _ = await manager.invoke_hook(
                            hook, sample(hook, "sleep:4000"), GlobalContext(request_id="r")
                        )
                        outcome = [result.continue_processing, result.modified_payload]
                    except PluginError as error:
                        outcome = error.error.plugin_name
                    group.equal(
                        f"{hook}, on_error: {on_error}", "ProbePlugin" if on_error == "fail" else [True, None], outcome
                    )
                    result, _ = await manager.invoke_hook(
                        "tool_pre_invoke", tool({"q": f"crap after {hook}"}), GlobalContext(request_id="r")
                    )
                    group.equal(
                        f"{hook}: the next call gets its own answer",
                        f"yikes after {hook}",
                        result.modified_payload.args["q"],
                    )


if __name__ == "__main__":
    run(main)
