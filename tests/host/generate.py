"""Random payloads for every hook, the same for the same seed."""

import json

import host
from bindings import OVER_MCP
from values import Values


class Generator(Values):
    """Makes the cases."""

    def payload(self, hook):
        """A payload of the host's class for `hook`, or now and then a plain dictionary as another host may send it."""
        self.change_mood()
        fields = getattr(self, hook, self.message)()
        if hook == "identity_resolve":
            fields["raw_token"] = self.string()
            # The host's class holds the token as a secret, which no protobuf transport can send.
            if not OVER_MCP:
                return fields
        if self.random.random() < 0.15:
            return self.as_other_host(json.loads(json.dumps(fields)), required=hook.startswith("http_") and "headers")
        return host.hooks.get_payload_type(hook).model_validate(fields)

    def as_other_host(self, fields, required):
        """Optional fields left out or null, and a field that no version knows."""
        for name in [name for name, value in fields.items() if value is None or value == {}]:
            if name != required and self.random.random() < 0.5:
                del fields[name]
        if self.random.random() < 0.5:
            fields["x_future"] = {"a": [1, "crap forbidden explode", None]}
        return fields

    def context(self):
        """A context, in the parts that the model works on."""
        return {
            "request_id": self.random.choice(["r1", "réq", "0f6c-77"]),
            "server_id": self.random.choice([None, "srv"]),
            "tenant_id": self.random.choice([None, "ten✓nt"]),
            "user": self.random.choice([None, "alice", {"email": "bob@example.com", "n": 1, "deep": {"x": [None]}}]),
            "content_type": self.random.choice([None, "application/json", "text/plain; é"]),
            "user_id": self.random.choice([None, "", "alice"]),
            "state": self.state(),
            "metadata": self.state(),
            "global_state": self.state(),
            "global_metadata": self.state(),
        }

    def tool_pre_invoke(self):
        return {
            "name": self.string(),
            "args": self.optional(lambda: self.mapping(probe=True)),
            "headers": self.optional(self.headers),
        }

    def tool_post_invoke(self):
        return {"name": self.string(), "result": self.with_probe()}

    def prompt_pre_fetch(self):
        return {"prompt_id": self.string(), "args": self.optional(self.headers)}

    def prompt_post_fetch(self):
        result = {
            "messages": [
                {"role": "user", "content": {"type": "text", "text": self.string()}}
                for _ in range(self.random.randrange(4))
            ],
            "description": self.optional(self.string),
        }
        if self.random.random() < 0.6:
            result["probe"] = self.directives()
        return {"prompt_id": self.string(), "result": self.random.choice([result, self.with_probe()])}

    def resource_pre_fetch(self):
        return {"uri": "file:///" + self.string(), "metadata": self.optional(lambda: self.mapping(probe=True))}

    def resource_post_fetch(self):
        return {"uri": self.string(), "content": self.with_probe()}

    def agent_pre_invoke(self):
        return {
            "agent_id": self.string(),
            "messages": self.items(),
            "headers": self.optional(self.headers),
            "tools": self.optional(lambda: [self.string(), "search"]),
            "model": self.optional(self.string),
            "system_prompt": self.optional(self.string),
            "parameters": self.optional(lambda: self.mapping(probe=True)),
        }

    def agent_post_invoke(self):
        return {
            "agent_id": self.string(),
            "messages": self.items(),
            "tool_calls": self.optional(lambda: [self.mapping(), {}]),
        }

    def http_pre_request(self):
        return {
            "path": self.string(),
            "method": "GET",
            "client_host": self.optional(self.string),
            "client_port": self.random.choice([None, 0, 8080, 65535]),
            "headers": self.headers(),
        }

    def http_post_request(self):
        return {
            **self.http_pre_request(),
            "response_headers": self.optional(self.headers),
            "status_code": self.random.choice([None, 0, 200, 451, 599]),
        }

    def http_auth_resolve_user(self):
        credentials = self.random.choice(
            [
                None,
                {},
                {"scheme": "Bearer", "credentials": "probe:" + self.string()},
                {"credentials": "probe:"},
                {"scheme": "Bearer", "credentials": self.string()},
                {"credentials": 7},
                {"credentials": None},
            ]
        )
        return {
            "credentials": credentials,
            "headers": self.headers(),
            "client_host": self.optional(self.string),
            "client_port": self.random.choice([None, 443]),
        }

    def http_auth_check_permission(self):
        return {
            "user_email": self.string(),
            "is_admin": self.random.random() < 0.5,
            "permission": self.random.choice(["probe.grant", "probe.revoke", "probe.grant.x", self.string()]),
            "resource_type": self.optional(self.string),
            "team_id": self.optional(self.string),
            "auth_method": self.optional(self.string),
            "client_host": self.optional(self.string),
            "user_agent": self.optional(self.string),
        }

    def identity_resolve(self):
        fields = {
            "headers": self.headers(),
            "client_host": self.optional(self.string),
            "client_port": self.random.choice([None, 443]),
        }
        for header in self.random.choice(
            [[], ["x-probe-user"], ["x-probe-reject"], ["x-probe-user", "x-probe-reject"]]
        ):
            fields["headers"][header] = self.string()
        if self.random.random() < 0.5:
            fields["source"] = self.random.choice(["mtls", "bearer", "é"])
        if fields["headers"] == {} and self.random.random() < 0.5:
            del fields["headers"]
        return fields

    def token_delegate(self):
        target = self.random.choice(["probe-", "probe-hop", "probe-hop-", "probe-crap", "xprobe-", ""]) + self.string()
        fields = {"target_name": target, "target_audience": self.optional(self.string)}
        if self.random.random() < 0.5:
            fields["required_permissions"] = [self.string() for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.5:
            fields.update(
                target_type="agent",
                trust_domain=self.string(),
                auth_enforced_by="both",
                route_attenuation={"capabilities": ["c"], "actions": [], "ttl_seconds": 5},
            )
        return fields

    def message(self):
        fields = {"message": self.cmf_message(depth=2)}
        if self.random.random() < 0.7:
            fields["hook"] = self.random.choice(["evaluate", "llm_input", "tool_pre_invoke", "resource_post_fetch"])
        return fields

    def cmf_message(self, depth):
        fields = {
            "role": self.random.choice(["system", "developer", "user", "assistant", "tool"]),
            "content": [self.cmf_part(depth) for _ in range(self.random.randrange(4))],
        }
        if self.random.random() < 0.3:
            fields["channel"] = self.random.choice(["analysis", "commentary", "final"])
        return host.part("cmf.message").Message.model_validate(fields).model_dump(mode="json")

    def cmf_part(self, depth):
        source = {
            "type": self.random.choice(["url", "base64"]),
            "data": self.string(),
            "media_type": self.optional(lambda: "image/png"),
        }
        kinds = {
            "text": {"text": self.string()},
            "thinking": {"text": self.string()},
            "tool_call": {
                "content": {
                    "tool_call_id": "c1",
                    "name": self.string(),
                    "arguments": self.mapping(),
                    "namespace": self.optional(self.string),
                }
            },
            "tool_result": {
                "content": {
                    "tool_call_id": "c1",
                    "tool_name": self.string(),
                    "content": self.value(3),
                    "is_error": self.random.random() < 0.5,
                }
            },
            "resource": {
                "content": {
                    "resource_request_id": "r",
                    "uri": self.string(),
                    "resource_type": "file",
                    "content": self.optional(self.string),
                    "annotations": self.mapping(),
                    "size_bytes": self.random.choice([None, 0, 12345]),
                }
            },
            "resource_ref": {
                "content": {
                    "resource_request_id": "r",
                    "uri": "u",
                    "resource_type": "blob",
                    "range_start": 1,
                    "range_end": 9,
                    "selector": self.optional(self.string),
                }
            },
            "prompt_request": {
                "content": {"prompt_request_id": "p", "name": self.string(), "arguments": self.mapping()}
            },
            "prompt_result": {
                "content": {
                    "prompt_request_id": "p",
                    "prompt_name": self.string(),
                    "content": self.optional(self.string),
                    "messages": [self.cmf_message(depth - 1)] if depth else [],
                }
            },
            "image": {"content": source},
            "video": {"content": {**source, "duration_ms": 1500}},
            "audio": {"content": {**source, "duration_ms": None}},
            "document": {"content": {**source, "title": self.optional(self.string)}},
        }
        kind = self.random.choice(list(kinds))
        return {"content_type": kind, **kinds[kind]}

    def mapping(self, probe=False):
        mapping = {self.key(): self.value(3) for _ in range(self.random.randrange(7))}
        if probe and self.random.random() < 0.7:
            mapping["probe"] = self.random.choice([self.directives()] * 8 + [{}, self.value(1)])
        return mapping

    def with_probe(self):
        return self.mapping(probe=True) if self.random.random() < 0.7 else self.value()

    def directives(self):
        def likely(share):
            return self.random.random() < share

        directives = {}
        if likely(0.06):
            directives["error"] = {"message": "told to fail ✗"}
            if likely(0.5):
                directives["error"].update(code="E42", details={"a": 1, "z": None, "l": [{}]}, mcp_error_code=-32001)
        for name in ("state", "context_metadata", "global_state", "global_metadata", "result_metadata"):
            if likely(0.25):
                directives[name] = self.state() if likely(0.8) else {"payload": "kept?", "blob": self.value(2)}
            elif likely(0.05):
                directives[name] = "not an object: crap forbidden explode"
        for name in ("unset_state", "unset_global_state"):
            if likely(0.2):
                directives[name] = self.random.sample(["k", "old", "n", "é", "never set"], self.random.randrange(5))
        for name in ("echo_payload", "echo_context"):
            if likely(0.4):
                directives[name] = likely(0.85)
        if likely(0.1):
            directives["grow"] = self.random.choice([0, 1, 1000])
        if likely(0.15):
            directives["http_headers"] = self.headers()
        if likely(0.15):
            directives["retry_delay_ms"] = self.random.choice([0, 1, 1500, 2**31])
        if likely(0.2):
            directives["denial_metadata"] = self.denial_metadata()
        if likely(0.12):
            directives["deny"] = self.violation()
        elif likely(0.05):
            directives["deny"] = self.random.choice([None, "forbidden", True])
        return directives

    def denial_metadata(self):
        values = [
            "int:9007199254740993",
            "int:-9223372036854775808",
            "int:9223372036854775807",
            "int:0",
            "float:2",
            "float:-0.5",
            "float:1e300",
            True,
            False,
        ]
        keys = ["hits", "a.b-c_1", "k" * 64, "k" * 65, "sp ace", "é", ""]
        if self.random.random() < 0.1:
            keys = [f"k{index}" for index in range(self.random.choice([16, 17]))]
        else:
            keys = self.random.sample(keys, self.random.randrange(5))
        return {key: self.random.choice(values) for key in keys}

    def violation(self):
        violation = {"reason": self.string(), "description": self.string(), "code": self.string()}
        if self.random.random() < 0.5:
            violation.update(
                details=self.mapping(), mcp_error_code=-32042, http_status_code=429, http_headers=self.headers()
            )
        return violation
