"""An MCP server on its standard input and output: what else is written there, lines that are no messages, and the end."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import yaml

from bindings import LARGEST_ANSWER, binary
from harness import run
from raw import PATIENCE, Pipe, invoke, message, said
from servers import HERE, Server, socket_directory

MEBIBYTE = 2**20
PING = message("ping", None, 99)


async def main(report):
    with socket_directory() as directory, Server(binary("PROBE_PLUGIN"), HERE / "probe.yaml", directory) as server:
        stray_output(report, directory)
        many(report, server.address)
        bad_lines(report, server.address)
        long_lines(report, server.address)
        cancelled(report, server.address)
        the_end(report, server.address)
        choice(report, directory, server.address)


def stray_output(report, directory):
    config = directory / "faults.yaml"
    config.write_text(yaml.safe_dump({"plugins": [{"name": "F", "kind": "faults", "hooks": ["tool_pre_invoke"]}]}))
    with report.group("stdio: a plugin that prints") as group, Server(binary("FAULT_PLUGIN"), config, None) as server:
        with Pipe(server.address) as pipe:
            for number, text in enumerate(("stray", '{"jsonrpc":"2.0","id":1,"result":{}}', "x" * 100_000, "no end of line")):
                request = invoke({"text": text}, plugin="F", number=number)
                request["params"]["arguments"]["payload"]["name"] = "print"
                answer = pipe.rpc(request)
                group.equal(f"{text[:20]}: the answer", number, answer.get("id"))
                group.true(f"{text[:20]}: a result", "result" in said(answer), answer)
            group.equal("the end", (0, []), pipe.close())
            time.sleep(0.2)
            group.true("what was printed is in the log", "stray" in pipe.log(), pipe.log()[-500:])


def many(report, address):
    with report.group("stdio: many requests at once") as group, Pipe(address) as pipe:
        for number in range(1000):
            pipe.send(invoke({"q": f"crap {number}"}, number=number))
        answers = {}
        for _ in range(1000):
            answer = pipe.receive()
            answers[answer["id"]] = said(answer)["result"]["modified_payload"]["args"]["q"]
        group.equal("each has its own answer", {number: f"yikes {number}" for number in range(1000)}, answers)
        pipe.send(invoke({"q": "sleep:2000"}, number="slow"))
        started = time.monotonic()
        for number in range(10):
            group.equal("a slow call holds up nobody", number, pipe.rpc(message("ping", None, number))["id"])
        group.true("in no time", time.monotonic() - started < 1.6)
        group.equal("the slow call", "slow", pipe.receive()["id"])
        group.equal("the end", (0, []), pipe.close())


def next_answer(pipe, number=99):
    """The answer with this id, and what came before it."""
    before = []
    while (answer := pipe.receive()) is not None and answer.get("id") != number:
        before.append(answer)
    return answer, before


def bad_lines(report, address):
    with report.group("stdio: lines that are no messages") as group, Pipe(address) as pipe:
        for title, line in (
            ("no JSON", b"hello\n"),
            ("half of it", b'{"jsonrpc":"2.0","id":1,\n'),
            ("nothing", b"\n"),
            ("blanks", b"   \t \n"),
            ("bytes that are not UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}\n'),
            ("a zero byte", b"\x00\n"),
            ("a number", b"3\n"),
            ("a list", json.dumps([PING]).encode() + b"\n"),
            ("no method", b'{"jsonrpc":"2.0","id":1}\n'),
            ("an answer to no request", b'{"jsonrpc":"2.0","id":77,"result":{}}\n'),
            ("an unknown notification", b'{"jsonrpc":"2.0","method":"notifications/nope"}\n'),
            ("a notification without params", b'{"jsonrpc":"2.0","method":"notifications/cancelled"}\n'),
            ("Windows line ends", json.dumps(message("ping", None, 98)).encode() + b"\r\n"),
            ("deep nesting", b"[" * 100_000 + b"\n"),
        ):
            pipe.send(line)
            pipe.send(PING)
            answer, before = next_answer(pipe)
            group.equal(f"{title}: the next request", {}, (answer or {}).get("result"))
            for stray in before:
                known = "error" in stray or stray.get("id") == 98
                group.true(f"{title}: at most an error before it", known and stray["jsonrpc"] == "2.0", stray)
        status, rest = pipe.close()
        group.equal("the end", 0, status)
        group.true("at most errors are left", all("error" in json.loads(line) for line in rest), rest)


def resident(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1000


def long_lines(report, address):
    with report.group("stdio: lines that are longer than the server takes") as group, Pipe(address) as pipe:
        group.true("a line of 12 MB", "result" in said(pipe.rpc(invoke({"q": "x" * 12_000_000}))))
        before = resident(pipe.process)
        for title, size in (("just over the limit", LARGEST_ANSWER + 1), ("far over it", 6 * LARGEST_ANSWER)):
            pipe.send(b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":"')
            for _ in range(size // MEBIBYTE):
                pipe.send(b"x" * MEBIBYTE)
            pipe.send(b'"}}\n')
            pipe.send(PING)
            answer, strays = next_answer(pipe)
            group.equal(f"{title}: the next request", {}, (answer or {}).get("result"))
            group.true(f"{title}: at most an error", all("error" in stray for stray in strays), strays)
        grown = resident(pipe.process) - before
        group.true("memory", grown < 64, f"grew by {grown:.0f} MB")
        group.equal("the end", (0, []), pipe.close())


def cancelled(report, address):
    with report.group("stdio: a request that is taken back") as group, Pipe(address) as pipe:
        started = time.monotonic()
        pipe.send(invoke({"q": "sleep:5000"}, number=3))
        time.sleep(0.2)
        pipe.send(message("notifications/cancelled", {"requestId": 3, "reason": "caller cancelled"}, None))
        pipe.send(PING)
        answer, before = next_answer(pipe)
        group.equal("the next request", {}, answer.get("result"))
        for stray in before:
            group.equal("the answer to what was taken back", [3, -32800], [stray["id"], stray["error"]["code"]])
        pipe.send(message("notifications/cancelled", {"requestId": "no such", "reason": "r"}, None))
        group.equal("one that nobody knows", {}, pipe.rpc(PING).get("result"))
        status, rest = pipe.close()
        group.equal("the end", 0, status)
        group.true("nothing waits for it", time.monotonic() - started < 4, time.monotonic() - started)
        group.true("at most one answer to it", all(json.loads(line)["id"] == 3 for line in rest), rest)


@contextlib.contextmanager
def unread(address, stdin, **environment):
    """A server whose output nobody reads unless the test does."""
    process = subprocess.Popen(
        address["cmd"],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **address["env"], **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def the_end(report, address):
    with report.group("stdio: the end of the input, and of the process") as group:
        pipe = Pipe(address)
        group.equal("before anything was said", (0, []), pipe.close())
        with Pipe(address) as pipe:
            pipe.send(b'{"jsonrpc":"2.0","id":1,"me')
            group.equal("within a line", 0, pipe.close()[0])
        with Pipe(address) as pipe:
            pipe.send(invoke({"q": "crap", "w": "sleep:300"}, number=7))
            status, rest = pipe.close()
            group.equal("with a call that is running: exit status", 0, status)
            answers = [said(json.loads(line))["result"]["modified_payload"]["args"]["q"] for line in rest]
            group.equal("with a call that is running: its answer", ["yikes"], answers)
        with Pipe(address, PLUGINS_DRAIN_TIMEOUT="0.5") as pipe:
            pipe.send(invoke({"q": "sleep:60000"}, number=7))
            started = time.monotonic()
            group.equal("with a call that goes on: exit status", 0, pipe.close()[0])
            group.true("with a call that goes on: in time", time.monotonic() - started < 3)
        for how in (signal.SIGTERM, signal.SIGINT):
            with Pipe(address) as pipe:
                pipe.process.send_signal(how)
                group.equal(f"{how.name} with an open input", 0, pipe.process.wait(10))
        with unread(address, stdin=subprocess.PIPE) as process:
            # Nobody reads any more: the host is gone.
            process.stdout.close()
            process.stdin.write(json.dumps(invoke({"probe": {"grow": MEBIBYTE}})) + "\n")
            process.stdin.close()
            group.true("an output that nobody reads: it ends", process.wait(10) is not None)


def choice(report, directory, address):
    """What a server does whose settings name no transport."""
    with report.group("stdio: chosen, or found out") as group:
        for title, settings in (("named", {"PLUGINS_TRANSPORT": "stdio"}), ("in capitals", {"PLUGINS_TRANSPORT": "STDIO"})):
            with Pipe(address, **settings) as pipe:
                group.equal(title, {}, pipe.rpc(PING).get("result"))
                group.equal(f"{title}: the end", (0, []), pipe.close())
        where = {"PLUGINS_SERVER_UDS": str(directory / "found.sock")}
        with unread(address, stdin=subprocess.DEVNULL, **where) as process:
            group.equal("without an input: HTTP", "READY\n", process.stdout.readline())
            process.terminate()
            group.equal("without an input: exit status", 0, process.wait(PATIENCE))


if __name__ == "__main__":
    run(main)
