//! Calls and configurations as JSON, for MCP and the command line ([protocol, section
//! 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)).

use bytes::Bytes;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Answer, AnswerLimit, Dispatcher, ErrorAnswer, Invocation, RawContext, Reported, call::Payload};
use crate::{
    codec::{CodecError, Document, nesting::JsonLevels, text::Text, write_json},
    repeated::limited,
    value::{Map, Value},
};

impl Invocation {
    /// A call with payload and context as JSON objects.
    pub(crate) fn of_json(hook_type: Text, plugin_name: Text, payload: Bytes, context: Bytes) -> Self {
        Self {
            hook_type,
            plugin_name,
            payload: Payload::Json(payload),
            context: RawContext::Json(context),
        }
    }
}

impl Dispatcher {
    /// Calls a hook. The answer is the JSON object that `invoke_hook` gives.
    pub(crate) async fn invoke_json(
        &self,
        hook_type: &str,
        plugin_name: &str,
        payload: Bytes,
        context: Bytes,
    ) -> String {
        let invocation = Invocation::of_json(hook_type.into(), plugin_name.into(), payload, context);
        text(self.answer_json(invocation).await)
    }

    /// As [`Self::invoke_json`], with the bytes of the answer.
    pub(crate) async fn answer_json(&self, invocation: Invocation) -> Vec<u8> {
        let plugin_name = invocation.plugin_name.clone();
        let plugin_name = plugin_name.as_str();
        let answer = self.invoke(invocation, Vec::with_capacity(512)).await;
        let limit = AnswerLimit::of_message(self.limits.max_message_size);
        Self::write_bounded(plugin_name, answer, limit, |answer| {
            write(plugin_name, &answer, self.nesting.json)
        })
        .unwrap_or_default()
    }

    /// What hosts are told about the instance of this name, in whatever letter case; `{}` for a name that is not known.
    pub(crate) fn config_json(&self, name: &str) -> &str {
        self.reported(name).map_or("{}", Reported::json)
    }

    /// What hosts are told about every instance, in the order of the file.
    pub(crate) fn configs_json(&self) -> impl Iterator<Item = &str> {
        self.all_reported().map(Reported::json)
    }
}

/// The answer to a call of a tool whose arguments are not those of the tool, in the form that hosts read errors from.
pub(crate) fn refused_arguments(plugin_name: &str, message: String) -> String {
    let error = ErrorAnswer::arguments(plugin_name, message);
    let levels = JsonLevels::new(JsonLevels::DEFAULT);
    let plugin_name = error.plugin_name.clone();
    text(write(&plugin_name, &Answer::Error(error), levels).unwrap_or_default())
}

/// Reads JSON. What can't be read as it stands is read once more with each key only once, which is then the last one's value, and with
/// nothing between the tokens: a type refuses the second of two entries, or an entry that does not fit and that a later one replaces.
pub(super) fn read<T>(
    text: &[u8],
    levels: JsonLevels,
    read: impl Fn(&[u8]) -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    read(text).or_else(|error| match distinct(text, levels) {
        Some(text) => read(&text),
        None => Err(error),
    })
}

#[cold]
fn distinct(text: &[u8], levels: JsonLevels) -> Option<Vec<u8>> {
    let value: Value = Document::of_json(text, levels).decode().ok()?;
    Some(value.to_string().into_bytes())
}

fn text(json: Vec<u8>) -> String {
    // serde_json writes UTF-8.
    String::from_utf8(json).unwrap_or_default()
}

/// The object by hand: the result is JSON already, and large.
fn write(plugin_name: &str, answer: &Answer<'_>, levels: JsonLevels) -> Result<Vec<u8>, CodecError> {
    let written = match answer {
        Answer::Result { written, .. } => written.as_slice(),
        Answer::Error(_) => &[],
    };
    let mut out = Vec::with_capacity(written.len() + plugin_name.len() + 256);
    out.extend_from_slice(b"{\"plugin_name\":");
    serde_json::to_writer(&mut out, plugin_name)?;
    match answer {
        Answer::Result { context, .. } => {
            out.extend_from_slice(b",\"result\":");
            out.extend_from_slice(written);
            if let Some(context) = context {
                out.extend_from_slice(b",\"context\":");
                write_json(&mut out, &**context, levels.in_context())?;
            }
        }
        Answer::Error(error) => {
            out.extend_from_slice(b",\"error\":");
            write_error(&mut out, error, levels)?;
        }
    }
    out.push(b'}');
    Ok(out)
}

fn write_error(out: &mut Vec<u8>, error: &ErrorAnswer, levels: JsonLevels) -> Result<(), CodecError> {
    let start = out.len();
    write_json(out, error, levels).or_else(|unsendable| {
        out.truncate(start);
        limited!(warn, "the details of an error are left out"; error = %unsendable);
        let error = ErrorAnswer {
            details: Map::new(),
            ..error.clone()
        };
        write_json(out, &error, levels)
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
