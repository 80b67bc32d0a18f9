"""The bindings: what makes a server listen on each, and what the host's configuration says about it."""

import os
import socket
import sys
from pathlib import Path

# How the hosts of this run reach the servers: the same cases over each.
TRANSPORT = os.environ.get("PROBE_TRANSPORT", "unix")
# What the servers call it.
TRANSPORT_NAME = TRANSPORT.partition("-")[0].replace("https", "http")
OVER_UNIX = TRANSPORT == "unix"
OVER_GRPC = TRANSPORT.startswith("grpc")
OVER_MCP = not OVER_UNIX and not OVER_GRPC
# The host starts the server itself, and talks to it over pipes.
OVER_PIPES = TRANSPORT == "stdio"
# The largest answer that the host takes, or that the server gives.
LARGEST_ANSWER = 4 * 2**20 if OVER_GRPC else 16 * 2**20

_ports = {}


def binary(variable):
    """What the suite passes in `variable`: a program, or a directory of files."""
    path = os.environ.get(variable)
    if not path:
        sys.exit(f"{variable} is not set: it must name what to test (the test suite `real_host` sets it)")
    return path


def certificate(name):
    """One of the files that the suite makes."""
    return str(Path(binary("PROBE_CERTIFICATES")) / name)


def free_port():
    """A port that is free, and so is the one that a server with TLS takes for health and metrics."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1000))
                return port
            except (OSError, OverflowError):
                continue


def listening(path):
    """Where a server listens, and the variables that make it listen there. The same path is the same place again."""
    path = str(path)
    port = str(_ports.setdefault(path, free_port()))
    if OVER_UNIX:
        return path, {"PLUGINS_TRANSPORT": "unix", "PLUGINS_UNIX_SOCKET_PATH": path}
    prefix = "PLUGINS_GRPC_SERVER_" if OVER_GRPC else "PLUGINS_SERVER_"
    if TRANSPORT.endswith("-uds"):
        return path, {"PLUGINS_TRANSPORT": TRANSPORT_NAME, f"{prefix}UDS": path}
    # The name in the certificates, and the only one by which a host finds a server over HTTP.
    name = "127.0.0.1" if TRANSPORT == "grpc" else "localhost"
    listen = {"PLUGINS_TRANSPORT": TRANSPORT_NAME, f"{prefix}PORT": port, **_tls_variables(prefix)}
    if OVER_GRPC:
        listen[f"{prefix}HOST"] = name
    return f"{name}:{port}", listen


def _tls_variables(prefix):
    if not TRANSPORT.endswith("tls"):
        return {}
    variables = {
        f"{prefix}SSL_ENABLED": "true",
        f"{prefix}SSL_CERTFILE": certificate("server.pem"),
        f"{prefix}SSL_KEYFILE": certificate("server.key"),
    }
    if TRANSPORT == "grpc-tls":
        return {**variables, f"{prefix}SSL_CLIENT_AUTH": "none"}
    return {**variables, f"{prefix}SSL_CA_CERTS": certificate("authority.pem")}


def section(address, **unix_settings):
    """The host's section for a server at this address. Only that of the Unix socket has settings."""
    if OVER_UNIX:
        return {"unix_socket": {"path": str(address), **unix_settings}}
    if OVER_PIPES:
        return {"mcp": {"proto": "STDIO", **address}}
    tls = {"tls": {"ca_bundle": certificate("authority.pem")}} if TRANSPORT.endswith("tls") else {}
    if TRANSPORT.endswith("mtls"):
        tls["tls"].update(certfile=certificate("client.pem"), keyfile=certificate("client.key"))
    if OVER_MCP:
        # The host refuses addresses in numbers, unless told otherwise, and takes this name.
        where = {"url": "http://localhost/mcp", "uds": address}
        if TRANSPORT != "http-uds":
            where = {"url": f"http{'s' if tls else ''}://{address}/mcp"}
        return {"mcp": {"proto": "STREAMABLEHTTP", **where, **tls}}
    return {"grpc": {"uds": address} if TRANSPORT == "grpc-uds" else {"target": address, **tls}}
