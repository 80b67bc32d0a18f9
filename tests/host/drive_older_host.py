"""A host of before the framework was a package of its own: what it knows of the battery, by the same code, and its modes.

It does not know the hooks of identity, delegation and messages, telemetry of denials, and every mode but four. It has no
`on_error`: what an error does is part of the mode. Where else its manager differs, the shared drivers say so.
"""

import os

import yaml

import drive_compat
import drive_limits
import drive_manager
import drive_model
import host
from bindings import OVER_MCP, OVER_UNIX, binary
from clients import configuration, configurations, connected_client, plugin_manager, stanza
from harness import differences, run
from host import GlobalContext, PluginConfig, PluginError
from samples import HOOKS
from servers import HERE, Server, entries, socket_directory

CASES_PER_HOOK = int(os.environ.get("HOST_CASES_PER_HOOK", "200"))
# The server's mode and reaction to errors, and what they are for this host.
MODES = (
    ("sequential", None, "enforce"),
    ("sequential", "fail", "enforce"),
    ("sequential", "ignore", "enforce_ignore_error"),
    ("sequential", "disable", "enforce_ignore_error"),
    ("concurrent", None, "enforce"),
    ("concurrent", "ignore", "enforce_ignore_error"),
    ("transform", None, "permissive"),
    ("transform", "ignore", "permissive"),
    ("audit", None, "permissive"),
    ("fire_and_forget", None, "permissive"),
    ("enforce", None, "enforce"),
    ("enforce_ignore_error", None, "enforce_ignore_error"),
    ("permissive", None, "permissive"),
    ("disabled", None, "disabled"),
)
# Over MCP the server cannot tell who asks. What has no word that every host understands is reported as it stands: this host
# does not know the first three, and overlooks the last.
REFUSED_OVER_MCP = ("concurrent", "audit", "fire_and_forget")
OVERLOOKED_OVER_MCP = {("sequential", "disable"): "enforce"}


async def main(report):
    program, config = binary("PROBE_PLUGIN"), HERE / "probe.yaml"
    # The thousands are the current host's: here the older ways to write and read what is the same are in question.
    await drive_model.main(report, CASES_PER_HOOK)
    await drive_compat.main(report)
    with socket_directory() as directory:
        with Server(program, config, directory / "probe.sock") as server:
            await drive_manager.calls(report, directory, server.address)
            await modes(report, directory, server.address)
            # On a Unix socket it reads of a configuration only whether there is one, and the server cannot tell who asks.
            if not OVER_UNIX:
                await reports(report, server.address, config)
                await merged(report, directory, program)
        with Server(program, config, directory / "slow.sock", PLUGINS_CALL_TIMEOUT="0.2") as server:
            await drive_manager.slow_calls(report, directory, server.address)
        await drive_limits.edges(report, directory)


def older(entry):
    """An entry of the server's file as this host has to be told of it."""
    given = (entry["mode"], entry.get("on_error"))
    (mode,) = [older for *newer, older in MODES if tuple(newer) == given]
    return {**entry, "mode": mode}


async def reports(report, path, config):
    with report.group("older host: what it is told of each plugin") as group:
        client = await connected_client("ProbePlugin", path)
        every = {each["name"]: each for each in await configurations(client)}
        group.equal("the list", [entry["name"] for entry in entries(config)], list(every))
        for entry in entries(config):
            name, expected = entry["name"], PluginConfig.model_validate(older(entry)).model_dump(mode="json")
            found = await configuration(client, name) or {}
            for title, reported in (("by name", found), ("in the list", every[name])):
                read = PluginConfig.model_validate(reported).model_dump(mode="json")
                group.check(f"{name}, {title}", differences(expected, read))
        await client.shutdown()


async def merged(report, directory, program):
    """It takes over what its own entry leaves out, and refuses a plugin whose configuration it does not understand."""
    with report.group("older host: entries that leave the mode to the server") as group:
        config = directory / "modes.yaml"
        hooks = ["tool_pre_invoke"]
        plugins = []
        for number, (mode, on_error, _) in enumerate(MODES):
            plugin = {"name": f"{mode}, {on_error}", "kind": "probe", "hooks": hooks, "mode": mode, "priority": number}
            plugins.append({**plugin, "on_error": on_error} if on_error else plugin)
        config.write_text(yaml.safe_dump({"plugins": plugins}))
        with Server(program, config, directory / "modes.sock") as server:
            known = []
            for plugin, (mode, on_error, older_mode) in zip(plugins, MODES):
                if OVER_MCP and mode in REFUSED_OVER_MCP:
                    await refused(group, plugin["name"], server.address)
                    continue
                if OVER_MCP:
                    older_mode = OVERLOOKED_OVER_MCP.get((mode, on_error), older_mode)
                known.append((plugin, older_mode))
            stanzas = [stanza(plugin["name"], server.address, hooks) for plugin, _ in known]
            for each in stanzas:
                del each["mode"]
            async with plugin_manager(directory, stanzas) as manager:
                for plugin, older_mode in known:
                    read = manager.get_plugin(plugin["name"]).config
                    group.equal(plugin["name"], [older_mode, plugin["priority"]], [read.mode, read.priority])


async def refused(group, name, address):
    try:
        await connected_client(name, address)
        group.true(f"{name}: refused", False, "it is taken")
    except PluginError as error:
        group.true(f"{name}: refused, for its mode", "mode" in error.error.message, error.error.message)


async def modes(report, directory, path):
    with report.group("older host: its modes over our denials, changes and errors") as group:
        changing = drive_manager.directed(result_metadata={"m": 1}, retry_delay_ms=1500, global_state={"g": 1})
        changing.args["q"] = "crap"
        for mode, blocks, keeps_global, fails in (
            ("enforce", True, True, True),
            ("enforce_ignore_error", True, True, False),
            ("permissive", False, False, False),
        ):
            local = {**stanza("ProbePlugin", path, HOOKS), "mode": mode}
            async with plugin_manager(directory, [local]) as manager:

                async def call(payload, shared):
                    return (await manager.invoke_hook("tool_pre_invoke", payload, shared))[0]

                result = await call(drive_manager.tool({"q": "forbidden"}), GlobalContext(request_id="r"))
                group.equal(f"{mode}: denial blocks", blocks, not result.continue_processing)
                shared = GlobalContext(request_id="r")
                result = await call(changing, shared)
                group.equal(
                    f"{mode}: change, retry delay and global state arrive",
                    ["yikes", 1500, {"m": 1}, {"g": 1} if keeps_global else {}],
                    [result.modified_payload.args["q"], result.retry_delay_ms, result.metadata, shared.state],
                )
                try:
                    result = await call(drive_manager.tool({"q": "explode"}), GlobalContext(request_id="r"))
                    group.equal(f"{mode}: an error", [False, True], [fails, result.continue_processing])
                except PluginError as error:
                    group.equal(f"{mode}: an error", [fails, "ProbePlugin"], [True, error.error.plugin_name])


if __name__ == "__main__":
    if not host.OLDER:
        raise SystemExit("this is not an older host: the suite installs one from requirements-1.0.0.txt")
    run(main)
