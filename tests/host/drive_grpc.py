"""What only gRPC has: health, reflection, the package of older hosts, its limits, and the end of a server."""

import asyncio
import signal
import time

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from bindings import TRANSPORT, binary
from clients import channel
from harness import run
from host import PluginConfig, messages
from servers import HERE, Server, entries, socket_directory

PACKAGES = ("cpex", "mcpgateway.plugins")
SERVICES = [f"{package}.{service}" for package in PACKAGES for service in ("Health", "PluginService")]
OLDER_MODES = {"enforce", "enforce_ignore_error", "permissive", "disabled"}
MEBIBYTE = 2**20


async def main(report):
    program, config = binary("PROBE_PLUGIN"), HERE / "probe.yaml"
    with socket_directory() as directory:
        with Server(program, config, directory / "grpc.sock") as server:
            async with channel(server.address) as connection:
                await packages(report, connection, config)
                await limits(report, connection)
                if TRANSPORT == "grpc-uds":
                    await authorities(report, server.address)
                await health(report, connection)
                await reflection(report, server.address)
        with Server(program, config, directory / "old.sock", PLUGINS_GRPC_SERVER_MAX_CONNECTION_AGE="0.3") as server:
            await age(report, server)
        if TRANSPORT != "grpc-uds":
            await silence(report, program, config, directory)
        await draining(report, program, config, directory)


def method(connection, path, response):
    return connection.unary_unary(
        path, request_serializer=lambda message: message.SerializeToString(), response_deserializer=response.FromString
    )


def invoke(connection, package="cpex"):
    return method(connection, f"/{package}.PluginService/InvokeHook", messages.InvokeHookResponse)


def request(args, hook="tool_pre_invoke", plugin="ProbePlugin"):
    message = messages.InvokeHookRequest(hook_type=hook, plugin_name=plugin)
    json_format.ParseDict({"name": "search", "args": args}, message.payload)
    return message


async def status_of(call):
    try:
        await call
        return grpc.StatusCode.OK
    except grpc.aio.AioRpcError as error:
        return error.code()


async def packages(report, connection, config):
    with report.group("grpc: both packages") as group:
        for package in PACKAGES:
            answer = await invoke(connection, package)(request({"q": "crap"}))
            group.equal(
                f"{package}: a call", "yikes", json_format.MessageToDict(answer.result)["modified_payload"]["args"]["q"]
            )
            look_up = method(connection, f"/{package}.PluginService/GetPluginConfig", messages.GetPluginConfigResponse)
            for entry in entries(config):
                answer = await look_up(messages.GetPluginConfigRequest(name=entry["name"]))
                reported = json_format.MessageToDict(answer.config)
                group.true(f"{package}: {entry['name']} is found", answer.found)
                # The host's model writes the newer mode into what it is given.
                meant, read = (PluginConfig.model_validate(dict(each)) for each in (entry, reported))
                group.equal(
                    f"{package}: {entry['name']} means the same to a current host",
                    [meant.mode, meant.on_error],
                    [read.mode, read.on_error],
                )
                if package != "cpex" and "mode" in reported:
                    group.true(f"{entry['name']}: an older mode", reported["mode"] in OLDER_MODES, reported["mode"])
            answer = await look_up(messages.GetPluginConfigRequest())
            group.equal(f"{package}: no name", b"", answer.SerializeToString())
            every = method(connection, f"/{package}.PluginService/GetPluginConfigs", messages.GetPluginConfigsResponse)
            answer = await every(messages.GetPluginConfigsRequest())
            group.equal(f"{package}: the list", len(entries(config)), len(answer.configs))
            check = method(connection, f"/{package}.Health/Check", messages.HealthCheckResponse)
            answer = await check(messages.HealthCheckRequest(service="whatever"))
            group.equal(f"{package}: health", messages.HealthCheckResponse.SERVING, answer.status)
        answer = await invoke(connection)(messages.InvokeHookRequest())
        group.equal(
            "a request without names is a call",
            ["Unable to find  for plugin .  Make sure the plugin is registered.", -32603],
            [answer.error.message, answer.error.mcp_error_code],
        )
        for title, path in (
            ("method", "/cpex.PluginService/Nothing"),
            ("service", "/cpex.Nothing/InvokeHook"),
            ("package", "/other.PluginService/InvokeHook"),
        ):
            call = method(connection, path, messages.InvokeHookResponse)(request({}))
            group.equal(f"unknown {title}", grpc.StatusCode.UNIMPLEMENTED, await status_of(call))
        for title, raw in (("broken", b"\xff\xff"), ("a name that is not UTF-8", b"\x0a\x02\xff\xfe\x12\x01a")):
            call = connection.unary_unary("/cpex.PluginService/InvokeHook")(raw)
            group.equal(title, grpc.StatusCode.INVALID_ARGUMENT, await status_of(call))


async def authorities(report, address):
    with report.group("grpc: authorities on a Unix socket") as group:
        for authority in ("", "plugins.example", "plugins.example:443", "run%2Fp.sock", "a b"):
            async with channel(address, authority=authority) as connection:
                # From the second call on, the client refers to what it sent with the first.
                calls = [await invoke(connection)(request({})) for _ in range(3)]
                group.equal(f"{authority!r}", [False] * 3, [answer.HasField("error") for answer in calls])


async def limits(report, connection):
    with report.group("grpc: sizes") as group:
        call = invoke(connection)
        # The whole answer may have as many bytes as the host takes, and not one more.
        overhead = (await call(request({"probe": {"grow": 4_000_000}}))).ByteSize() - 4_000_000
        exact = 4 * MEBIBYTE - overhead
        answer = await call(request({"probe": {"grow": exact}}))
        group.equal("the largest answer", [4 * MEBIBYTE, False], [answer.ByteSize(), answer.HasField("error")])
        answer = await call(request({"probe": {"grow": exact + 1}}))
        group.equal("one byte more: the code", "MESSAGE_TOO_LARGE", answer.error.code)
        group.equal(
            "one byte more: the sizes",
            {"size": 4 * MEBIBYTE + 1, "limit": 4 * MEBIBYTE},
            json_format.MessageToDict(answer.error.details),
        )
        group.true(
            "one byte more: the setting",
            "PLUGINS_GRPC_SERVER_MAX_REPLY_SIZE" in answer.error.message,
            answer.error.message,
        )
        answer = await call(request({"q": "x" * (15 * MEBIBYTE)}))
        group.true("a request of 15 MiB", answer.HasField("result"), answer.error)
        code = await status_of(call(request({"q": "x" * (16 * MEBIBYTE)})))
        # The size is known from the first bytes; tonic calls it out of range.
        group.equal("a request over 16 MiB", True, code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OUT_OF_RANGE))
        group.true("the connection goes on", (await call(request({"q": "crap"}))).HasField("result"))


async def health(report, connection):
    with report.group("grpc: the standard health service") as group:
        stub = health_pb2_grpc.HealthStub(connection)
        for name in ("", *SERVICES):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
            group.equal(f"{name!r}", health_pb2.HealthCheckResponse.SERVING, answer.status)
        code = await status_of(stub.Check(health_pb2.HealthCheckRequest(service="Nobody")))
        group.equal("a service that is not there", grpc.StatusCode.NOT_FOUND, code)


async def reflection(report, address):
    with report.group("grpc: reflection") as group:

        def ask():
            with channel(address, blocking=True) as connection:
                database = ProtoReflectionDescriptorDatabase(connection)
                pool = DescriptorPool(database)
                services = set(database.get_services())
                methods = {
                    name: [method.name for method in pool.FindServiceByName(name).methods]
                    for name in (*SERVICES, "grpc.health.v1.Health")
                }
                return services, methods

        services, methods = await asyncio.to_thread(ask)
        group.true("every service is listed", {*SERVICES, "grpc.health.v1.Health"} <= services, services)
        for package in PACKAGES:
            group.equal(
                f"{package}: methods",
                ["GetPluginConfig", "GetPluginConfigs", "InvokeHook"],
                sorted(methods[f"{package}.PluginService"]),
            )


async def age(report, server):
    with report.group("grpc: connections of a bounded age") as group:
        async with channel(server.address) as connection:
            started = time.monotonic()
            calls = 0
            while time.monotonic() - started < 1.5:
                await invoke(connection)(request({"q": "sleep:20"}))
                calls += 1
            group.true("no call fails while its connection is replaced", calls > 10, calls)


async def silence(report, program, config, directory):
    with report.group("grpc: connections that say nothing") as group:
        with Server(program, config, directory / "s.sock", PLUGINS_GRPC_SERVER_HANDSHAKE_TIMEOUT="0.3") as server:
            host, port = server.address.split(":")
            for title, said in (("nothing", b""), ("half a greeting", b"PRI * HTTP/2")):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(said)
                started = time.monotonic()
                await asyncio.wait_for(reader.read(), 5)
                group.true(f"{title}: closed in time", time.monotonic() - started < 2, time.monotonic() - started)
                writer.close()
        server = Server(program, config, directory / "s.sock")
        host, port = server.address.split(":")
        _, writer = await asyncio.open_connection(host, port)
        await asyncio.sleep(0.2)
        started = time.monotonic()
        group.equal("exit status with one of them", 0, await asyncio.to_thread(server.stop, signal.SIGTERM))
        group.true("it holds up nothing", time.monotonic() - started < 3, time.monotonic() - started)
        writer.close()


async def draining(report, program, config, directory):
    with report.group("grpc: SIGTERM") as group:
        server = Server(program, config, directory / "drain.sock")
        async with channel(server.address) as connection:
            watch = health_pb2_grpc.HealthStub(connection).Watch(health_pb2.HealthCheckRequest(service=""))
            group.equal("before", health_pb2.HealthCheckResponse.SERVING, (await watch.read()).status)
            running = asyncio.ensure_future(invoke(connection)(request({"q": "sleep:700"})))
            await asyncio.sleep(0.2)
            stopped = asyncio.ensure_future(asyncio.to_thread(server.stop, signal.SIGTERM))
            group.equal("a watcher is told", health_pb2.HealthCheckResponse.NOT_SERVING, (await watch.read()).status)
            group.true("while a call is still running", not running.done())
            group.true("the call is answered", (await running).HasField("result"))
            group.equal("exit status", 0, await stopped)
        server = Server(program, config, directory / "drain.sock", PLUGINS_DRAIN_TIMEOUT="0.3")
        async with channel(server.address) as connection:
            endless = asyncio.ensure_future(status_of(invoke(connection)(request({"q": "sleep:20000"}))))
            await asyncio.sleep(0.2)
            started = time.monotonic()
            group.equal("exit status with a call that goes on", 0, await asyncio.to_thread(server.stop, signal.SIGTERM))
            group.true("the deadline holds", time.monotonic() - started < 3, time.monotonic() - started)
            group.equal("the call fails", grpc.StatusCode.UNAVAILABLE, await endless)
        server = Server(program, config, directory / "drain.sock")
        connections = [channel(server.address) for _ in range(4)]
        failures = []

        async def load(connection):
            while True:
                code = await status_of(invoke(connection)(request({"q": "sleep:5"})))
                if code != grpc.StatusCode.OK:
                    failures.append(code)
                    return

        loads = [asyncio.ensure_future(load(connection)) for connection in connections for _ in range(8)]
        await asyncio.sleep(0.3)
        started = time.monotonic()
        group.equal("exit status under load", 0, await asyncio.to_thread(server.stop, signal.SIGTERM))
        group.true("under load, at once", time.monotonic() - started < 3, time.monotonic() - started)
        await asyncio.wait_for(asyncio.gather(*loads), 10)
        group.equal("calls fail only for want of a server", {grpc.StatusCode.UNAVAILABLE}, set(failures))
        for connection in connections:
            await connection.close()


if __name__ == "__main__":
    run(main)
