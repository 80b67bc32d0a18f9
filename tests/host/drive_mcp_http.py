"""What an MCP server over HTTP lets pass and what it refuses, and its health and metrics."""

import contextlib
import json
import re
import time
from http.client import HTTPResponse

from bindings import TRANSPORT, binary
from harness import run
from raw import Http, connect, invoke, message, once, said
from servers import HERE, Server, socket_directory

MEBIBYTE = 2**20
OVER_TLS = TRANSPORT == "https-mtls"
ON_A_SOCKET = TRANSPORT == "http-uds"
PING = message("ping")


async def main(report):
    with socket_directory() as directory:
        with server(directory) as process:
            hosts(report, process.address)
            forms(report, process.address)
            paths(report, process.address)
            answered_by_the_head(report, process.address)
            too_large(report, process.address)
            health_and_metrics(report, process.address)
        listed_hosts(report, directory)
        slow_clients(report, directory)
        without_metrics(report, directory)


def server(directory, **environment):
    return Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory / "http.sock", **environment)


def status(address, method="POST", path="/mcp", body=PING, **headers):
    """The status of a request whose headers are changed: `content_type` stands for Content-Type."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return once(address, method, path, body, changed).status


def hosts(report, address):
    with report.group("http: who is meant, and who asks") as group:
        allowed = ["localhost:1", "127.0.0.1:99", "[::1]:5", "LOCALHOST:80"]
        bare = ["localhost", "127.0.0.1", "[::1]"]
        evil = ["evil.example", "evil.example:8000", "localhost.evil.example:80", "127.0.0.1.evil.example", "", "localhost:x"]
        for host in allowed + (bare if ON_A_SOCKET else []):
            group.equal(f"Host {host}", 200, status(address, Host=host))
        for host in evil + ([] if ON_A_SOCKET else bare):
            group.equal(f"Host {host}", 421, status(address, Host=host))
        group.true("no Host", status(address, Host=None) in (400, 421), "neither 400 nor 421")
        for origin in ("http://localhost:3000", "http://127.0.0.1:1", "http://[::1]:1"):
            group.equal(f"Origin {origin}", 200, status(address, Origin=origin))
        for origin in ("http://evil.example", "https://evil.example:443", "null", "http://localhost.evil.example:80", "x"):
            group.equal(f"Origin {origin}", 403, status(address, Origin=origin))
        for path in ("/health", "/metrics/prometheus"):
            group.equal(f"{path} for anybody", 200, status(address, "GET", path, None, Host="evil.example"))


def listed_hosts(report, directory):
    with report.group("http: hosts and origins that the operator lists") as group:
        lists = {
            "PLUGINS_SERVER_ALLOWED_HOSTS": "plugin-service, with-port.example:8443,any-port.example:*",
            "PLUGINS_SERVER_ALLOWED_ORIGINS": "https://app.example",
        }
        with server(directory, **lists) as process:
            for host, expected in (
                ("plugin-service", 200),
                ("with-port.example:8443", 200),
                ("with-port.example:8444", 421),
                ("any-port.example:1", 200),
                ("xplugin-service", 421),
                ("plugin-service.evil.example", 421),
                ("evil.example", 421),
                ("localhost:1", 200),
            ):
                group.equal(f"Host {host}", expected, status(process.address, Host=host))
            for origin, expected in (
                ("https://app.example", 200),
                ("http://app.example", 403),
                ("https://app.example.evil", 403),
                ("http://localhost:1", 200),
            ):
                group.equal(f"Origin {origin}", expected, status(process.address, Origin=origin))
        with server(directory, PLUGINS_SERVER_ALLOWED_HOSTS="*") as process:
            group.equal("* lets every Host pass", 200, status(process.address, Host="evil.example"))
        if ON_A_SOCKET:
            report.left_out("http: every address of the machine", "a socket file has none")
            return
        with server(directory, PLUGINS_SERVER_HOST="0.0.0.0") as process:
            group.equal("bound to every address: Host", 200, status(process.address, Host="any.example"))


def forms(report, address):
    with report.group("http: the form of a request") as group:
        both = "application/json, text/event-stream"
        for title, expected, headers in (
            ("both types", 200, {"Accept": both}),
            ("both types the other way round", 200, {"Accept": "text/event-stream;q=0.5,application/json"}),
            ("JSON only", 406, {"Accept": "application/json"}),
            ("event streams only", 406, {"Accept": "text/event-stream"}),
            ("no Accept", 406, {"Accept": None}),
            ("a character set", 200, {"Content_Type": "application/json; charset=utf-8"}),
            ("text", 400, {"Content_Type": "text/plain"}),
            ("no type", 400, {"Content_Type": None}),
            ("a form", 400, {"Content_Type": "application/x-www-form-urlencoded"}),
            ("a known version", 200, {"MCP_Protocol_Version": "2025-06-18"}),
            ("an unknown version", 400, {"MCP_Protocol_Version": "1999-01-01"}),
            ("a session of another server", 200, {"MCP_Session_Id": "0123456789abcdef0123456789abcdef"}),
        ):
            group.equal(title, expected, status(address, **headers))
        for title, body, code in (
            ("no JSON", b"{", -32700),
            ("nothing", b"", -32700),
            ("bytes that are not UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
            ("a list", [PING], None),
            ("a number", 3, None),
            ("no method", {"jsonrpc": "2.0", "id": 1}, None),
            ("another protocol", {"jsonrpc": "1.0", "id": 1, "method": "ping"}, None),
        ):
            answer = once(address, "POST", "/mcp", body)
            group.equal(f"{title}: status", 400, answer.status)
            error = answer.json.get("error", {}) if answer.body.startswith(b"{") else {}
            group.true(f"{title}: an error of JSON-RPC", "code" in error and code in (None, error["code"]), answer)
        with Http(address) as connection:
            for number in range(100):
                answer = connection.post(message("ping", None, number))
                group.equal(f"request {number} of a connection", [200, number], [answer.status, answer.json["id"]])


def paths(report, address):
    with report.group("http: paths and methods") as group:
        for method, path, expected in (
            ("PUT", "/mcp", 405),
            ("PATCH", "/mcp", 405),
            ("GET", "/mcp", 405),
            ("DELETE", "/mcp", 405),
            ("GET", "/", 404),
            ("POST", "/", 404),
            ("POST", "/mcp/x", 404),
            ("POST", "/MCP", 404),
            ("GET", "/health", 200),
            ("HEAD", "/health", 200),
            ("POST", "/health", 405),
            ("POST", "/metrics/prometheus", 405),
            ("GET", "/metrics", 404),
            ("GET", "/health/../mcp", 404),
        ):
            answer = once(address, method, path, PING if method == "POST" else None)
            group.equal(f"{method} {path}", expected, answer.status)
            if expected == 405:
                group.true(f"{method} {path}: what is allowed", "allow" in answer.headers, answer.headers)
        answer = once(address, "POST", "/mcp/", PING)
        group.equal("a slash too many", [307, "/mcp"], [answer.status, answer.headers.get("location")])


def first_answer(connection):
    """The status line that comes back over a bare socket; None when it is closed instead."""
    received = b""
    while b"\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            break
        received += part
    found = re.match(rb"HTTP/1.1 (\d+)", received)
    return int(found[1]) if found else None


def head(length, line="POST /mcp", **headers):
    fields = {
        "Host": "localhost:1",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        **({"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": length}),
        **headers,
    }
    lines = [f"{name}: {value}\r\n" for name, value in fields.items()]
    return (f"{line} HTTP/1.1\r\n" + "".join(lines) + "\r\n").encode()


def answered_by_the_head(report, address):
    """The answer and the connection outlast a body that comes late and that nobody asked for."""
    body = json.dumps(PING).encode()
    with report.group("http: a body that comes after the answer is known") as group:
        for title, expected, changed in (
            ("no such path", 404, {"line": "POST /"}),
            ("a slash too many", 307, {"line": "POST /mcp/"}),
            ("health, posted", 405, {"line": "POST /health"}),
            ("health, asked with a body", 200, {"line": "GET /health"}),
            ("metrics, posted", 405, {"line": "POST /metrics/prometheus"}),
            ("another method", 405, {"line": "PUT /mcp"}),
            ("another host", 421, {"Host": "evil.example"}),
            ("another origin", 403, {"Origin": "http://evil.example"}),
            ("another type", 400, {"Content-Type": "text/plain"}),
            ("another answer wanted", 406, {"Accept": "text/html"}),
        ):
            with connect(address) as connection:
                connection.sendall(head(len(body), **changed))
                for byte in range(0, len(body), 10):
                    time.sleep(0.02)
                    connection.sendall(body[byte : byte + 10])
                group.equal(title, expected, whole_answer(connection))
                connection.sendall(head(len(body)) + body)
                group.equal(f"{title}: the next request", 200, whole_answer(connection))
        for title, expected, line, length in (
            ("more than is read", 404, "POST /", 17 * MEBIBYTE),
            ("a body that does not come", 405, "POST /health", 10),
        ):
            with connect(address) as connection:
                connection.sendall(head(length, line))
                group.equal(title, expected, whole_answer(connection))
                group.equal(f"{title}: and the connection is closed", b"", connection.recv(1))
        with connect(address) as connection:
            connection.sendall(head(100, "POST /", Expect="100-continue"))
            group.equal("a client that asks first is not told to send", 404, whole_answer(connection))


def whole_answer(connection):
    """The status of an answer that is read to its end."""
    response = HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def too_large(report, address):
    with report.group("http: more than the server takes") as group:
        with connect(address) as connection:
            connection.sendall(head(17 * MEBIBYTE))
            group.equal("a body whose length says so, before it comes", 413, first_answer(connection))
        chunk = b"%x\r\n" % MEBIBYTE + b"x" * MEBIBYTE + b"\r\n"
        for title, parts, expected in (
            ("a body in pieces", [head(None), *[chunk] * 20], 413),
            ("a header", [head(2, **{"X-Long": "x" * 20_000})], 431),
            ("a header of any length", [head(2, **{"X-Long": "x" * 2_000_000})], 431),
            ("too many headers", [head(2, **{f"X-{number}": "y" for number in range(2000)})], 431),
        ):
            with connect(address) as connection:
                answered = None
                # A server that does not read the rest may reset the connection, and the answer is lost with it.
                with contextlib.suppress(OSError):
                    for part in parts:
                        connection.sendall(part)
                with contextlib.suppress(OSError):
                    answered = first_answer(connection)
                group.true(title, answered in (expected, None), answered)
        group.equal("others are served", 200, status(address))


def slow_clients(report, directory):
    limits = {"PLUGINS_SERVER_HEADER_TIMEOUT": "0.5", "PLUGINS_SERVER_BODY_TIMEOUT": "0.5", "PLUGINS_IDLE_TIMEOUT": "0.5"}
    with report.group("http: clients that are slow, or silent") as group, server(directory, **limits) as process:
        address = process.address
        whole = head(4)
        for title, first, dribble in (
            ("nothing", b"", b""),
            ("half a head", whole[:40], b""),
            ("a head, a byte at a time", whole[:40], b"x"),
            ("no body", whole, b""),
            ("a body, a byte at a time", head(1000), b" "),
        ):
            with connect(address) as connection:
                started = time.monotonic()
                connection.settimeout(0.2)
                connection.sendall(first)
                answered = "still open"
                while answered == "still open" and time.monotonic() - started < 6:
                    try:
                        answered = first_answer(connection)
                    except TimeoutError:
                        try:
                            connection.sendall(dribble)
                        except OSError:
                            answered = None
                    except OSError:
                        answered = None
                group.true(f"{title}: refused or closed", answered in (None, 400, 408), answered)
                group.true(f"{title}: in time", time.monotonic() - started < 4, time.monotonic() - started)
        with Http(address) as connection:
            group.equal("a connection that is used", 200, connection.post(PING).status)
            started = time.monotonic()
            connection._connection.sock.settimeout(6)
            group.equal("and then is not: closed", b"", connection._connection.sock.recv(1))
            group.true("in time", time.monotonic() - started < 4, time.monotonic() - started)
        group.equal("others are served", 200, status(address))


def samples_of(text, name):
    """The samples of a metric, as labels and value."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}\{{(.*)\}} ([0-9.e+]+)", line)
        if match:
            found.append((dict(re.findall(r'(\w+)="([^"]*)"', match[1])), float(match[2])))
    return found


def health_and_metrics(report, address):
    with report.group("http: health and metrics") as group:
        answer = once(address, "GET", "/health")
        group.equal(
            "health",
            [200, "application/json", {"status": "healthy"}],
            [answer.status, answer.headers["content-type"], answer.json],
        )

        def metrics():
            answer = once(address, "GET", "/metrics/prometheus")
            group.equal("metrics: status", 200, answer.status)
            group.equal("metrics: type", "text/plain; version=0.0.4; charset=utf-8", answer.headers["content-type"])
            return answer.text

        labels = {"server_name": "MCP Plugin Server", "transport": "http", "ssl_enabled": str(OVER_TLS).lower()}
        group.equal("plugin_info", [(labels, 1.0)], samples_of(metrics(), "plugin_info"))

        def calls(text):
            """The calls counted so far, by plugin, hook and outcome, whatever the metric is called."""
            wanted = ("plugin", "hook", "outcome")
            return {
                tuple(labels[name] for name in wanted): value
                for line in set(re.findall(r"^(\w+)\{", text, re.MULTILINE))
                for labels, value in samples_of(text, line)
                if set(wanted) == set(labels)
            }

        before = calls(metrics())
        with Http(address) as connection:
            for args, times in (({"q": "hello"}, 3), ({"q": "forbidden"}, 2), ({"q": "explode"}, 1)):
                for _ in range(times):
                    said(connection.rpc(invoke(args)))
            said(connection.rpc(invoke({"q": "hello"}, plugin="Nobody\"\\\n" + "x" * 500)))
        after = calls(metrics())
        counted = {key: value - before.get(key, 0) for key, value in after.items()}
        of_probe = {key[2]: value for key, value in counted.items() if key[:2] == ("ProbePlugin", "tool_pre_invoke")}
        group.equal("calls by outcome", [1.0, 2.0, 3.0], sorted(value for value in of_probe.values() if value))
        # Whoever calls chooses the names: they must not fill the memory, nor break the text.
        unknown = [key for key in after if key[0] not in ("ProbePlugin", "ProbeAlt", "ProbeLenient") and len(key[0]) > 50]
        group.equal("no label that a caller made up", [], unknown)
        for line in metrics().splitlines():
            if line and not re.fullmatch(r"#.*|\w+(\{(\w+=\"([^\"\\]|\\.)*\",?)*\})? \S+", line):
                group.true("a line of the format", False, line)


def without_metrics(report, directory):
    with report.group("http: metrics switched off") as group, server(directory, ENABLE_METRICS="false") as process:
        answer = once(process.address, "GET", "/metrics/prometheus")
        group.equal("status", 503, answer.status)
        group.equal("why", {"error": "Metrics collection is disabled"}, json.loads(answer.body))
        group.equal("health is there", 200, once(process.address, "GET", "/health").status)


if __name__ == "__main__":
    run(main)
