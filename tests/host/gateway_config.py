"""The stanza that a server's program prints for the gateway."""

from bindings import TRANSPORT, TRANSPORT_NAME, certificate
from clients import manager_of
from host import GlobalContext, tools
from servers import HERE, entries


async def printed_stanza(report, directory, server):
    """What `gateway-config` prints is a gateway's configuration as it stands, but for the files of its TLS."""
    with report.group("manager: the stanza that the server's program prints") as group:
        text = server.print("gateway-config", "--transport", TRANSPORT_NAME)
        for name, file in (
            ("authority-of-the-server.pem", "authority.pem"),
            ("client.pem", "client.pem"),
            ("client.key", "client.key"),
        ):
            placeholder = f"/path/on/the/gateway/{name}"
            needed = TRANSPORT.endswith("mtls" if name.startswith("client") else "tls")
            group.equal(f"asks for {name}", needed, placeholder in text)
            if needed:
                text = text.replace(placeholder, certificate(file))
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
