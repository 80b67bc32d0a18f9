//! The part of the table that is about MCP.

use serde_json::Value;

use super::super::mcp_normal;
use super::Cases::{These, Where};
use super::Difference;

/// The known differences over MCP, where a place is one in the form of [`mcp_normal`].
pub(in super::super) const MCP: &[Difference] = &[
    Difference {
        cases: Where(is_streamed),
        at: "/type",
        ours: Some(r#""application/json""#),
        reason: "plain bodies: for an event stream a Python host opens a new connection with nearly every call",
    },
    Difference {
        cases: Where(has_a_session),
        at: "/session",
        ours: Some("false"),
        reason: "there are no sessions: a Python host never gets over the end of one",
    },
    Difference {
        cases: Where(says_the_same_context),
        at: "/says/0/context",
        ours: None,
        reason: "a context that the hook did not change does not go back; the host keeps its own, which is equal",
    },
    Difference {
        cases: These(&[
            "0.1.4 notifications/initialized",
            "0.1.3 notifications/initialized",
        ]),
        at: "/type",
        ours: None,
        reason: "an empty answer is of no type",
    },
    Difference {
        cases: These(&[
            "0.1.4 GET /mcp",
            "0.1.3 GET /mcp",
            "0.1.4 DELETE /mcp",
            "0.1.3 DELETE /mcp",
            "mcp-get-no-session",
        ]),
        at: "/status",
        ours: Some("405"),
        reason: "without sessions there are no streams to open and no sessions to end",
    },
    Difference {
        cases: These(&[
            "0.1.4 GET /mcp",
            "0.1.3 GET /mcp",
            "0.1.4 DELETE /mcp",
            "0.1.3 DELETE /mcp",
        ]),
        at: "/error",
        ours: Some("-32600"),
        reason: "as above: every refusal is an error of JSON-RPC",
    },
    Difference {
        cases: These(&["session-missing", "session-unknown"]),
        at: "",
        ours: Some(ANSWERED_WITH_THE_TOOLS),
        reason: "nobody needs a session, and one of another server, or from before a restart, does no harm",
    },
    Difference {
        cases: These(&[
            "host-localhost",
            "host-evil.example",
            "host-localhost.evil.example:80",
            "origin-bad",
            "ctype-bad",
            "health-post",
            "root",
        ]),
        at: "/error",
        ours: Some("-32600"),
        reason: "a refusal is an error of JSON-RPC that says why and what to do, instead of bare words",
    },
    Difference {
        cases: These(&[
            "host-localhost",
            "host-evil.example",
            "host-localhost.evil.example:80",
            "origin-bad",
            "ctype-bad",
            "health-post",
            "root",
        ]),
        at: "/type",
        ours: Some(r#""application/json""#),
        reason: "as above",
    },
    Difference {
        cases: These(&["body-over-4MiB"]),
        at: "",
        ours: Some(r#"{"status": 200, "type": "application/json", "session": false, "id": 1, "result": {}}"#),
        reason: "requests may have 16 MiB on every transport",
    },
    Difference {
        cases: These(&[
            "0.1.4 tools/call",
            "0.1.3 tools/call",
            "config-case",
            "stdio get_plugin_config",
        ]),
        at: "/says/0/config/env",
        ours: Some(r#""/srv/a&b""#),
        reason: "as cfg-full",
    },
    Difference {
        cases: These(&["configs"]),
        at: "/says/1/config/env",
        ours: Some(r#""/srv/a&b""#),
        reason: "as cfg-full",
    },
    Difference {
        cases: These(&["configs"]),
        at: "/structured/result/1/config/env",
        ours: Some(r#""/srv/a&b""#),
        reason: "as cfg-full",
    },
    Difference {
        cases: These(DENIALS),
        at: "/says/0/result/metadata",
        ours: Some(r#"{"note": "kept"}"#),
        reason: "a denial keeps its metadata; what becomes of it is the host's decision",
    },
    Difference {
        cases: These(DENIALS),
        at: "/says/0/result/retry_delay_ms",
        ours: Some("5"),
        reason: "a denial keeps its retry delay",
    },
    Difference {
        cases: These(DENIALS),
        at: "/says/0/result/http_headers",
        ours: Some(r#"{"X-Denied": "1"}"#),
        reason: "a denial keeps its headers",
    },
    Difference {
        cases: These(DENIALS),
        at: "/says/0/result/denial_metadata",
        ours: Some(r#"{"score": 0.5, "count": 9007199254740993, "hit": true}"#),
        reason: "telemetry obeys its rules on every transport, as hosts apply them in the end",
    },
    Difference {
        cases: These(&["0.1.4 mcp-host-7-tool_post_invoke"]),
        at: "/says",
        ours: Some(r#"[{"plugin_name": "Vec", "result": {"metadata": {"t": "NoneType"}}}]"#),
        reason: "a result that is absent because it was null is null",
    },
    Difference {
        cases: These(&["state-clear"]),
        at: "/says/0/context",
        ours: Some(r#"{"global_context": {"request_id": "r1"}}"#),
        reason: "an emptied context goes back, or the host would keep the old one",
    },
    Difference {
        cases: These(&["config-noarg"]),
        at: "/says",
        ours: Some(
            r#"[{"plugin_name": "", "error": {"message": "…name", "plugin_name": "", "code": "", "details": {},
                        "mcp_error_code": -32602}}]"#,
        ),
        reason: "what is wrong with the arguments of a tool is an error that hosts understand, instead of prose",
    },
    Difference {
        cases: These(&["unknown-tool"]),
        at: "/says",
        ours: Some(
            r#"[{"plugin_name": "", "error": {"message": "…nope", "plugin_name": "", "code": "", "details": {},
                        "mcp_error_code": -32602}}]"#,
        ),
        reason: "as config-noarg",
    },
    Difference {
        cases: These(&["err-context-missing"]),
        at: "/says",
        ours: Some(
            r#"[{"plugin_name": "Vec", "error": {"message": "…context", "plugin_name": "Vec", "mcp_error_code": -32602}}]"#,
        ),
        reason: "as config-noarg",
    },
    Difference {
        cases: These(&["err-payload-null"]),
        at: "/says",
        ours: Some(
            r#"[{"plugin_name": "Vec", "error": {"message": "…payload", "plugin_name": "Vec", "mcp_error_code": -32602}}]"#,
        ),
        reason: "as config-noarg",
    },
    Difference {
        cases: These(&["err-content-type-long"]),
        at: "/says",
        ours: Some(r#"[{"plugin_name": "Vec", "result": {}}]"#),
        reason: "how long a content type may be is a matter of the host, which refuses it before it calls",
    },
    Difference {
        cases: These(&["nan"]),
        at: "/says",
        ours: Some(
            r#"[{"plugin_name": "Vec", "error": {"message": "…age_seconds", "plugin_name": "Vec", "code": "INTERNAL_ERROR",
                 "mcp_error_code": -32603}}]"#,
        ),
        reason: "NaN is an error that names the key, instead of an answer that is no JSON",
    },
];

/// The calls that are denied.
const DENIALS: &[&str] = &[
    "deny",
    "0.1.4 mcp-host-2-tool_pre_invoke",
    "0.1.3 mcp-host-2-tool_pre_invoke",
];

const ANSWERED_WITH_THE_TOOLS: &str = r#"{"status": 200, "type": "application/json", "session": false, "id": 1, "result": {"tools": [
    {"name": "get_plugin_configs", "inputSchema": {}, "outputSchema": {"required": ["result"]}},
    {"name": "get_plugin_config", "inputSchema": {"properties": {"name": {"type": "string"}}, "required": ["name"]}},
    {"name": "invoke_hook", "inputSchema": {
        "properties": {"hook_type": {"type": "string"}, "plugin_name": {"type": "string"},
                       "payload": {"type": "object"}, "context": {"type": "object"}},
        "required": ["hook_type", "plugin_name", "payload", "context"]}}]}}"#;

/// Whether the hook left the context of a call as it came.
fn says_the_same_context(request: &Value, response: &Value) -> bool {
    let contexts = [
        &request["params"]["arguments"]["context"],
        &response["says"][0]["context"],
    ];
    let [sent, returned] = contexts.map(|context| {
        let mut context = context.clone();
        mcp_normal::context(&mut context);
        context
    });
    !response["says"][0]["context"].is_null() && sent == returned
}

fn is_streamed(_: &Value, response: &Value) -> bool {
    response["type"] == "text/event-stream"
}

fn has_a_session(_: &Value, response: &Value) -> bool {
    response["session"] == true
}
