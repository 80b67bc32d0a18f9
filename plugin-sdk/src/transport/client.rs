//! A call as a host makes it and reads its answer, for `invoke --transport` over the transports that carry protobuf.

use std::{error::Error, path::Path};

use plugin_sdk_proto::wire::{InvokeHookResponse, PluginContext as WireContext, denial_metric};
use prost::Message as _;
use tokio::net::UnixStream;

use super::JsonCall;
use crate::{
    codec::{
        CodecError, Document, Writing, message::Message, nesting::Levels, wire::put_bytes, write_struct,
    },
    context::PluginContext,
    value::{Map, Value},
};

impl JsonCall<'_> {
    /// Makes the call over a socket and gives its answer in the form that MCP has. `exchange` sends an `InvokeHookRequest` and
    /// brings the `InvokeHookResponse`.
    pub(super) async fn over_socket<R: AsRef<[u8]>>(
        &self,
        path: &Path,
        exchange: impl AsyncFnOnce(UnixStream, &[u8]) -> Result<R, Box<dyn Error + Send + Sync>>,
    ) -> Result<String, String> {
        let levels = Levels::of_objects(self.limits.max_nesting);
        let request = self.encode(levels).map_err(|error| error.to_string())?;
        let response = async { exchange(UnixStream::connect(path).await?, &request).await };
        let response = response
            .await
            .map_err(|error| format!("the call over {} failed: {error}", path.display()))?;
        answer(response.as_ref(), levels)
    }

    fn encode(&self, levels: Levels) -> Result<Vec<u8>, CodecError> {
        let payload: Map = Document::of_json(self.payload.as_bytes(), levels).decode()?;
        let context = PluginContext::of_json(self.context.as_bytes(), levels)?;
        let mut request = Vec::new();
        put_bytes(&mut request, 0x0a, self.hook_type.as_bytes());
        put_bytes(&mut request, 0x12, self.plugin_name.as_bytes());
        write_struct(&mut request, &payload, 0x1a, levels).map_err(|error| error.in_key("payload"))?;
        context
            .write(&mut request, 0x22, Writing::new(levels))
            .map_err(|error| error.in_key("context"))?;
        Ok(request)
    }
}

/// An `InvokeHookResponse` in the form that MCP has (`protocol.md`, section 4.2).
fn answer(response: &[u8], levels: Levels) -> Result<String, String> {
    let response = InvokeHookResponse::decode(response)
        .map_err(|error| format!("the answer is not an InvokeHookResponse: {error}"))?;
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
