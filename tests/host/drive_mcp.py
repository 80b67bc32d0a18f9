"""What an MCP server says about itself, its tools, and the exact form of what they answer."""

import asyncio
import json

import httpx2
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from bindings import LARGEST_ANSWER, OVER_PIPES, TRANSPORT, binary
from harness import differences, run
from raw import INITIALIZE, VERSION, Http, Pipe, Wire, call, client_context, invoke, message, said, texts
from servers import HERE, Server, entries, socket_directory

MEGABYTE = 1_000_000
CONFIG = HERE / "probe.yaml"
CAPABILITIES = {
    "tools": {"listChanged": False},
    "prompts": {"listChanged": False},
    "resources": {"listChanged": False, "subscribe": False},
}
RESULT_KEYS = {
    "continue_processing",
    "modified_payload",
    "modified_extensions",
    "violation",
    "metadata",
    "denial_metadata",
    "http_headers",
    "retry_delay_ms",
    "executions",
}
ERROR_KEYS = {"message", "plugin_name", "code", "details", "mcp_error_code"}


async def main(report):
    with socket_directory() as directory:
        with Server(binary("PROBE_PLUGIN"), CONFIG, directory / "mcp.sock") as server:
            handshake(report, server.address)
            with Wire(server.address) as wire:
                small_requests(report, wire)
                tools(report, wire)
                configurations(report, wire)
                results(report, wire)
                arguments(report, wire)
                names_and_payloads(report, wire)
                numbers(report, wire)
                sizes(report, wire)
            await stateless(report, server.address)


def handshake(report, address):
    with report.group("mcp: handshake and identity") as group:
        for offered, answered in (
            ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2025-03-26"),
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("1999-01-01", VERSION),
            ("nonsense", VERSION),
        ):
            if OVER_PIPES:
                wire = Pipe(address)
                answer = wire.rpc(message("initialize", {**INITIALIZE, "protocolVersion": offered}, 7))
                group.equal(f"{offered}: ends with its input", (0, []), wire.close())
            else:
                with Http(address) as wire:
                    whole = wire.post(message("initialize", {**INITIALIZE, "protocolVersion": offered}, 7))
                    answer = whole.json
                    group.equal(f"{offered}: a plain body", "application/json", whole.headers["content-type"])
                    group.true(f"{offered}: no session", "mcp-session-id" not in whole.headers, whole.headers)
                    done = wire.post(message("notifications/initialized", number=None))
                    group.equal(f"{offered}: the notification", [202, b""], [done.status, done.body])
            result = answer.get("result", {})
            info = result.get("serverInfo", {})
            group.equal(f"{offered}: the id", 7, answer["id"])
            group.equal(
                f"{offered}: identity",
                [answered, "MCP Plugin Server", "External plugin server for ContextForge", CAPABILITIES],
                [result.get("protocolVersion"), info.get("name"), result.get("instructions"), result.get("capabilities")],
            )
            group.true(f"{offered}: a version", isinstance(info.get("version"), str), info)


def small_requests(report, wire):
    with report.group("mcp: requests beside the tools") as group:
        for method, expected in (
            ("ping", {}),
            ("resources/list", {"resources": []}),
            ("prompts/list", {"prompts": []}),
            ("resources/templates/list", {"resourceTemplates": []}),
        ):
            group.equal(method, expected, wire.rpc(message(method)).get("result"))
        for method, params in (
            ("logging/setLevel", {"level": "info"}),
            ("nope/x", None),
            ("completion/complete", {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": ""}}),
            ("resources/subscribe", {"uri": "file:///x"}),
        ):
            answer = wire.rpc(message(method, params))
            group.equal(f"{method}: error", [1, -32601], [answer["id"], answer.get("error", {}).get("code")])
        for number in (0, 1, 2**31, 2**53 - 1, "a", "é \" \\", "x" * 1000):
            group.equal(f"the id {number!r:.20} comes back", number, wire.rpc(message("ping", None, number))["id"])


def tools(report, wire):
    with report.group("mcp: the list of tools") as group:
        listed = {tool["name"]: tool for tool in wire.rpc(message("tools/list", {}))["result"]["tools"]}
        group.equal("names", ["get_plugin_config", "get_plugin_configs", "invoke_hook"], sorted(listed))
        strings, objects = ["hook_type", "plugin_name"], ["payload", "context"]
        for name, types in (
            ("get_plugin_configs", {}),
            ("get_plugin_config", {"name": "string"}),
            ("invoke_hook", {**dict.fromkeys(strings, "string"), **dict.fromkeys(objects, "object")}),
        ):
            tool = listed[name]
            schema = tool["inputSchema"]
            Draft202012Validator.check_schema(schema)
            group.equal(f"{name}: an object", "object", schema["type"])
            group.equal(f"{name}: required", sorted(types), sorted(schema.get("required", [])))
            found = {key: each.get("type") for key, each in schema.get("properties", {}).items()}
            group.equal(f"{name}: types", types, found)
            group.true(f"{name}: described", len(tool.get("description", "")) > 20, tool.get("description"))
            group.equal(f"{name}: only reads", name != "invoke_hook", tool["annotations"].get("readOnlyHint"))
        # A host holds each answer against the schema that is declared for it.
        group.equal(
            "declared answers", ["get_plugin_configs"], [name for name in listed if listed[name].get("outputSchema")]
        )
        answer = wire.rpc(call("get_plugin_configs", {}))["result"]
        validator = Draft202012Validator(listed["get_plugin_configs"]["outputSchema"])
        problems = [str(error) for error in validator.iter_errors(answer["structuredContent"])]
        group.check("get_plugin_configs: as declared", problems)
        group.true("no more pages", "nextCursor" not in wire.rpc(message("tools/list"))["result"])


def configurations(report, wire):
    with report.group("mcp: configurations") as group:
        answer = wire.rpc(call("get_plugin_configs", {}))["result"]
        group.equal("the list: not an error", False, answer.get("isError", False))
        group.equal("the list: only text", {"text"}, {block["type"] for block in answer["content"]})
        reported = [json.loads(block["text"]) for block in answer["content"]]
        group.equal("the list: in both forms", {"result": reported}, answer["structuredContent"])
        group.equal(
            "the list: in file order", [each["name"] for each in entries(CONFIG)], [each["name"] for each in reported]
        )
        for each in reported:
            for name in (each["name"], each["name"].upper()):
                answer = wire.rpc(call("get_plugin_config", {"name": name}))
                group.equal(name, [each], [json.loads(text) for text in texts(answer)])
                group.true(f"{name}: one form", "structuredContent" not in answer["result"])
        answer = wire.rpc(call("get_plugin_config", {"name": "Nobody"}))
        group.equal("an unknown name", [["{}"], False], [texts(answer), answer["result"].get("isError", False)])


def results(report, wire):
    with report.group("mcp: results") as group:
        answer = wire.rpc(invoke({"q": "hello"}))
        group.equal("nothing to change: the blocks", ["text"], [block["type"] for block in answer["result"]["content"]])
        group.true("nothing to change: one form", "structuredContent" not in answer["result"])
        for title, args, context, has_context in (
            ("nothing to change", {"q": "hello"}, {}, False),
            ("a change", {"q": "crap"}, {}, False),
            ("a denial", {"q": "forbidden"}, {}, False),
            ("a context that is not changed", {"q": "crap"}, {"state": {"k": 1}, "metadata": {"m": 1}}, False),
            ("a context that is changed", {"probe": {"state": {"k": 2}}}, {"state": {"k": 1}}, True),
            ("a context that is emptied", {"probe": {"unset_state": ["k"]}}, {"state": {"k": 1}}, True),
        ):
            answer = wire.rpc(invoke(args, **context))
            body = said(answer)
            keys = {"plugin_name", "result", *(["context"] if has_context else [])}
            group.equal(f"{title}: parts", sorted(keys), sorted(body))
            group.equal(f"{title}: not an error", False, answer["result"].get("isError", False))
            group.equal(f"{title}: plugin_name", "ProbePlugin", body["plugin_name"])
            group.true(f"{title}: says whether to continue", "continue_processing" in body["result"], body)
            group.equal(f"{title}: nothing unknown", set(), set(body["result"]) - RESULT_KEYS)
            if has_context:
                # The host needs the request id, and replaces its states by these.
                group.equal(f"{title}: the request", "r1", body["context"]["global_context"]["request_id"])
        error = {"message": "m", "code": "E", "details": {"a": 1, "n": None}, "mcp_error_code": -32001}
        answer = wire.rpc(invoke({"probe": {"error": error}}))
        group.equal("an error: not of the tool", False, answer["result"].get("isError", False))
        expected = {"plugin_name": "ProbePlugin", "error": {**error, "plugin_name": "ProbePlugin"}}
        group.equal("an error", expected, said(answer))
        body = said(wire.rpc(invoke({"q": "explode"})))
        group.equal("an exception: parts", [{"plugin_name", "error"}, ERROR_KEYS], [set(body), set(body["error"])])
        group.equal("an exception: code", ["", -32603], [body["error"]["code"], body["error"]["mcp_error_code"]])


def arguments(report, wire):
    complete = invoke({"q": "crap"})["params"]["arguments"]

    def changed(**arguments):
        return {key: value for key, value in {**complete, **arguments}.items() if value is not ...}

    with report.group("mcp: arguments that are let pass") as group:
        for title, given in (
            ("as they should be", complete),
            ("a payload in a string", changed(payload=json.dumps(complete["payload"]))),
            ("a context in a string", changed(context=json.dumps(complete["context"]))),
            ("one that nobody knows", changed(more={"a": [1]})),
        ):
            body = said(wire.rpc(call("invoke_hook", given)))
            group.equal(title, "yikes", body.get("result", {}).get("modified_payload", {}).get("args", {}).get("q"))
        body = said(wire.rpc(call("get_plugin_config", {"name": "ProbePlugin", "more": 1})))
        group.equal("one that nobody knows, of the other tool", "ProbePlugin", body["name"])
    with report.group("mcp: arguments that are refused, in a form that a host understands") as group:
        for title, word, name, given in (
            ("no context", "context", "invoke_hook", changed(context=...)),
            ("context null", "context", "invoke_hook", changed(context=None)),
            ("no payload", "payload", "invoke_hook", changed(payload=...)),
            ("payload null", "payload", "invoke_hook", changed(payload=None)),
            ("payload a list", "payload", "invoke_hook", changed(payload=[1])),
            ("payload a string that is not JSON", "payload", "invoke_hook", changed(payload="{x")),
            ("payload a string that is a list", "payload", "invoke_hook", changed(payload="[]")),
            ("no hook type", "hook_type", "invoke_hook", changed(hook_type=...)),
            ("hook type a number", "hook_type", "invoke_hook", changed(hook_type=3)),
            ("no plugin name", "plugin_name", "invoke_hook", changed(plugin_name=...)),
            ("no arguments", "hook_type", "invoke_hook", {}),
            ("no arguments at all", "hook_type", "invoke_hook", None),
            ("arguments a list", "arguments", "invoke_hook", [1]),
            ("no name", "name", "get_plugin_config", {}),
            ("name a number", "name", "get_plugin_config", {"name": 3}),
            ("an unknown tool", "nope", "nope", {}),
        ):
            answer = wire.rpc(call(name, given))
            if "result" not in answer:
                group.true(title, False, f"an error of JSON-RPC ends the host's session: {answer}")
                continue
            error = said(answer).get("error", {})
            group.equal(f"{title}: isError", True, answer["result"].get("isError"))
            group.equal(f"{title}: the error", ERROR_KEYS, set(error))
            group.true(f"{title}: names what is wrong", word in error.get("message", ""), error)


def names_and_payloads(report, wire):
    with report.group("mcp: names, and payloads that do not fit") as group:
        for plugin in ("probeplugin", "PROBEPLUGIN"):
            body = said(wire.rpc(invoke({"q": "crap"}, plugin=plugin)))
            group.equal(f"{plugin} is found", "yikes", body.get("result", {}).get("modified_payload", {})["args"]["q"])
        bad_context = invoke({})
        bad_context["params"]["arguments"]["context"] = {}
        bad_payload = invoke({})
        bad_payload["params"]["arguments"]["payload"] = {"args": {}}
        for title, word, request in (
            ("an unknown plugin", "Nobody", invoke({}, plugin="Nobody")),
            ("an unknown hook", "no_hook", invoke({}, hook="no_hook")),
            ("a hook that is not listed", "agent_pre_invoke", invoke({}, hook="agent_pre_invoke", plugin="ProbeAlt")),
            ("a context without its global part", "global_context", bad_context),
            ("a payload without a name", "name", bad_payload),
        ):
            answer = wire.rpc(request)
            error = said(answer).get("error", {})
            group.equal(f"{title}: not of the tool", False, answer["result"].get("isError", False))
            group.equal(f"{title}: the error", ERROR_KEYS, set(error))
            group.true(f"{title}: the message", word in error.get("message", ""), error)
        for hook, field in (("tool_post_invoke", "result"), ("resource_post_fetch", "content")):
            for title, more in (("absent", {}), ("null", {field: None})):
                request = invoke({}, hook=hook)
                rest = {"name": "t"} if field == "result" else {"uri": "u"}
                request["params"]["arguments"]["payload"] = {**rest, **more}
                body = said(wire.rpc(request))
                passed = body.get("result", {}).get("continue_processing")
                group.equal(f"{hook}: {field} is {title}", True, passed)


def numbers(report, wire):
    with report.group("mcp: numbers and strings, exactly") as group:
        for value in (3, -(2**63), 2**63 - 1, 2**64 - 1, 2**53 + 1, 3.0, 0.1, 1e300, 5e-324, -0.0, True, None, "\u0000\uffff𝄞"):
            args = {"v": value, "q": "crap", "probe": {"echo_payload": True, "echo_context": True}}
            body = said(wire.rpc(invoke(args, state={"v": value})))
            result = body["result"]
            for place, found in (
                ("modified", result["modified_payload"]["args"]["v"]),
                ("echoed", result["metadata"]["payload"]["args"]["v"]),
                ("in the context", result["metadata"]["context"]["state"]["v"]),
            ):
                group.check(f"{value!r} {place}", differences(value, found))


def sizes(report, wire):
    with report.group("mcp: sizes and depth") as group:
        text = "x" * (12 * MEGABYTE)
        body = said(wire.rpc(invoke({"q": f"crap {text}"})))
        group.true("12 MB there and back", body["result"]["modified_payload"]["args"]["q"] == f"yikes {text}")
        body = said(wire.rpc(invoke({"probe": {"grow": 12 * MEGABYTE}})))
        group.true("12 MB in the answer", body["result"]["metadata"]["blob"] == text)
        body = said(wire.rpc(invoke({"probe": {"grow": LARGEST_ANSWER + 1}})))
        error = body.get("error", {})
        group.equal("too large an answer: the error", ERROR_KEYS, set(error))
        group.true("too large an answer: the setting", "MAX_MESSAGE_SIZE" in error.get("message", "").upper(), error)
        for depth in (60, 120, 200, 5000):
            value = "crap"
            for _ in range(depth):
                value = [value]
            # Built by hand: Python's own writer goes no deeper than its stack.
            line = json.dumps(invoke({"v": "@"})).replace('"@"', "[" * depth + '"crap"' + "]" * depth).encode()
            answer = wire.rpc(line + b"\n" if OVER_PIPES else line)
            body = said(answer) if "result" in answer else answer
            fine = "modified_payload" in body.get("result", {}) or set(body.get("error", {})) == ERROR_KEYS
            group.true(f"{depth} lists: a result or an error of the call", fine, f"{body!r:.300}")
            group.true(f"{depth} lists: the next call", said(wire.rpc(invoke({"q": "crap"})))["result"])


def stateless_client(address, mode):
    """The client of the MCP library that speaks the revision without sessions."""
    if OVER_PIPES:
        return Client(StdioServerParameters(command=address["cmd"][0], env=address["env"]), mode=mode)
    if TRANSPORT == "http-uds":
        http = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=address), timeout=20)
        return Client(streamable_http_client("http://localhost/mcp", http_client=http), mode=mode)
    verify = client_context() if TRANSPORT == "https-mtls" else True
    http = httpx2.AsyncClient(verify=verify, timeout=20)
    scheme = "https" if TRANSPORT == "https-mtls" else "http"
    return Client(streamable_http_client(f"{scheme}://{address}/mcp", http_client=http), mode=mode)


async def stateless(report, address):
    with report.group("mcp: the official client, with and without a handshake") as group:
        for mode, version in (("2026-07-28", "2026-07-28"), ("auto", "2026-07-28"), ("legacy", VERSION)):
            async with stateless_client(address, mode) as client:
                group.equal(f"{mode}: version", version, client.session.protocol_version)
                listed = await client.list_tools()
                group.equal(f"{mode}: tools", 3, len(listed.tools))
                for number in range(5):
                    arguments = invoke({"q": f"crap {number}"})["params"]["arguments"]
                    answer = await asyncio.wait_for(client.call_tool("invoke_hook", arguments), 20)
                    body = json.loads(answer.content[0].text)
                    group.equal(
                        f"{mode}: call {number}", f"yikes {number}", body["result"]["modified_payload"]["args"]["q"]
                    )
                answer = await client.call_tool("get_plugin_configs", {})
                group.equal(f"{mode}: configurations", 3, len(answer.structured_content["result"]))


if __name__ == "__main__":
    run(main)
