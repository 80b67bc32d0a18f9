"""MCP without the host: single messages over HTTP on TCP, TLS and Unix sockets, and over the pipes of a server."""

import http.client
import json
import os
import queue
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass

from bindings import OVER_PIPES, TRANSPORT, certificate

PATIENCE = 20
JSON = "application/json"
HEADERS = {"Accept": f"{JSON}, text/event-stream", "Content-Type": JSON}
VERSION = "2025-11-25"
INITIALIZE = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}


def message(method, params=None, number=1):
    """A JSON-RPC request, or a notification when it has no number."""
    fields = {"jsonrpc": "2.0", "method": method}
    if number is not None:
        fields["id"] = number
    return fields if params is None else {**fields, "params": params}


def call(name, arguments, number=1):
    return message("tools/call", {"name": name, "arguments": arguments}, number)


def invoke(args, hook="tool_pre_invoke", plugin="ProbePlugin", number=1, **context):
    """A call of a hook with these arguments of a tool."""
    arguments = {
        "hook_type": hook,
        "plugin_name": plugin,
        "payload": {"name": "search", "args": args},
        "context": {"global_context": {"request_id": "r1"}, **context},
    }
    return call("invoke_hook", arguments, number)


def texts(answer):
    """The text blocks of a tool's answer."""
    return [block["text"] for block in answer["result"]["content"]]


def said(answer):
    """What `invoke_hook` answered."""
    (text,) = texts(answer)
    return json.loads(text)


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


def client_context(client="client"):
    """TLS as a host sets it up, with one of the client certificates, or none."""
    context = ssl.create_default_context(cafile=certificate("authority.pem"))
    if client:
        context.load_cert_chain(certificate(f"{client}.pem"), certificate(f"{client}.key"))
    return context


def connect(address, client="client"):
    """A socket to a server, through TLS where the binding has it."""
    if TRANSPORT.endswith("-uds"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(str(address))
        return connection
    _, port = address.split(":")
    connection = socket.create_connection(("127.0.0.1", int(port)), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if TRANSPORT.endswith("tls"):
        connection = client_context(client).wrap_socket(connection, server_hostname="localhost")
    return connection


class Http:
    """One connection, which is not opened again: when the server closes it, the next request fails."""

    def __init__(self, address, client="client"):
        self.host = "localhost" if TRANSPORT.endswith("-uds") else address
        self._connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        self._connection.sock = connect(address, client)
        self._connection.auto_open = 0

    def request(self, method, path, body=None, headers=None):
        """Sends a request. A header that is None is left out; a body that is no bytes is sent as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        changed = {name.lower(): (name, value) for name, value in (headers or {}).items()}
        self._connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {**HEADERS, "Host": self.host}.items():
            name, value = changed.pop(name.lower(), (name, value))
            if value is not None:
                self._connection.putheader(name, value)
        for name, value in changed.values():
            self._connection.putheader(name, value)
        if body is not None:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body)
        response = self._connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def post(self, body, headers=None):
        return self.request("POST", "/mcp", body, headers)

    def rpc(self, body):
        """The JSON-RPC answer to a request."""
        answer = self.post(body)
        if answer.status != 200 or not answer.headers["content-type"].startswith(JSON):
            raise RuntimeError(f"{body!r:.200} was answered with {answer!r:.400}")
        return answer.json

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def once(address, method, path, body=None, headers=None):
    """One request on a connection of its own."""
    with Http(address) as connection:
        return connection.request(method, path, body, headers)


class Pipe:
    """A server of our own over its standard input and output."""

    def __init__(self, address, **environment):
        self.process = subprocess.Popen(
            address["cmd"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **address["env"], **environment},
        )
        self.lines = queue.Queue()
        self._log = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=lambda: self._log.extend(self.process.stderr), daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def send(self, line):
        """Writes bytes as they are, or a message as a line."""
        if not isinstance(line, bytes):
            line = json.dumps(line).encode() + b"\n"
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def receive(self):
        """The next line; None at the end of the output."""
        line = self.lines.get(timeout=PATIENCE)
        return None if line is None else json.loads(line)

    def rpc(self, body):
        self.send(body)
        return self.receive()

    def open(self):
        """The handshake of older hosts."""
        answer = self.rpc(message("initialize", INITIALIZE, 0))
        self.send(message("notifications/initialized", number=None))
        return answer

    def log(self):
        return b"".join(self._log).decode()

    def close(self):
        """Ends the input; the exit status and the rest of the output."""
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        rest = []
        while (line := self.lines.get(timeout=PATIENCE)) is not None:
            rest.append(line)
        return status, rest

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


Wire = Pipe if OVER_PIPES else Http
