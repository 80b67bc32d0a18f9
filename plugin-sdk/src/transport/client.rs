//! A call as a host makes it and reads its answer, for `invoke --transport` over the transports that carry protobuf.

use plugin_sdk_proto::wire::{InvokeHookResponse, PluginContext as WireContext, denial_metric};
use prost::Message as _;

use crate::{
    codec::{CodecError, Document, message::Message, nesting::Levels, wire::put_bytes, write_struct},
    context::PluginContext,
    limits::Limits,
    value::{Map, Value},
};

/// An `InvokeHookRequest` of a payload and a context in JSON.
pub(super) fn request(
    hook_type: &str,
    plugin_name: &str,
    payload: &str,
    context: &str,
    limits: &Limits,
) -> Result<Vec<u8>, String> {
    let levels = Levels::of_objects(limits.max_nesting);
    encode(hook_type, plugin_name, payload, context, levels).map_err(|error| error.to_string())
}

fn encode(
    hook_type: &str,
    plugin_name: &str,
    payload: &str,
    context: &str,
    levels: Levels,
) -> Result<Vec<u8>, CodecError> {
    let payload: Map = Document::of_json(payload.as_bytes(), levels).decode()?;
    let context = PluginContext::of_json(context.as_bytes(), levels)?;
    let mut request = Vec::new();
    put_bytes(&mut request, 0x0a, hook_type.as_bytes());
    put_bytes(&mut request, 0x12, plugin_name.as_bytes());
    write_struct(&mut request, &payload, 0x1a, levels).map_err(|error| error.in_key("payload"))?;
    context
        .write(&mut request, 0x22, levels)
        .map_err(|error| error.in_key("context"))?;
    Ok(request)
}

/// An `InvokeHookResponse` in the form that MCP has (`protocol.md`, section 4.2).
pub(super) fn answer(response: &[u8], limits: &Limits) -> Result<String, String> {
    let response = InvokeHookResponse::decode(response)
        .map_err(|error| format!("the answer is not an InvokeHookResponse: {error}"))?;
    let levels = Levels::of_objects(limits.max_nesting);
    let answer = decode(response, levels).map_err(|error| format!("the answer can't be read: {error}"))?;
    Ok(Value::Object(answer).to_string())
}

fn decode(response: InvokeHookResponse, levels: Levels) -> Result<Map, CodecError> {
    let mut answer = Map::from([("plugin_name", response.plugin_name)]);
    if let Some(error) = response.error {
        let details: Map = read(&error.details, levels)?;
        let error = Map::from([
            ("message", Value::from(error.message)),
            ("plugin_name", error.plugin_name.into()),
            ("code", error.code.into()),
            ("details", details.into()),
            ("mcp_error_code", error.mcp_error_code.into()),
        ]);
        answer.insert("error".into(), error.into());
        return Ok(answer);
    }
    let mut result: Map = read(&response.result, levels)?;
    if let Some(metadata) = response.result_base.and_then(|base| base.denial_metadata) {
        let metadata: Map = metadata
            .fields
            .into_iter()
            .map(|(key, metric)| {
                let value = match metric.value {
                    Some(denial_metric::Value::Boolean(value)) => value.into(),
                    Some(denial_metric::Value::Integer(value)) => value.into(),
                    Some(denial_metric::Value::Floating(value)) => value.into(),
                    None => Value::Null,
                };
                (key, value)
            })
            .collect();
        result.insert("denial_metadata".into(), metadata.into());
    }
    answer.insert("result".into(), result.into());
    if let Some(context) = response.context {
        answer.insert("context".into(), context_of(&context, levels)?);
    }
    Ok(answer)
}

fn read(bytes: &[u8], levels: Levels) -> Result<Map, CodecError> {
    Document::of_struct(Message::new(bytes), levels).decode()
}

fn context_of(context: &WireContext, levels: Levels) -> Result<Value, CodecError> {
    let raw = context.encode_to_vec().into();
    let context = PluginContext::of_wire(raw, levels)?;
    Value::from_serialize(&context)
}
