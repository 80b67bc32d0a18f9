//! The arguments and answers of the tools of MCP ([protocol, section
//! 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::Answer;
use crate::{
    codec::{CodecError, Document, nesting::Nesting, write_json},
    context::PluginContext,
    host::{call::HookCall, error::ReportedError, reply::HookReply, transport::Encoding},
    value::Map,
};

/// The arguments of `invoke_hook`.
pub(super) fn invoke_hook(
    plugin_name: &str,
    call: &HookCall<'_>,
    nesting: Nesting,
) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(br#"{"hook_type":"#);
    serde_json::to_writer(&mut out, call.hook())?;
    out.extend_from_slice(br#","plugin_name":"#);
    serde_json::to_writer(&mut out, plugin_name)?;
    out.extend_from_slice(br#","payload":"#);
    call.payload()
        .write_json(&mut out, nesting.json)
        .map_err(|error| error.in_key("payload"))?;
    out.extend_from_slice(br#","context":"#);
    write_json(&mut out, call.context(), nesting.json.in_context())
        .map_err(|error| error.in_key("context"))?;
    out.push(b'}');
    Ok(out)
}

/// The arguments of `get_plugin_config`.
pub(super) fn get_plugin_config(name: &str) -> Vec<u8> {
    json!({ "name": name }).to_string().into_bytes()
}

/// The answer of `get_plugin_config`: an empty object for a name that is not known.
pub(super) fn plugin_config(answer: &[u8], nesting: Nesting) -> Result<Option<Map>, CodecError> {
    let config: Map = Document::of_json(answer, nesting.json).decode()?;
    Ok((!config.is_empty()).then_some(config))
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(default)]
    plugin_name: Option<String>,
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default, borrow)]
    context: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ErrorFields {
    message: String,
    plugin_name: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    details: Option<Map>,
    #[serde(default = "internal_error")]
    mcp_error_code: i32,
}

/// What hosts take for a code that is missing; on protobuf it is 0.
fn internal_error() -> i32 {
    -32603
}

impl From<ErrorFields> for ReportedError {
    fn from(fields: ErrorFields) -> Self {
        Self {
            message: fields.message,
            plugin_name: fields.plugin_name,
            code: fields.code.unwrap_or_default(),
            details: fields.details.unwrap_or_default(),
            mcp_error_code: fields.mcp_error_code,
        }
    }
}

/// The answer of `invoke_hook`, and the plugin that it is of.
pub(super) fn answer(answer: &Bytes, nesting: Nesting) -> Result<(String, Answer), CodecError> {
    let levels = nesting.json;
    let fields: Fields<'_> = Document::of_json(answer, levels.in_answer()).decode()?;
    let plugin_name = fields.plugin_name.unwrap_or_default();
    if let Some(error) = fields.error {
        let error = Document::of_json(error.get().as_bytes(), levels.in_result()).decode::<ErrorFields>();
        let error = error.map_err(|error| error.in_key("error"))?;
        return Ok((plugin_name, Err(error.into())));
    }
    let Some(result) = fields.result else {
        return Err(CodecError::new("it has neither a result nor an error"));
    };
    let context = fields
        .context
        .map(|context| PluginContext::of_json(context.get().as_bytes(), levels))
        .transpose()
        .map_err(|error| error.in_key("context"))?;
    let reply = HookReply {
        encoding: Encoding::Json,
        result: answer.slice_ref(result.get().as_bytes()),
        denial_metadata: None,
        context: context.map(Box::new),
        nesting,
    };
    Ok((plugin_name, Ok(reply)))
}
