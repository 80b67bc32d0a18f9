//! What a Python host makes of an answer, calibrated with the answers that real ones were given.

use std::collections::BTreeMap;

use plugin_sdk_proto::cpex;
use prost::Message;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{bytes, cases, decode, normal, results, text};

/// What a host hands on.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Result,
    Error,
}

/// A result as hosts validate it: keys may be missing, unknown keys are ignored, a null counts only where one may be.
#[derive(Deserialize)]
#[expect(dead_code, reason = "being read is the test")]
pub(super) struct HostResult {
    #[serde(default)]
    continue_processing: bool,
    #[serde(default)]
    retry_delay_ms: i64,
    /// Hosts want whole records, and a server has none.
    #[serde(default)]
    executions: Vec<NoRecord>,
    metadata: Option<Map<String, Value>>,
    denial_metadata: Option<Map<String, Value>>,
    http_headers: Option<BTreeMap<String, String>>,
    violation: Option<HostViolation>,
    modified_payload: Option<Map<String, Value>>,
    modified_extensions: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
enum NoRecord {}

#[derive(Deserialize)]
#[expect(dead_code, reason = "being read is the test")]
struct HostViolation {
    reason: String,
    description: String,
    code: String,
    details: Option<Map<String, Value>>,
    mcp_error_code: Option<i64>,
    http_status_code: Option<i64>,
    http_headers: Option<BTreeMap<String, String>>,
}

/// Whether hosts accept a result, as far as it is the same for all hooks.
pub(super) fn accepts(result: &Value) -> Result<(), String> {
    let mut result = result.clone();
    normal::numbers(&mut result);
    serde_json::from_value::<HostResult>(result)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Reads the answer to a call as the Python client does. An error with a text wins; without one there must be a result.
pub(super) fn read(answer: &[u8], hook: &str) -> Result<Outcome, String> {
    let response = cpex::InvokeHookResponse::decode(answer).map_err(|error| error.to_string())?;
    if response.error.is_some_and(|error| !error.message.is_empty()) {
        return Ok(Outcome::Error);
    }
    let result = decode::struct_value(response.result.ok_or("neither a result nor an error")?);
    accepts(&result)?;
    results::read_back(hook, &result)?;
    Ok(Outcome::Result)
}

#[test]
fn the_model_of_a_host_agrees_with_the_recorded_host() {
    for case in cases("host_acceptance.json", 29) {
        let outcome = read(&bytes(text(&case, "response_hex")), "tool_pre_invoke");
        let said_so = |error: &str| case["host_error"]["message"] == error;
        match &outcome {
            Ok(Outcome::Result) => assert!(case.get("host_result").is_some(), "{case}"),
            Ok(Outcome::Error) => assert!(said_so(text(&case["response"]["error"], "message")), "{case}"),
            Err(refused) => assert!(case.get("host_exception").is_some(), "{refused}: {case}"),
        }
    }
}
