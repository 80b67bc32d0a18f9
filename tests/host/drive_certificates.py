"""Certificates over gRPC: who is refused and who is not, and new ones while the server runs."""

import asyncio
import os
import shutil
import ssl
import subprocess
from pathlib import Path

import grpc
import yaml

from bindings import binary, free_port
from clients import connected_client
from drive_grpc import invoke, request, status_of
from harness import run
from host import GrpcExternalPlugin, PluginConfig, PluginError
from servers import HERE, Server, entries, socket_directory

ROTATIONS = 200
FILES = Path(binary("PROBE_CERTIFICATES"))
OK, UNAVAILABLE = grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE


async def main(report):
    with socket_directory() as directory:
        await clients(report, directory)
        await hosts(report, directory)
        await section(report, directory)
        await starts(report, directory)
        await rotation(report, directory)


def server(directory, **variables):
    return Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory / "unused", **variables)


def connect(address, client=None, authority="authority"):
    def read(name):
        return (FILES / name).read_bytes()

    pair = (read(f"{client}.key"), read(f"{client}.pem")) if client else (None, None)
    credentials = grpc.ssl_channel_credentials(read(f"{authority}.pem"), *pair)
    return grpc.aio.secure_channel(address, credentials, options=[("grpc.use_local_subchannel_pool", 1)])


async def outcome(address, client=None, authority="authority"):
    async with connect(address, client, authority) as connection:
        return await status_of(invoke(connection)(request({"q": "crap"})))


async def clients(report, directory):
    bad = ("client-of-another", "client-for-servers", "client-expired", "client-not-yet")
    with report.group("certificates: of clients") as group:
        for client_auth, none, offered in (("require", UNAVAILABLE, UNAVAILABLE), ("optional", OK, UNAVAILABLE)):
            with server(directory, PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH=client_auth) as process:
                address = process.address
                group.equal(f"{client_auth}: a good one", OK, await outcome(address, "client"))
                group.equal(f"{client_auth}: none", none, await outcome(address))
                for client in bad:
                    group.equal(f"{client_auth}: {client}", offered, await outcome(address, client))
                async with grpc.aio.insecure_channel(address) as connection:
                    code = await status_of(invoke(connection)(request({})))
                    group.equal(f"{client_auth}: no TLS", UNAVAILABLE, code)
                group.equal(f"{client_auth}: a good one afterwards", OK, await outcome(address, "client"))
        with server(directory, PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH="none") as process:
            for client in (None, "client", *bad):
                group.equal(f"none: {client}", OK, await outcome(process.address, client))


async def hosts(report, directory):
    with report.group("certificates: of the server, as the host sees it") as group:
        with server(directory) as process:
            address = process.address
            group.equal("another authority", UNAVAILABLE, await outcome(address, "client", "other-authority"))
        variables = {
            "PLUGINS_GRPC_SERVER_SSL_CERTFILE": str(FILES / "server-elsewhere.pem"),
            "PLUGINS_GRPC_SERVER_SSL_KEYFILE": str(FILES / "server-elsewhere.key"),
        }
        with server(directory, **variables) as process:
            group.equal("another host name", UNAVAILABLE, await outcome(process.address, "client"))
    with report.group("certificates: a real host with good ones and bad ones") as group:

        async def refused(title, address, **files):
            tls = {key: str(FILES / name) for key, name in files.items()}
            host = GrpcExternalPlugin(
                PluginConfig(name="ProbePlugin", kind="external", grpc={"target": address, "tls": tls})
            )
            try:
                await host.initialize()
                group.true(title, False, "it is let in")
            except PluginError as error:
                group.equal(title, "ProbePlugin", error.error.plugin_name)
            await host.shutdown()

        with server(directory) as process:
            good, address = {"certfile": "client.pem", "keyfile": "client.key"}, process.address
            bad = {"certfile": "client-of-another.pem", "keyfile": "client-of-another.key"}
            # Each tries three times, with pauses between.
            await asyncio.gather(
                refused("none", address, ca_bundle="authority.pem"),
                refused("of another authority", address, ca_bundle="authority.pem", **bad),
                refused("trusting another authority", address, ca_bundle="other-authority.pem", **good),
            )
            client = await connected_client("ProbePlugin", address)
            group.equal("a good one", "Exercises every part of the hook contract", client.config.description)
            await client.shutdown()


async def section(report, directory):
    """TLS from the section of the server's file, which replaces the variables of this run, with an encrypted key."""
    with report.group("certificates: named by the file, with an encrypted key") as group:
        key, password = directory / "encrypted.key", "pass: wörd"
        subprocess.run(
            ["openssl", "pkcs8", "-topk8", "-in", FILES / "server.key", "-out", key, "-passout", f"pass:{password}"],
            check=True,
        )
        for client_auth, none, bad in (
            ("require", UNAVAILABLE, UNAVAILABLE),
            ("optional", OK, UNAVAILABLE),
            ("none", OK, OK),
        ):
            port = free_port()
            tls = {
                "certfile": str(FILES / "server.pem"),
                "keyfile": str(key),
                "keyfile_password": password,
                "ca_bundle": str(FILES / "authority.pem"),
                "client_auth": client_auth,
                "reload_interval": 60,
            }
            config = directory / "tls.yaml"
            settings = {"host": "localhost", "port": port, "tls": tls}
            plugins = entries(HERE / "probe.yaml")
            config.write_text(yaml.safe_dump({"plugins": plugins, "grpc_server_settings": settings}))
            unused = {"PLUGINS_GRPC_SERVER_PORT": "1", "PLUGINS_GRPC_SERVER_SSL_CERTFILE": "/nowhere.pem"}
            with Server(binary("PROBE_PLUGIN"), config, directory / "unused", **unused):
                address = f"localhost:{port}"
                group.equal(f"{client_auth}: a good one", OK, await outcome(address, "client"))
                group.equal(f"{client_auth}: none", none, await outcome(address))
                group.equal(f"{client_auth}: a bad one", bad, await outcome(address, "client-of-another"))


async def starts(report, directory):
    with report.group("certificates: what the server does not start with") as group:
        prefix = "PLUGINS_GRPC_SERVER_"
        for title, said, variables in (
            ("no certificate", "certfile", {"SSL_CERTFILE": ""}),
            ("a missing file", "/nowhere.pem", {"SSL_CERTFILE": "/nowhere.pem"}),
            ("the key of another", "client.key", {"SSL_KEYFILE": str(FILES / "client.key")}),
            ("no authority", "ca_bundle", {"SSL_CA_CERTS": ""}),
            ("an expired one", "client-expired.pem", {"SSL_CERTFILE": str(FILES / "client-expired.pem")}),
            ("a Unix socket", "exclude each other", {"UDS": str(directory / "tls.sock")}),
            ("an unknown client_auth", "CLIENT_AUTH", {"SSL_CLIENT_AUTH": "maybe"}),
        ):
            try:
                server(directory, **{prefix + name: value for name, value in variables.items()}).stop()
                group.true(title, False, "it starts")
            except RuntimeError as error:
                group.true(title, said in str(error), error)


async def rotation(report, directory):
    with report.group(f"certificates: {ROTATIONS} new ones under load") as group:
        certificate, key = directory / "live.pem", directory / "live.key"

        def put(name):
            for live, kind in ((certificate, "pem"), (key, "key")):
                fresh = live.with_suffix(".new")
                shutil.copy(FILES / f"{name}.{kind}", fresh)
                os.replace(fresh, live)

        put("server")
        variables = {
            "PLUGINS_GRPC_SERVER_SSL_CERTFILE": str(certificate),
            "PLUGINS_GRPC_SERVER_SSL_KEYFILE": str(key),
            "PLUGINS_GRPC_SERVER_SSL_RELOAD_INTERVAL": "0.02",
        }
        with server(directory, **variables) as process:
            outcomes, done = [], asyncio.Event()

            async def load():
                while not done.is_set():
                    outcomes.append(await outcome(process.address, "client"))

            async def shows(name):
                """Whether new connections come to see this certificate."""
                wanted = ssl.PEM_cert_to_DER_cert((FILES / f"{name}.pem").read_text())
                for _ in range(600):
                    if await presented(process.address) == wanted:
                        return True
                    await asyncio.sleep(0.01)
                return False

            loads = [asyncio.ensure_future(load()) for _ in range(4)]
            group.true("the first", await shows("server"))
            for number in range(ROTATIONS):
                if number % 40 == 0:
                    # It is reported, and changes nothing.
                    certificate.write_text("half written")
                    await asyncio.sleep(0.3)
                    group.true(f"number {number}: half written", "can't be loaded again" in process.log())
                name = ("server-again", "server")[number % 2]
                put(name)
                group.true(f"number {number}", await shows(name))
            done.set()
            await asyncio.gather(*loads)
            group.true("calls were made", len(outcomes) > 100, len(outcomes))
            group.equal("all of them on connections of their own, and all answered", {OK}, set(outcomes))


async def presented(address):
    """The certificate that the server shows."""
    host, port = address.split(":")
    context = ssl.create_default_context(cafile=FILES / "authority.pem")
    context.load_cert_chain(FILES / "client.pem", FILES / "client.key")
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return certificate


if __name__ == "__main__":
    run(main)
