"""The stanza that a server's program prints for the gateway."""

import os
from pathlib import Path

from harness import HERE, OVER_GRPC, TRANSPORT, entries, manager_of
from host import GlobalContext, tools


async def printed_stanza(report, directory, server):
    """What `gateway-config` prints is a gateway's configuration as it stands, but for the files of its TLS."""
    with report.group("manager: the stanza that the server's program prints") as group:
        text = server.print("gateway-config", "--transport", "grpc" if OVER_GRPC else "unix")
        for name, file in (
            ("authority-of-the-server.pem", "authority.pem"),
            ("client.pem", "client.pem"),
            ("client.key", "client.key"),
        ):
            placeholder = f"/path/on/the/gateway/{name}"
            needed = TRANSPORT == "grpc-mtls" or (TRANSPORT == "grpc-tls" and name.startswith("authority"))
            group.equal(f"asks for {name}", needed, placeholder in text)
            text = text.replace(placeholder, str(Path(os.environ.get("PROBE_CERTIFICATES", "")) / file))
        path = directory / "printed.yaml"
        path.write_text(text)
        async with manager_of(path) as manager:
            group.equal("plugins", len(entries(HERE / "probe.yaml")), manager.plugin_count)
            for entry in entries(HERE / "probe.yaml"):
                loaded = manager.get_plugin(entry["name"]).config
                group.equal(
                    f"{entry['name']}: mode, priority and hooks",
                    [entry["mode"], entry["priority"], entry.get("on_error", "fail"), set(entry["hooks"])],
                    [loaded.mode, loaded.priority, loaded.on_error, set(loaded.hooks)],
                )
            for name, text, replaced in (("search", "crap", "yikes"), ("alt_tool", "crap", "gosh")):
                payload = tools.ToolPreInvokePayload(name=name, args={"q": text})
                result, _ = await manager.invoke_hook("tool_pre_invoke", payload, GlobalContext(request_id="r"))
                group.equal(f"a call of {name}", replaced, result.modified_payload.args["q"])
