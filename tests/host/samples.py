"""One small payload per hook with a given text in the place that the probe reads."""

import host
import probe_model
from bindings import OVER_MCP

# The hooks that the host has: an older one has none of identity, delegation and messages.
HOOKS = [hook for hook in probe_model.HOOKS if host.hooks.get_payload_type(hook)]


def readable_identity(fields):
    """The identity payload with a token that the host can put on a protobuf transport, which a secret cannot."""

    class ReadableIdentityPayload(host.hooks.get_payload_type("identity_resolve")):
        raw_token: str

    return ReadableIdentityPayload.model_validate(fields)


def fields(hook, text):
    message = {"role": "user", "content": text}
    samples = {
        "tool_pre_invoke": {"name": "search", "args": {"q": text, "n": 3, "deep": [{"none": None}]}},
        "tool_post_invoke": {"name": "search", "result": {"content": [{"type": "text", "text": text}]}},
        "prompt_pre_fetch": {"prompt_id": "greet", "args": {"q": text}},
        "prompt_post_fetch": {
            "prompt_id": "greet",
            "result": {"messages": [{"role": "user", "content": {"type": "text", "text": text}}]},
        },
        "resource_pre_fetch": {"uri": "file:///x", "metadata": {"q": text}},
        "resource_post_fetch": {"uri": "file:///x", "content": {"type": "resource", "text": text, "blob": None}},
        "agent_pre_invoke": {"agent_id": "a", "messages": [message], "parameters": {"t": 0.5}, "model": "m"},
        "agent_post_invoke": {"agent_id": "a", "messages": [message], "tool_calls": [{"n": 1}]},
        "http_pre_request": {"path": "/", "method": "GET", "headers": {"h": text}},
        "http_post_request": {
            "path": "/",
            "method": "GET",
            "headers": {},
            "response_headers": {"h": text},
            "status_code": 200,
        },
        "http_auth_resolve_user": {"headers": {"h": text}, "credentials": {"credentials": "probe:alice"}},
        "http_auth_check_permission": {"user_email": "alice", "permission": text},
        "identity_resolve": {"raw_token": "t0k", "headers": {"x-probe-user": text}},
        "token_delegate": {"target_name": text, "target_audience": "aud", "required_permissions": ["p"]},
    }
    return samples.get(hook) or {"message": {"role": "user", "content": [{"content_type": "text", "text": text}]}}


def sample(hook, text):
    """The host's payload object for `hook` around `text`."""
    if hook == "identity_resolve" and not OVER_MCP:
        return readable_identity(fields(hook, text))
    return host.hooks.get_payload_type(hook).model_validate(fields(hook, text))
