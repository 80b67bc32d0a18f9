//! Calls as JSON, for MCP and the command line (`protocol.md`, section 4.2).

use bytes::Bytes;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::{Answer, AnswerLimit, Dispatcher, ErrorAnswer, Invocation, RawContext, call::Payload};
use crate::context::PluginContext;

impl Dispatcher {
    /// Calls a hook. The answer is the JSON object that `invoke_hook` gives.
    pub(crate) async fn invoke_json(
        &self,
        hook_type: &str,
        plugin_name: &str,
        payload: &str,
        context: &str,
    ) -> String {
        let invocation = Invocation {
            hook_type: hook_type.into(),
            plugin_name: plugin_name.into(),
            payload: Payload::Json(Bytes::copy_from_slice(payload.as_bytes())),
            context: RawContext::Json(Bytes::copy_from_slice(context.as_bytes())),
        };
        let answer = self.invoke(invocation, Vec::new()).await;
        let limit = AnswerLimit::of_message(self.limits.max_message_size);
        let json = Self::write_bounded(plugin_name, answer, limit, |answer| {
            Ok(write(plugin_name, &answer)?)
        });
        String::from_utf8(json).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Response<'a> {
    plugin_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a PluginContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorAnswer>,
}

fn write(plugin_name: &str, answer: &Answer) -> serde_json::Result<Vec<u8>> {
    let (mut result, mut context, mut error) = (None, None, None);
    match answer {
        Answer::Result {
            written,
            context: changed,
            ..
        } => {
            result = Some(serde_json::from_slice(written)?);
            context = changed.as_deref();
        }
        Answer::Error(answer) => error = Some(answer),
    }
    serde_json::to_vec(&Response {
        plugin_name,
        result,
        context,
        error,
    })
}

impl Serialize for ErrorAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("plugin_name", &self.plugin_name)?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("details", &self.details)?;
        map.serialize_entry("mcp_error_code", &self.mcp_error_code)?;
        map.end()
    }
}
