//! Where our server answers otherwise than the recorded one, and why.

use serde_json::{Value, json};

mod grpc;
mod mcp;

pub(super) use grpc::GRPC;
pub(super) use mcp::MCP;

/// One known difference.
pub(super) struct Difference {
    cases: Cases,
    /// Where in the recorded response, as a JSON pointer; empty for the whole.
    at: &'static str,
    /// What ours has there, as JSON; `None` where ours has nothing.
    ours: Option<&'static str>,
    pub(super) reason: &'static str,
}

/// The cases that a difference is about.
enum Cases {
    These(&'static [&'static str]),
    /// Those of whose request and recorded response this is true.
    Where(fn(&Value, &Value) -> bool),
}
use Cases::{These, Where};

pub(super) const TABLE: &[Difference] = &[
    Difference {
        cases: Where(leaves_the_context),
        at: "/context",
        ours: None,
        reason: "a context that the hook did not change does not go back; the host keeps its own, which is equal",
    },
    Difference {
        cases: These(&["state-clear"]),
        at: "/context",
        ours: Some(
            r#"{"global_context": {"request_id": "req-1", "server_id": "s1", "tenant_id": "t1", "user_string": "alice"}}"#,
        ),
        reason: "an emptied context goes back present and without maps, or the host would keep the old ones",
    },
    Difference {
        cases: These(&["deny-full", "host-tool_pre_invoke-3"]),
        at: "/result/metadata",
        ours: Some(r#"{"note": "kept"}"#),
        reason: "a denial keeps its metadata; what becomes of it is the host's decision",
    },
    Difference {
        cases: These(&["deny-full", "host-tool_pre_invoke-3"]),
        at: "/result/retry_delay_ms",
        ours: Some("5"),
        reason: "a denial keeps its retry delay",
    },
    Difference {
        cases: These(&["deny-full", "host-tool_pre_invoke-3"]),
        at: "/result/http_headers",
        ours: Some(r#"{"X-Denied": "1"}"#),
        reason: "a denial keeps its headers",
    },
    Difference {
        cases: These(&[
            "mode-sequential-deny",
            "mode-transform-deny",
            "mode-audit-deny",
            "mode-concurrent-deny",
        ]),
        at: "/result",
        ours: Some(
            r#"{"continue_processing": false, "violation": {"reason": "r", "description": "d", "code": "c"},
                "modified_payload": {"name": "deny", "args": {"m": "1"}}, "retry_delay_ms": 7,
                "http_headers": {"A": "b"}, "metadata": {"mode": "sequential"}}"#,
        ),
        reason: "a denial stays a denial and keeps what it came with, whatever the mode in the server's file; \
                 the host applies its own",
    },
    Difference {
        cases: These(&["mode-transform-deny"]),
        at: "/result/metadata/mode",
        ours: Some(r#""transform""#),
        reason: "as above: what the plugin in this mode says",
    },
    Difference {
        cases: These(&["mode-audit-deny"]),
        at: "/result/metadata/mode",
        ours: Some(r#""audit""#),
        reason: "as above: what the plugin in this mode says",
    },
    Difference {
        cases: These(&["mode-concurrent-deny"]),
        at: "/result/metadata/mode",
        ours: Some(r#""concurrent""#),
        reason: "as above: what the plugin in this mode says",
    },
    Difference {
        cases: These(&["err-plugin-error", "host-tool_pre_invoke-4"]),
        at: "/error/details",
        ours: Some(r#"{"a": 1, "z": null}"#),
        reason: "errors keep their details on every transport",
    },
    Difference {
        cases: These(&["err-plugin-error-null-code"]),
        at: "/error",
        ours: Some(r#"{"message": "no code", "plugin_name": "Vec", "mcp_error_code": -32603}"#),
        reason: "an error without a code is an error with the empty code; there is no null that could break it",
    },
    Difference {
        cases: These(&["err-violation-exception"]),
        at: "",
        ours: Some(
            r#"{"plugin_name": "Vec", "result": {"continue_processing": false,
                "violation": {"reason": "vmsg", "description": "vmsg", "code": "V"}}}"#,
        ),
        reason: "a violation that is returned as an error is a denial",
    },
    Difference {
        cases: These(&["err-none", "err-badtype"]),
        at: "/error/code",
        ours: Some(r#""PLUGIN_PANIC""#),
        reason: "a Rust hook can't return anything but a result; the nearest is one that panics, which has a code",
    },
    Difference {
        cases: These(&["nan"]),
        at: "",
        ours: Some(
            r#"{"plugin_name": "Vec", "error": {"message": "…age_seconds", "plugin_name": "Vec", "code": "INTERNAL_ERROR",
                "mcp_error_code": -32603}}"#,
        ),
        reason: "NaN is an error that names the key, instead of an answer that the host can't read",
    },
    Difference {
        cases: These(&["metadata"]),
        at: "",
        ours: Some(
            r#"{"plugin_name": "Vec", "error": {"message": "…big", "plugin_name": "Vec", "code": "INTERNAL_ERROR",
                "mcp_error_code": -32603}}"#,
        ),
        reason: "an integer that no double holds is an error, instead of another number",
    },
    Difference {
        cases: These(&["ext-set"]),
        at: "",
        ours: Some(
            r#"{"plugin_name": "Vec", "result": {"modified_extensions": {"security": {"labels": ["PII"]}}}}"#,
        ),
        reason: "a set is sent as a list, instead of half a result and an error",
    },
    Difference {
        cases: These(&["err-plugin-case"]),
        at: "",
        ours: Some(r#"{"plugin_name": "vec", "result": {}}"#),
        reason: "plugins are called by their name in any letter case, as they are looked up",
    },
    Difference {
        cases: These(&["payload-numbers"]),
        at: "/result/metadata/args_repr",
        ours: Some(r#""{'f': 2.5, 'l': [1, 2], 'nul': None, 'n': 3, 'q': 'x'}""#),
        reason: "a whole number reaches the plugin as an integer, and a map in the order of the wire",
    },
    Difference {
        cases: These(&["cfg-full", "host-initialize"]),
        at: "/config/config/env",
        ours: Some(r#""/srv/a&b""#),
        reason: "a configuration is reported after the template is rendered, as the plugin gets it, unescaped",
    },
    Difference {
        cases: These(&["cfgs-empty", "cfgs-2bytes", "probe-unknown-field-2-bytes"]),
        at: "/configs/1/config/env",
        ours: Some(r#""/srv/a&b""#),
        reason: "as cfg-full",
    },
    Difference {
        cases: These(&["cfg-legacy-mode"]),
        at: "/config/mode",
        ours: Some(r#""enforce_ignore_error""#),
        reason: "a legacy mode is reported as the file has it: older hosts know no other, newer ones translate it",
    },
    Difference {
        cases: These(&["cfgs-empty", "cfgs-2bytes", "probe-unknown-field-2-bytes"]),
        at: "/configs/11/mode",
        ours: Some(r#""enforce""#),
        reason: "as cfg-legacy-mode",
    },
    Difference {
        cases: These(&["cfgs-empty", "cfgs-2bytes", "probe-unknown-field-2-bytes"]),
        at: "/configs/12/mode",
        ours: Some(r#""permissive""#),
        reason: "as cfg-legacy-mode",
    },
    Difference {
        cases: These(&["cfgs-empty", "cfgs-2bytes", "probe-unknown-field-2-bytes"]),
        at: "/configs/13/mode",
        ours: Some(r#""enforce_ignore_error""#),
        reason: "as cfg-legacy-mode",
    },
];

impl Difference {
    /// Whether the difference is about this case.
    pub(super) fn concerns(&self, id: &str, request: &Value, response: &Value) -> bool {
        match self.cases {
            These(ids) => ids.contains(&id),
            Where(holds) => holds(request, response),
        }
    }

    /// The cases that the table names, which must exist.
    pub(super) fn named(&self) -> &'static [&'static str] {
        match self.cases {
            These(ids) => ids,
            Where(_) => &[],
        }
    }

    /// Turns a recorded response into ours.
    pub(super) fn apply(&self, response: &mut Value) {
        let ours = self.ours.map(|ours| serde_json::from_str(ours).unwrap());
        let Some((parent, key)) = self.at.rsplit_once('/') else {
            *response = ours.unwrap_or_else(|| json!({}));
            return;
        };
        let parent = response
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("nothing at {}", self.at));
        let fields = parent
            .as_object_mut()
            .unwrap_or_else(|| panic!("no object around {}", self.at));
        match ours {
            Some(ours) => fields.insert(key.to_owned(), ours),
            None => fields.remove(key),
        };
    }
}

/// Whether the hook left the context as it came.
fn leaves_the_context(request: &Value, response: &Value) -> bool {
    response.get("context").is_some() && response.get("context") == request.get("context")
}
