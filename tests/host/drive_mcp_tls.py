"""Certificates over HTTPS: who is refused and who is not, health without TLS, and new certificates while the server runs."""

import asyncio
import contextlib
import http.client
import os
import shutil
import socket
import ssl
import threading
import time

from bindings import binary, certificate, section
from harness import run
from host import McpExternalPlugin, PluginConfig
from raw import PATIENCE, Http, connect, message
from servers import HERE, Server, socket_directory

ROTATIONS = 100
PREFIX = "PLUGINS_SERVER_"
BAD = ("client-of-another", "client-for-servers", "client-expired", "client-not-yet")


async def main(report):
    with socket_directory() as directory:
        await asyncio.to_thread(clients, report, directory)
        await hosts(report, directory)
        await asyncio.to_thread(plain, report, directory)
        await asyncio.to_thread(starts, report, directory)
        await asyncio.to_thread(rotation, report, directory)


def server(directory, **variables):
    changed = {PREFIX + name: value for name, value in variables.items()}
    return Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory / "tls", **changed)


def served(address, client):
    """Whether a client with this certificate is answered."""
    try:
        with Http(address, client) as connection:
            return connection.post(message("ping")).status == 200
    except (OSError, http.client.HTTPException):
        return False


def clients(report, directory):
    with report.group("https: certificates of clients") as group:
        for required, none, bad in (("2", False, False), ("1", True, False), ("0", True, True)):
            with server(directory, SSL_CERT_REQS=required) as process:
                address = process.address
                group.equal(f"{required}: a good one", True, served(address, "client"))
                group.equal(f"{required}: none", none, served(address, None))
                for client in BAD:
                    group.equal(f"{required}: {client}", bad, served(address, client))
                group.equal(f"{required}: a good one afterwards", True, served(address, "client"))
        with server(directory) as process:
            group.equal("required unless told otherwise", False, served(process.address, None))


async def hosts(report, directory):
    with report.group("https: what the host does not accept") as group:
        elsewhere = {"SSL_CERTFILE": certificate("server-elsewhere.pem"), "SSL_KEYFILE": certificate("server-elsewhere.key")}
        for title, variables, authority, expected in (
            ("all is well", {}, "authority", True),
            ("another authority", {}, "other-authority", False),
            ("another host name", elsewhere, "authority", False),
        ):
            with server(directory, **variables) as process:
                parts = section(process.address)
                parts["mcp"]["tls"]["ca_bundle"] = certificate(f"{authority}.pem")
                loaded = asyncio.create_task(load(parts))
                await asyncio.wait({loaded}, timeout=20)
                group.equal(title, expected, loaded.done() and not loaded.cancelled() and loaded.result())


async def load(parts):
    """Whether the host takes the plugin. Its attempts end in an exception or in a cancellation."""
    client = McpExternalPlugin(PluginConfig(name="ProbePlugin", kind="external", **parts))
    try:
        await client.initialize()
    except BaseException:
        return False
    await client.shutdown()
    return True


def plain(report, directory):
    with report.group("https: health and metrics without TLS, a thousand ports on") as group, server(directory) as process:
        port = int(process.address.split(":")[1])

        def request(method, path, number=port + 1000):
            connection = http.client.HTTPConnection("127.0.0.1", number, timeout=PATIENCE)
            try:
                connection.request(method, path)
                response = connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException):
                return None, b""
            finally:
                connection.close()

        group.equal("health", (200, b'{"status":"healthy"}'), request("GET", "/health"))
        status, metrics = request("GET", "/metrics/prometheus")
        group.equal("metrics", [200, True], [status, b'ssl_enabled="true"' in metrics])
        for method, path, expected in (("POST", "/mcp", 404), ("GET", "/mcp", 404), ("POST", "/health", 405)):
            group.equal(f"{method} {path}", expected, request(method, path)[0])
        group.true("no answer to plain HTTP on the port of TLS", request("GET", "/health", port)[0] in (None, 400))
        with Http(process.address) as connection:
            group.equal("health with TLS", 200, connection.request("GET", "/health").status)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(certificate("client.pem"), certificate("client.key"))
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with contextlib.suppress(OSError, ValueError):
            context.set_ciphers("ALL:@SECLEVEL=0")
            with connect_with(context, port) as connection:
                group.true("TLS 1.1", False, f"let pass: {connection.version()}")
        group.true("others are served", served(process.address, "client"))


def connect_with(context, port):
    bare = socket.create_connection(("127.0.0.1", port), PATIENCE)
    return context.wrap_socket(bare, server_hostname="localhost")


def starts(report, directory):
    with report.group("https: what the server does not start with") as group:
        for title, said, variables in (
            ("no certificate", "certfile", {"SSL_CERTFILE": ""}),
            ("a missing file", "/nowhere.pem", {"SSL_CERTFILE": "/nowhere.pem"}),
            ("the key of another", "client.key", {"SSL_KEYFILE": certificate("client.key")}),
            ("no authority", "ca_bundle", {"SSL_CA_CERTS": ""}),
            ("an expired one", "client-expired.pem", {"SSL_CERTFILE": certificate("client-expired.pem")}),
            ("a Unix socket", "exclude each other", {"UDS": str(directory / "tls.sock")}),
            ("an unknown requirement", "CERT_REQS", {"SSL_CERT_REQS": "3"}),
        ):
            try:
                server(directory, **variables).stop()
                group.true(title, False, "it starts")
            except RuntimeError as error:
                group.true(title, said in str(error), error)


def rotation(report, directory):
    with report.group(f"https: {ROTATIONS} new certificates under load") as group:
        live, key = directory / "live.pem", directory / "live.key"

        def put(name):
            for file, kind in ((live, "pem"), (key, "key")):
                fresh = file.with_suffix(".new")
                shutil.copy(certificate(f"{name}.{kind}"), fresh)
                os.replace(fresh, file)

        put("server")
        with server(directory, SSL_CERTFILE=str(live), SSL_KEYFILE=str(key)) as process:
            outcomes, done = [], threading.Event()

            def load():
                while not done.is_set():
                    outcomes.append(served(process.address, "client"))

            def presented():
                with connect(process.address) as connection:
                    return connection.getpeercert(binary_form=True)

            loads = [threading.Thread(target=load) for _ in range(3)]
            for thread in loads:
                thread.start()
            with Http(process.address) as lasting:
                lasting.post(message("ping"))
                first = presented()
                for number in range(ROTATIONS):
                    put(("server-again", "server")[number % 2])
                    time.sleep(0.05)
                put("server-again")
                live.write_text("half written")
                time.sleep(0.3)
                put("server-again")
                deadline = time.monotonic() + 15
                while (last := presented()) == first and time.monotonic() < deadline:
                    time.sleep(0.25)
                group.equal("a connection from before goes on", 200, lasting.post(message("ping")).status)
            done.set()
            for thread in loads:
                thread.join(20)
            group.true("calls were made", len(outcomes) > 100, len(outcomes))
            group.equal("all of them on connections of their own, and all answered", {True}, set(outcomes))
            group.true("new connections get the new certificate", last != first)


if __name__ == "__main__":
    run(main)
