//! The part of the table that is about gRPC.

use super::Cases::These;
use super::Difference;

/// The known differences over gRPC, where a place is one in a document of status and response.
pub(in super::super) const GRPC: &[Difference] = &[
    Difference {
        cases: These(&["invoke-deny"]),
        at: "/response/result/metadata",
        ours: Some(r#"{"note": "kept"}"#),
        reason: "a denial keeps what it came with; what becomes of it is the host's decision",
    },
    Difference {
        cases: These(&["invoke-deny"]),
        at: "/response/result/retry_delay_ms",
        ours: Some("5"),
        reason: "a denial keeps what it came with; what becomes of it is the host's decision",
    },
    Difference {
        cases: These(&["invoke-deny"]),
        at: "/response/result/http_headers",
        ours: Some(r#"{"X-Denied": "1"}"#),
        reason: "a denial keeps what it came with; what becomes of it is the host's decision",
    },
    Difference {
        cases: These(&["invoke-plugerr_nocode"]),
        at: "/response/error",
        ours: Some(r#"{"message": "no code", "plugin_name": "Vec", "mcp_error_code": -32603}"#),
        reason: "an error without a code is an error with the empty code; there is no null that could break it",
    },
    Difference {
        cases: These(&["invoke-ext_set"]),
        at: "/response",
        ours: Some(
            r#"{"plugin_name": "Vec", "result": {"modified_extensions": {"security": {"labels": ["PII"]}}}}"#,
        ),
        reason: "a set is sent as a list, instead of an error",
    },
    Difference {
        cases: These(&["invoke-violerr"]),
        at: "/response",
        ours: Some(
            r#"{"plugin_name": "Vec", "result": {"continue_processing": false,
                "violation": {"reason": "vmsg", "description": "vmsg", "code": "V"}}}"#,
        ),
        reason: "a violation that is returned as an error is a denial",
    },
    Difference {
        cases: These(&["configs"]),
        at: "/response/configs/1/config/env",
        ours: Some(r#""/srv/a&b""#),
        reason: "a configuration is reported after the template is rendered, as the plugin gets it, unescaped",
    },
    Difference {
        cases: These(&["configs"]),
        at: "/response/configs/11/mode",
        ours: Some(r#""enforce""#),
        reason: "a legacy mode is reported as the file has it: older hosts know no other, newer ones translate it",
    },
    Difference {
        cases: These(&["configs"]),
        at: "/response/configs/12/mode",
        ours: Some(r#""permissive""#),
        reason: "a legacy mode is reported as the file has it: older hosts know no other, newer ones translate it",
    },
    Difference {
        cases: These(&["configs"]),
        at: "/response/configs/13/mode",
        ours: Some(r#""enforce_ignore_error""#),
        reason: "a legacy mode is reported as the file has it: older hosts know no other, newer ones translate it",
    },
    Difference {
        cases: These(&["health-standard"]),
        at: "",
        ours: Some(r#"{"status": "OK", "response": {"status": "SERVING"}}"#),
        reason: "the health service that orchestrators ask is there beside the framework's own",
    },
    Difference {
        cases: These(&["other-package"]),
        at: "",
        ours: Some(
            r#"{"status": "OK", "response": {"found": true, "config": {"name": "Bw", "kind": "plugins.bw.Bw", "hooks": ["tool_pre_invoke"],
                "priority": 50}}}"#,
        ),
        reason: "gateways up to 1.0.0 call the plugins under the name of this package",
    },
    Difference {
        cases: These(&["bad-bytes"]),
        at: "/status",
        ours: Some(r#""INVALID_ARGUMENT""#),
        reason: "bytes that are no message are the caller's mistake, and not an unknown one",
    },
    Difference {
        cases: These(&["bad-utf8"]),
        at: "/status",
        ours: Some(r#""INVALID_ARGUMENT""#),
        reason: "bytes that are no message are the caller's mistake, and not an unknown one",
    },
    Difference {
        cases: These(&["response-over-4MiB"]),
        at: "/response",
        ours: Some(
            r#"{"plugin_name": "Vec", "error": {"message": "…MAX_REPLY_SIZE", "plugin_name": "Vec",
                "code": "MESSAGE_TOO_LARGE", "details": {"limit": 4194304, "size": 5000080}, "mcp_error_code": -32603}}"#,
        ),
        reason: "an answer that a default client refuses is an error that says so, instead of a broken call",
    },
];
