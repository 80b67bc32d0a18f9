//! A call as a host makes it and reads its answer, for `invoke --transport` over the transports that carry protobuf. The encoding is
//! that of the host half.

use bytes::Bytes;

use super::JsonCall;
use crate::{
    codec::{CodecError, Document, nesting::Levels},
    context::PluginContext,
    host::{HookCall, ReportedError, encoding::protobuf, reply::HookReply},
    value::{Map, Value},
};

impl JsonCall<'_> {
    /// Makes the call and gives its answer in the form that MCP has. `exchange` sends an `InvokeHookRequest` and brings the
    /// `InvokeHookResponse`.
    pub(super) async fn over(
        &self,
        exchange: impl AsyncFnOnce(Bytes) -> Result<Bytes, String>,
    ) -> Result<String, String> {
        let levels = Levels::of_objects(self.limits.max_nesting);
        let request = self.encode(levels).map_err(|error| error.to_string())?;
        let response = exchange(request.into()).await?;
        let (plugin_name, answer) = protobuf::answer(&response, levels)
            .map_err(|error| format!("the answer is not an InvokeHookResponse: {error}"))?;
        let mut json = Map::from([("plugin_name", plugin_name)]);
        match answer {
            Ok(reply) => result(&mut json, &reply, levels)
                .map_err(|error| format!("the answer can't be read: {error}"))?,
            Err(reported) => drop(json.insert("error".into(), error(reported).into())),
        }
        Ok(Value::Object(json).to_string())
    }

    fn encode(&self, levels: Levels) -> Result<Vec<u8>, CodecError> {
        let payload: Map = Document::of_json(self.payload.as_bytes(), levels).decode()?;
        let context = PluginContext::of_json(self.context.as_bytes(), levels)?;
        let call = HookCall::new(self.hook_type, &payload, &context);
        protobuf::invoke_hook(self.plugin_name, &call, levels)
    }
}

/// Adds the result and the context (`protocol.md`, section 4.2).
fn result(json: &mut Map, reply: &HookReply, levels: Levels) -> Result<(), CodecError> {
    let mut result: Map =
        Document::of_struct(crate::codec::message::Message::new(&reply.result), levels).decode()?;
    if let Some(metadata) = &reply.denial_metadata {
        result.insert("denial_metadata".into(), Value::from_serialize(metadata)?);
    }
    json.insert("result".into(), result.into());
    if let Some(context) = &reply.context {
        json.insert("context".into(), Value::from_serialize(&**context)?);
    }
    Ok(())
}

fn error(error: ReportedError) -> Map {
    Map::from([
        ("message", Value::from(error.message)),
        ("plugin_name", error.plugin_name.into()),
        ("code", error.code.into()),
        ("details", error.details.into()),
        ("mcp_error_code", error.mcp_error_code.into()),
    ])
}
