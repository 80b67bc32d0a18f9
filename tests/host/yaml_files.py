"""Writes gateway files at random, and what the host's own loader makes of each: its values, or that it refuses them."""

import datetime
import json
import logging
import math
import random
import sys
import tempfile

from cpex.framework.loader.config import ConfigLoader

RANDOM = random.Random(13)
ANY = "$any"
REFUSED = "$refused"

SCALARS = [
    "yes", "No", "on", "OFF", "y", "n", "true", "True", "~", "null", "Null", "''", '""', "'a b'", '"a\\tb\\u00e9"', "'it''s'",
    "010", "0o17", "0x1F", "0b101", "1_000", "1:30", "190:20:30", "1e3", "1.5e+3", "1.", ".5", "-.5", "+1", "-0", "08", "0_7", "1.2.3",
    "12e03", "685.230_15e+03", "190:20:30.15", "-1.5", "a b", "é ✓", "a#b", "-a", "?a", "a:b", "http://a:80/b", "<<x",
    "!!str yes", "!!str 5", "!!int '5'", "!!int 0x10", "!!float 5", "!!float '1.5'", "!!bool 'yes'", "!!null x", "! 5", "!!str", "2026-01-02",
    "2001-12-14t21:59:43.10-05:00", "!!timestamp 2026-01-02", "99999999999999999999", "-5", "0.1", "[]", "{}", "!!seq []", "!!map {}",
    "[a, b, [c]]", "{a: 1, b: {c: 2}}", "!!set {a, b}", "!!omap [a: 1, b: 2]", "!!pairs [a: 1, a: 2]", "[a: 1, b]", "{a, b: }", "[a, ]",
    '"a\\\n    b"', "'a\n    b'", "a\n    b", "|\n    a\n     b\n", ">\n    a\n    b\n\n    c\n", "|-\n    a\n", "|+\n    a\n\n", ">-\n    a\n    b\n",
    "|2\n    a\n", ".inf", "-.INF", ".NaN", "*undefined", "!unknown a", "!!python/object:a.b {}", "!!int x", "@a", "`a", "%a", "&", "*",
]


def scalar():
    if RANDOM.random() < 0.5:
        return RANDOM.choice(SCALARS)
    letters = RANDOM.choice(["0123456789_.+-:eE", "01234567_xXoOb", "0123456789-:TtZ. ", "abcyYnN~ ", "-+.0123456789"])
    text = "".join(RANDOM.choice(letters) for _ in range(RANDOM.randint(1, 9))).strip()
    return text or "~"


def flow(depth=0):
    kind = RANDOM.random()
    if depth > 3 or kind < 0.5:
        return RANDOM.choice(["a", "1", "yes", "'x: y'", '"q"', "~", "0x1f", "a b", "!!str 1", "1.5", "''"])
    count = RANDOM.randint(0, 4)
    if kind < 0.75:
        return "[" + RANDOM.choice([", ", ",", " , "]).join(flow(depth + 1) for _ in range(count)) + "]"
    keys = [RANDOM.choice("abcdef") for _ in range(count)]
    return "{" + ", ".join(f"{key}: {flow(depth + 1)}" for key in keys) + "}"


class Block:
    """A mapping in block style, with anchors, aliases and merge keys. PyYAML 6.0.4 merges keys of one letter in another way than longer ones."""

    def __init__(self):
        self.maps, self.values, self.count = [], [], 0

    def mapping(self, indent, depth=0):
        lines = []
        for _ in range(RANDOM.randint(1, 4)):
            lines += self.entry(indent, depth)
            if RANDOM.random() < 0.15:
                lines.append(RANDOM.choice(["", " " * indent + "# comment", "#"]))
        return lines

    def entry(self, indent, depth):
        space = " " * indent
        key = RANDOM.choice(["aa", "bb", "key", "other", "'quoted'", '"q2"', "a b", "éé"])
        kind = RANDOM.random()
        if kind < 0.1 and self.maps:
            merge = RANDOM.choice([f"*{RANDOM.choice(self.maps)}", f"[*{RANDOM.choice(self.maps)}]"])
            return [f"{space}<<: {merge}"]
        if kind < 0.2 and self.values:
            return [f"{space}{key}: *{RANDOM.choice(self.values)}"]
        if depth < 3 and kind < 0.4:
            self.count += 1
            name = f"n{self.count}"
            lines = [f"{space}{key}: &{name}", *self.mapping(indent + RANDOM.choice([1, 2, 4]), depth + 1)]
            self.maps.append(name)
            self.values.append(name)
            return lines
        if depth < 3 and kind < 0.55:
            dash = indent + RANDOM.choice([0, 2])
            lines = [f"{space}{key}:"]
            for _ in range(RANDOM.randint(1, 3)):
                if RANDOM.random() < 0.3:
                    first, *rest = self.mapping(dash + 2, depth + 1)
                    lines += [" " * dash + "- " + first.strip(), *rest]
                else:
                    lines.append(" " * dash + "- " + flow())
            return lines
        if kind < 0.6:
            return [f"{space}? {key}", f"{space}: {flow()}"]
        if kind < 0.8:
            return [f"{space}{key}: {flow()}" + RANDOM.choice(["", "  # why"])]
        self.count += 1
        self.values.append(f"n{self.count}")
        return [f"{space}{key}: &n{self.count} {RANDOM.choice(['1', 'text', 'yes', '[a]'])}"]


def entry(body):
    return "plugins:\n- name: P\n  kind: a.B\n" + body


def of_values():
    yield from (entry(f"  config:\n   k: {text}\n   l: 1\n") for text in SCALARS)
    for _ in range(1200):
        yield entry(f"  config:\n   k: {scalar()}\n   l: 1\n")
    for _ in range(500):
        yield entry(f"  config: {{k: {flow()}, l: {flow()}}}\n")
    for _ in range(700):
        yield entry("  config:\n" + "\n".join(Block().mapping(4)) + RANDOM.choice(["", "\n", "\n...\n", "\n# end"]))


SHAPES = ["", "~", "1", "1.0", "1.5", "'1'", "''", "x", "yes", "[]", "[x]", "[1]", "{}", "{a: b}", "[[]]", "[{}]", "2026-01-02", "-1", "' '", "[~]"]

PLACES = [
    "plugins: {}", "plugin_dirs: {}", "server_settings: {}", "grpc_server_settings: {}", "unix_socket_server_settings: {}", "plugin_settings: {}",
    "unknown: {}", "server_settings: {{host: {}}}", "server_settings: {{port: {}}}", "server_settings: {{uds: {}}}", "server_settings: {{tls: {}}}",
    "server_settings: {{unknown: {}}}", "server_settings: {{tls: {{certfile: {}}}}}", "server_settings: {{tls: {{keyfile: {}}}}}",
    "server_settings: {{tls: {{keyfile_password: {}}}}}", "server_settings: {{tls: {{ssl_cert_reqs: {}}}}}", "server_settings: {{tls: {{ca_bundle: {}}}}}",
    "server_settings: {{uds: /tmp/x.sock, tls: {}}}", "grpc_server_settings: {{uds: /tmp/x.sock, tls: {}}}",
    "grpc_server_settings: {{host: {}}}", "grpc_server_settings: {{port: {}}}", "grpc_server_settings: {{uds: {}}}",
    "grpc_server_settings: {{tls: {{client_auth: {}}}}}", "unix_socket_server_settings: {{path: {}}}",
    *(f"plugins: [{{{{name: P, kind: a.B, {key}: {{}}}}}}]" for key in (
        "description", "author", "namespace", "version", "hooks", "tags", "mode", "on_error", "priority", "max_content_size", "conditions",
        "applied_to", "capabilities", "config", "unknown",
    )),
    *(f"plugins: [{{{{name: P, kind: a.B, conditions: [{{{{{key}: {{}}}}}}]}}}}]" for key in (
        "server_ids", "tenant_ids", "tools", "user_patterns", "content_types", "unknown",
    )),
    *(f"plugins: [{{{{name: P, kind: a.B, applied_to: {{{{{key}: {{}}}}}}}}}}]" for key in ("tools", "prompts", "resources", "unknown")),
    *(f"plugins: [{{{{name: P, kind: a.B, applied_to: {{{{tools: [{{{{tool_name: t, {key}: {{}}}}}}]}}}}}}}}]" for key in (
        "tool_name", "fields", "result", "context", "extensions", "unknown",
    )),
    "plugins: [{{name: {}, kind: a.B}}]", "plugins: [{{name: P, kind: {}}}]",
    *(f"plugins: [{{{{name: P, kind: external, {section}: {{}}}}}}]" for section in ("grpc", "unix_socket", "mcp")),
    *(f"plugins: [{{{{name: P, kind: external, unix_socket: {{{{path: /x, {key}: {{}}}}}}}}}}]" for key in (
        "path", "reconnect_attempts", "reconnect_delay", "timeout", "unknown",
    )),
    *(f"plugins: [{{{{name: P, kind: external, grpc: {{{{target: 'a:1', {key}: {{}}}}}}}}}}]" for key in ("target", "uds", "tls", "unknown")),
    *(f"plugins: [{{{{name: P, kind: external, grpc: {{{{target: 'a:1', tls: {{{{{key}: {{}}}}}}}}}}}}}}]" for key in (
        "certfile", "keyfile", "keyfile_password", "ca_bundle", "verify",
    )),
    *(f"plugins: [{{{{name: P, kind: external, mcp: {{{{proto: STREAMABLEHTTP, url: 'http://localhost/', {key}: {{}}}}}}}}}}]" for key in (
        "proto", "url", "uds", "tls", "script", "cmd", "env", "cwd", "reconnect_attempts", "reconnect_delay",
    )),
    *(f"plugins: [{{{{name: P, kind: external, mcp: {{{{proto: STDIO, cmd: [x], {key}: {{}}}}}}}}}}]" for key in ("cmd", "env", "cwd", "url", "script", "tls")),
    "{}",
]


def of_shapes():
    for place in PLACES:
        for shape in SHAPES:
            # Refused on purpose: nobody could call such a plugin.
            if not (shape == "''" and ("name: {}" in place or "kind: {}" in place)):
                yield place.format(shape) + "\n"


def plain(value):
    """As JSON has it. What Rust reads otherwise on purpose is anything."""
    if isinstance(value, dict):
        if any(not isinstance(key, str) for key in value):
            return ANY
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, set):
        return ANY if any(not isinstance(item, str) for item in value) else sorted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return REFUSED
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return ANY
    if isinstance(value, (bytes, datetime.date)):
        return ANY
    return value


def loaded(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            return ConfigLoader.load_config(file.name)
        except Exception:
            return None


def main():
    logging.disable()
    of_shapes_only = sys.argv[1:] == ["shapes"]
    cases = []
    for text in () if of_shapes_only else of_values():
        config = loaded(text)
        case = {"text": text, "accepted": config is not None}
        if config is not None:
            case["config"] = plain(config.plugins[0].config)
        cases.append(case)
    shapes = [{"text": text, "accepted": loaded(text) is not None} for text in of_shapes()] if of_shapes_only else []
    json.dump({"values": cases, "shapes": shapes}, sys.stdout)


main()
