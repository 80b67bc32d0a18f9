//! The least that answers `tools/call` of `invoke_hook` in full: parses what it needs, calls the hook, writes the answer.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Result, naive::ToolPreInvoke};

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    method: &'a str,
    #[serde(borrow)]
    params: Parameters<'a>,
}

#[derive(Deserialize)]
struct Parameters<'a> {
    name: &'a str,
    #[serde(borrow)]
    arguments: Arguments<'a>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    hook_type: &'a str,
    plugin_name: &'a str,
    payload: ToolPreInvoke,
    /// Nothing looks at it.
    #[serde(borrow, rename = "context")]
    _context: &'a RawValue,
}

#[derive(Serialize)]
struct Response<'a> {
    jsonrpc: &'a str,
    id: &'a RawValue,
    result: ToolResult<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult<'a> {
    content: [Content<'a>; 1],
    is_error: bool,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct Answer<'a> {
    plugin_name: &'a str,
    result: HookResult,
}

#[derive(Serialize)]
struct HookResult {
    continue_processing: bool,
    modified_payload: ToolPreInvoke,
}

/// A message in, its answer out.
pub fn handle(message: &[u8]) -> Result<Vec<u8>> {
    let request: Request<'_> = serde_json::from_slice(message)?;
    let Arguments {
        hook_type,
        plugin_name,
        mut payload,
        ..
    } = request.params.arguments;
    if (request.method, request.params.name, hook_type) != ("tools/call", "invoke_hook", "tool_pre_invoke") {
        return Err("not a call that this server knows".into());
    }
    payload.replace_words();
    let answer = serde_json::to_string(&Answer {
        plugin_name,
        result: HookResult {
            continue_processing: true,
            modified_payload: payload,
        },
    })?;
    Ok(serde_json::to_vec(&Response {
        jsonrpc: "2.0",
        id: request.id,
        result: ToolResult {
            content: [Content {
                r#type: "text",
                text: &answer,
            }],
            is_error: false,
        },
    })?)
}
