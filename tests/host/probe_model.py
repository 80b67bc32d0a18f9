"""What the probe plugin must answer, computed independently of its implementation.

`Instance.invoke` takes a payload and a context as plain JSON values and returns either a `Failure` or an `Answer`.
"""

import copy
import re
from dataclasses import dataclass, field

HOOKS = (
    "tool_pre_invoke",
    "tool_post_invoke",
    "prompt_pre_fetch",
    "prompt_post_fetch",
    "resource_pre_fetch",
    "resource_post_fetch",
    "agent_pre_invoke",
    "agent_post_invoke",
    "http_pre_request",
    "http_post_request",
    "http_auth_resolve_user",
    "http_auth_check_permission",
    "identity_resolve",
    "token_delegate",
    "evaluate",
    "cmf.tool_pre_invoke",
    "cmf.tool_post_invoke",
    "cmf.llm_input",
    "cmf.llm_output",
    "cmf.resource_pre_fetch",
    "cmf.resource_post_fetch",
    "cmf.prompt_pre_fetch",
    "cmf.prompt_post_fetch",
)

# hook -> (fields whose strings count, field that holds the directives)
FIELDS = {
    "tool_pre_invoke": (("args",), "args"),
    "tool_post_invoke": (("result",), "result"),
    "prompt_pre_fetch": (("args",), None),
    "prompt_post_fetch": (("result",), "result"),
    "resource_pre_fetch": (("uri", "metadata"), "metadata"),
    "resource_post_fetch": (("content",), "content"),
    "agent_pre_invoke": (("messages",), "parameters"),
    "agent_post_invoke": (("messages",), None),
    "http_pre_request": (("headers",), None),
    "http_post_request": (("headers", "response_headers"), None),
    "http_auth_resolve_user": (("headers",), None),
    "http_auth_check_permission": (("permission",), None),
    "identity_resolve": (("headers",), None),
    "token_delegate": (("target_name",), None),
}
MESSAGE_FIELDS = (("message",), None)

DENIAL_METADATA_ENTRIES = 16
DENIAL_METADATA_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass
class Failure:
    """The plugin error of an invocation; `exact` says whether `message` is all of the text or a part of it."""

    message: str
    exact: bool
    code: str = ""
    details: dict = field(default_factory=dict)
    mcp_error_code: int = -32603


@dataclass
class Answer:
    """The result of an invocation, and the context after it. `sleep_ms` is how long it takes at least."""

    result: dict
    context: dict
    sleep_ms: int


@dataclass
class Instance:
    """One configured instance of the probe plugin."""

    name: str
    words: list = field(default_factory=lambda: [("crap", "yikes")])
    deny_word: str = "forbidden"
    fail_word: str = "explode"
    lenient: bool = False

    @classmethod
    def from_entry(cls, entry):
        """The instance that one entry of the server's `plugins` list makes."""
        config = entry.get("config") or {}
        instance = cls(entry["name"], lenient=entry.get("on_error") == "ignore")
        if "words" in config:
            instance.words = [(word["search"], word["replace"]) for word in config["words"]]
        instance.deny_word = config.get("deny_word", instance.deny_word)
        instance.fail_word = config.get("fail_word", instance.fail_word)
        return instance

    def invoke(self, hook, payload, context):
        """The outcome of one invocation. Neither `payload` nor `context` is changed."""
        outcome = self._invoke(hook, payload, copy.deepcopy(context))
        if self.lenient and isinstance(outcome, Failure):
            return Answer(result={"continue_processing": True, "metadata": {}}, context=context, sleep_ms=0)
        return outcome

    def _invoke(self, hook, payload, context):
        text_fields, directive_field = FIELDS.get(hook, MESSAGE_FIELDS)
        directives = directives_of(payload, directive_field)
        strings = []
        for name in text_fields:
            strings.extend(strings_of(without_directives(payload.get(name), name == directive_field)))

        error = directives.get("error")
        if isinstance(error, dict):
            return Failure(
                message=error["message"],
                exact=True,
                code=error.get("code", ""),
                details=error.get("details", {}),
                mcp_error_code=int(error.get("mcp_error_code", -32603)),
            )
        if any(self.fail_word in string for string in strings):
            return Failure(message=f"probe exploded on {hook}", exact=False)

        change_context(context, directives)
        sleeps = [re.fullmatch("sleep:([0-9]+)", string, re.ASCII) for string in strings]
        sleep_ms = sum(int(match[1]) for match in sleeps if match)

        result = {"continue_processing": True, "metadata": metadata_of(directives, payload, context)}
        for name in ("http_headers", "retry_delay_ms"):
            if name in directives:
                result[name] = directives[name]
        if isinstance(directives.get("denial_metadata"), dict):
            result["denial_metadata"] = denial_metadata_of(directives["denial_metadata"])

        violation = self.violation(hook, directives, strings)
        if violation is not None:
            result["continue_processing"] = False
            result["violation"] = violation
        else:
            modified = self.modified_payload(hook, payload, text_fields, directive_field, result["metadata"])
            if modified is not None:
                result["modified_payload"] = modified
        return Answer(result, context, sleep_ms)

    def violation(self, hook, directives, strings):
        if isinstance(directives.get("deny"), dict):
            return directives["deny"]
        count = sum(self.deny_word in string for string in strings)
        if not count:
            return None
        return {
            "reason": "Forbidden content",
            "description": "The value contains a forbidden word",
            "code": "PROBE_FORBIDDEN",
            "details": {
                "hook": hook,
                "word": self.deny_word,
                "count": count,
                "nested": {"list": [1, 2.5, None, True, "é"]},
            },
            "mcp_error_code": -32099,
            "http_status_code": 451,
            "http_headers": {"X-Probe-Reason": "forbidden"},
        }

    def modified_payload(self, hook, payload, text_fields, directive_field, metadata):
        special = SPECIAL_RESULTS.get(hook)
        if special:
            return special(self, payload, metadata)
        modified = dict(payload)
        for name in text_fields:
            if name not in payload:
                continue
            value = payload[name]
            text = without_directives(value, name == directive_field)
            modified[name] = self.replaced(text)
            if text is not value:
                modified[name]["probe"] = value["probe"]
        changed = any(modified.get(name) != payload.get(name) for name in text_fields)
        return modified if changed else None

    def replaced(self, value):
        if isinstance(value, str):
            for search, replacement in self.words:
                value = value.replace(search, replacement)
            return value
        if isinstance(value, list):
            return [self.replaced(item) for item in value]
        if isinstance(value, dict):
            return {key: self.replaced(item) for key, item in value.items()}
        return value


def directives_of(payload, directive_field):
    holder = payload.get(directive_field) if directive_field else None
    directives = holder.get("probe") if isinstance(holder, dict) else None
    return directives if isinstance(directives, dict) else {}


def without_directives(value, holds_directives):
    if holds_directives and isinstance(value, dict) and isinstance(value.get("probe"), dict):
        return {key: item for key, item in value.items() if key != "probe"}
    return value


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)


def change_context(context, directives):
    merges = {
        "state": "state",
        "context_metadata": "metadata",
        "global_state": "global_state",
        "global_metadata": "global_metadata",
    }
    for directive, part in merges.items():
        if isinstance(directives.get(directive), dict):
            context[part].update(copy.deepcopy(directives[directive]))
    for directive, part in {"unset_state": "state", "unset_global_state": "global_state"}.items():
        for key in directives.get(directive, []):
            context[part].pop(key, None)


def metadata_of(directives, payload, context):
    metadata = {}
    if isinstance(directives.get("result_metadata"), dict):
        metadata.update(copy.deepcopy(directives["result_metadata"]))
    if directives.get("echo_payload") is True:
        metadata["payload"] = copy.deepcopy(payload)
    if directives.get("echo_context") is True:
        metadata["context"] = copy.deepcopy(context)
    if "grow" in directives:
        metadata["blob"] = "x" * int(directives["grow"])
    return metadata


def denial_metadata_of(directive):
    """The telemetry that is left after the sanitising of docs/protocol.md, section 7.3."""
    if len(directive) > DENIAL_METADATA_ENTRIES:
        return {}
    metadata = {}
    for key, value in directive.items():
        if isinstance(value, str) and value.startswith("int:"):
            value = int(value[4:])
        elif isinstance(value, str) and value.startswith("float:"):
            value = float(value[6:])
        if DENIAL_METADATA_KEY.fullmatch(key):
            metadata[key] = value
    return metadata


def http_pre_request(instance, payload, _metadata):
    return {**instance.replaced(payload["headers"]), "x-probe": instance.name}


def http_post_request(instance, payload, _metadata):
    status = payload.get("status_code")
    headers = instance.replaced(payload.get("response_headers") or {})
    return {**headers, "x-probe-status": "none" if status is None else str(int(status))}


def http_auth_resolve_user(_instance, payload, metadata):
    credentials = (payload.get("credentials") or {}).get("credentials")
    if not isinstance(credentials, str) or not credentials.startswith("probe:"):
        return None
    metadata["auth_method"] = "probe"
    return {"email": credentials[6:], "full_name": "Probe User", "is_admin": False, "is_active": True}


def http_auth_check_permission(_instance, payload, _metadata):
    return {
        "probe.grant": {"granted": True, "reason": "granted by probe"},
        "probe.revoke": {"granted": False, "reason": "revoked by probe"},
    }.get(payload["permission"])


def identity_resolve(_instance, payload, _metadata):
    headers = payload.get("headers") or {}
    if "x-probe-reject" in headers:
        return {"rejected": True, "reject_status": 403, "reject_reason": headers["x-probe-reject"]}
    if "x-probe-user" not in headers:
        return None
    return {
        "subject": {
            "id": headers["x-probe-user"],
            "type": "user",
            "roles": ["probe"],
            "permissions": [],
            "teams": [],
            "claims": {"src": payload.get("source", "bearer")},
        },
        "rejected": False,
        "raw_claims": {"n": 1, "token": payload["raw_token"]},
    }


def token_delegate(_instance, payload, _metadata):
    target = payload["target_name"]
    if not target.startswith("probe-"):
        return None
    hop = {
        "subject_id": "alice",
        "subject_type": "user",
        "audience": payload.get("target_audience"),
        "scopes_granted": payload.get("required_permissions") or [],
        "timestamp": "2026-01-02T03:04:05Z",
        "ttl_seconds": 60,
        "strategy": "token_exchange",
        "from_cache": False,
    }
    return {
        "delegated_token": f"tok-{target}",
        "delegation_update": {
            "chain": [hop] if target.startswith("probe-hop") else [],
            "depth": 1,
            "origin_subject_id": "alice",
            "actor_subject_id": "probe",
            "delegated": True,
            "age_seconds": 0.5,
        },
        "forwarded_headers": {"x-delegated-for": target},
        "cache_key": target,
        "cache_ttl": 60,
    }


SPECIAL_RESULTS = {
    function.__name__: function
    for function in (
        http_pre_request,
        http_post_request,
        http_auth_resolve_user,
        http_auth_check_permission,
        identity_resolve,
        token_delegate,
    )
}
