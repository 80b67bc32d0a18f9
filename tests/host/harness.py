"""What the drivers share: server processes, host objects, strict comparison, and the report at the end."""

import asyncio
import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import grpc
import yaml

import host
from host import GlobalContext, GrpcExternalPlugin, PluginConfig, PluginContext, PluginManager, UnixSocketExternalPlugin

HERE = Path(__file__).parent
READY_SECONDS = 20
# A driver that hangs ends by itself, so that its servers end with it.
DRIVER_SECONDS = 200
# How the hosts of this run reach the servers: the same cases over each.
TRANSPORT = os.environ.get("PROBE_TRANSPORT", "unix")
OVER_GRPC = TRANSPORT != "unix"
# The largest answer that the host takes.
LARGEST_ANSWER = 4 * 2**20 if OVER_GRPC else 16 * 2**20


def binary(variable):
    """The server program that the suite passes in `variable`."""
    path = os.environ.get(variable)
    if not path:
        sys.exit(f"{variable} is not set: it must name the server binary to test (the test suite `real_host` sets it)")
    return path


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listening(socket_path):
    """Where a server listens on the transport of this run, and the variables that make it listen there: at the path, or
    where one has listened before."""
    if TRANSPORT == "unix":
        return str(socket_path), {"PLUGINS_TRANSPORT": "unix", "PLUGINS_UNIX_SOCKET_PATH": str(socket_path)}
    if TRANSPORT == "grpc-uds":
        return str(socket_path), {"PLUGINS_TRANSPORT": "grpc", "PLUGINS_GRPC_SERVER_UDS": str(socket_path)}
    _, before, port = str(socket_path).rpartition(":")
    port = port if before else str(free_port())
    # The name in the certificates.
    name = "localhost" if tls_variables() else "127.0.0.1"
    variables = {"PLUGINS_TRANSPORT": "grpc", "PLUGINS_GRPC_SERVER_HOST": name, "PLUGINS_GRPC_SERVER_PORT": port}
    return f"{name}:{port}", {**variables, **tls_variables()}


def tls_variables():
    """What a server with TLS needs. The suite makes the certificates."""
    if TRANSPORT not in ("grpc-tls", "grpc-mtls"):
        return {}
    files = Path(binary("PROBE_CERTIFICATES"))
    variables = {
        "PLUGINS_GRPC_SERVER_SSL_ENABLED": "true",
        "PLUGINS_GRPC_SERVER_SSL_CERTFILE": str(files / "server.pem"),
        "PLUGINS_GRPC_SERVER_SSL_KEYFILE": str(files / "server.key"),
    }
    if TRANSPORT == "grpc-tls":
        return {**variables, "PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH": "none"}
    return {**variables, "PLUGINS_GRPC_SERVER_SSL_CA_CERTS": str(files / "authority.pem")}


def section(address, **unix_settings):
    """The host's section for a server at this address. Only that of the Unix socket has settings."""
    if TRANSPORT == "unix":
        return {"unix_socket": {"path": str(address), **unix_settings}}
    if TRANSPORT == "grpc-uds":
        return {"grpc": {"uds": str(address)}}
    if TRANSPORT == "grpc":
        return {"grpc": {"target": address}}
    files = Path(binary("PROBE_CERTIFICATES"))
    tls = {"ca_bundle": str(files / "authority.pem")}
    if TRANSPORT == "grpc-mtls":
        tls.update(certfile=str(files / "client.pem"), keyfile=str(files / "client.key"))
    return {"grpc": {"target": address, "tls": tls}}


class Server:
    """A plugin server process on the transport of this run."""

    def __init__(self, program, config, socket_path, **environment):
        self.socket_path, variables = listening(socket_path)
        self.command = [program]
        self.environment = {**os.environ, "PLUGINS_CONFIG_PATH": str(config), **variables, **environment}
        self._log = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=self.environment,
        )
        # A server that never gets ready is killed, which ends the read below.
        watchdog = threading.Timer(READY_SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if line != "READY\n":
            self._process.kill()
            status = self._process.wait()
            raise RuntimeError(f"server said {line!r} instead of READY and ended with {status}:\n{self.log()}")

    def log(self):
        self._log.seek(0)
        return self._log.read()[-4000:]

    def print(self, *arguments):
        """What the program prints when it is run with the server's settings and these arguments."""
        return subprocess.run(
            [*self.command, *arguments], env=self.environment, capture_output=True, text=True, check=True, timeout=20
        ).stdout

    def stop(self, how=signal.SIGTERM):
        """Ends the process and returns its exit status; SIGTERM must be enough to end it within ten seconds."""
        self._process.send_signal(how)
        try:
            return self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"server was still running 10 s after {how.name}:\n{self.log()}") from None
        finally:
            self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.stop()


@contextlib.contextmanager
def socket_directory():
    """A private directory with a short path, since the path of a Unix socket has little room."""
    with tempfile.TemporaryDirectory(prefix="host-", dir="/tmp") as directory:
        yield Path(directory)


def entries(config):
    """The `plugins` list of a server's configuration file."""
    return yaml.safe_load(Path(config).read_text())["plugins"]


def channel(address, blocking=False):
    """A connection of the gRPC library itself, with the certificates of this run."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    library = grpc if blocking else grpc.aio
    parts = section(address)["grpc"]
    if "uds" in parts:
        return library.insecure_channel(f"unix://{parts['uds']}", options=options)
    if "tls" not in parts:
        return library.insecure_channel(parts["target"], options=options)
    files = {key: Path(path).read_bytes() for key, path in parts["tls"].items()}
    credentials = grpc.ssl_channel_credentials(files["ca_bundle"], files.get("keyfile"), files.get("certfile"))
    return library.secure_channel(parts["target"], credentials, options=options)


class BarePayload:
    """A payload that is a dictionary, for a client that takes only models."""

    def __init__(self, fields):
        self._fields = fields

    def model_dump(self):
        return self._fields


class GrpcClient(GrpcExternalPlugin):
    """The host's client, which takes dictionaries too, as that of the Unix socket does."""

    async def invoke_hook(self, hook_type, payload, context):
        payload = BarePayload(payload) if isinstance(payload, dict) else payload
        return await super().invoke_hook(hook_type, payload, context)


async def connected_client(name, socket_path, **settings):
    """The host's bare client for one plugin, initialized."""
    kind = GrpcClient if OVER_GRPC else UnixSocketExternalPlugin
    client = kind(
        PluginConfig(name=name, kind="external", hooks=["tool_pre_invoke"], **section(socket_path, **settings))
    )
    await client.initialize()
    return client


async def ask(client, method, request, response):
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
    await manager.initialize()
    try:
        yield manager
    finally:
        await manager.shutdown()


def stanza(name, socket_path, hooks, mode="sequential", reconnect_delay=0.02, **more):
    """The gateway's entry for one plugin of a server."""
    settings = {"reconnect_delay": reconnect_delay, **more.pop("unix_socket", {})}
    return {
        "name": name,
        "kind": "external",
        "hooks": list(hooks),
        "mode": host.mode(mode),
        **section(socket_path, **settings),
        **more,
    }


def plugin_context(parts):
    """The host's context object for the parts that `probe_model` works on."""
    return PluginContext(
        global_context=GlobalContext(
            request_id=parts["request_id"],
            server_id=parts["server_id"],
            tenant_id=parts["tenant_id"],
            user=parts["user"],
            state=parts["global_state"],
            metadata=parts["global_metadata"],
        ),
        state=parts["state"],
        metadata=parts["metadata"],
    )


def differences(expected, actual, place=""):
    """Every place where two JSON values differ. Numbers are compared as doubles, which is what a protobuf transport
    makes of them, sign included; none is equal to a boolean."""
    if isinstance(expected, (set, frozenset, tuple)):
        expected = sorted(expected) if isinstance(expected, (set, frozenset)) else list(expected)
    if isinstance(actual, (set, frozenset, tuple)):
        actual = sorted(actual) if isinstance(actual, (set, frozenset)) else list(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            where = f"{place}.{key}" if place else str(key)
            if key not in actual:
                yield f"{where}: missing, should be {shown(expected[key])}"
            elif key not in expected:
                yield f"{where}: should be absent, is {shown(actual[key])}"
            else:
                yield from differences(expected[key], actual[key], where)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{place}: should have {len(expected)} items, has {len(actual)}"
        for index, (left, right) in enumerate(zip(expected, actual)):
            yield from differences(left, right, f"{place}[{index}]")
    elif not same_scalar(expected, actual):
        yield f"{place}: should be {shown(expected)}, is {shown(actual)}"


def same_scalar(expected, actual):
    numbers = (int, float)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, numbers) and isinstance(actual, numbers):
        return float(expected) == float(actual) and math.copysign(1, expected) == math.copysign(1, actual)
    return expected == actual


def shown(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


class Report:
    """Counts cases and collects what went wrong, so that one run shows every failure."""

    SHOWN_PER_GROUP = 5

    def __init__(self):
        self._passed = 0
        self._failed = 0

    def group(self, name):
        return Group(self, name)

    def finish(self):
        """Prints the last line and ends the process with the verdict."""
        if self._failed:
            print(f"{self._failed} cases FAILED, {self._passed} passed", flush=True)
            sys.exit(1)
        print(f"{self._passed} cases passed", flush=True)

    def add(self, group):
        self._passed += group.passed
        self._failed += len(group.failures)


class Group:
    """The cases of one behaviour: prints one line when it ends, and its failures under it."""

    def __init__(self, report, name):
        self._report = report
        self._name = name
        self._started = time.monotonic()
        self.passed = 0
        self.failures = []

    def check(self, case, problems):
        """Counts one case, which passed if `problems` (an iterable of lines) is empty."""
        problems = list(problems)
        if problems:
            self.failures.append(case + "".join(f"\n      {problem}" for problem in problems[:8]))
        else:
            self.passed += 1

    def equal(self, case, expected, actual):
        self.check(case, differences(expected, actual))

    def true(self, case, condition, otherwise="not so"):
        self.check(case, [] if condition else [str(otherwise)])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and isinstance(error, Exception):
            place = "".join(traceback.format_exception(kind, error, trace)[-4:]).rstrip()
            self.failures.append("broke off: " + place.replace("\n", "\n      "))
        seconds = time.monotonic() - self._started
        verdict = f"{len(self.failures)} FAILED" if self.failures else "ok"
        print(f"{self._name}: {self.passed} cases, {verdict} ({seconds:.1f} s)", flush=True)
        for failure in self.failures[: Report.SHOWN_PER_GROUP]:
            print(f"    {failure}", flush=True)
        hidden = len(self.failures) - Report.SHOWN_PER_GROUP
        if hidden > 0:
            print(f"    … and {hidden} more", flush=True)
        self._report.add(self)
        return isinstance(error, Exception)


def run(main):
    """Runs a driver's coroutine with a fresh report."""
    report = Report()
    try:
        asyncio.run(asyncio.wait_for(main(report), DRIVER_SECONDS))
    except TimeoutError:
        sys.exit(f"FAILED: still running after {DRIVER_SECONDS} s")
    report.finish()
