//! Requests and answers in the two forms of the protocol: each is written and read in one place.

mod json;
pub(crate) mod protobuf;

use bytes::Bytes;

use super::{
    call::HookCall,
    error::{CallError, ReportedError},
    reply::HookReply,
    transport::Encoding,
};
use crate::{
    codec::{CodecError, nesting::Nesting},
    value::Map,
};

/// What came back for a call: a result, or the server's error.
pub(crate) type Answer = Result<HookReply, ReportedError>;

impl Encoding {
    /// The request that calls a hook.
    pub(crate) fn invoke_hook(
        self,
        plugin_name: &str,
        call: &HookCall<'_>,
        nesting: Nesting,
    ) -> Result<Bytes, CodecError> {
        match self {
            Self::Protobuf => protobuf::invoke_hook(plugin_name, call, nesting),
            Self::Json => json::invoke_hook(plugin_name, call, nesting),
        }
        .map(Bytes::from)
    }

    /// Reads the answer to a call.
    pub(crate) fn read_answer(
        self,
        plugin_name: &str,
        answer: &Bytes,
        nesting: Nesting,
    ) -> Result<HookReply, CallError> {
        let (answered_by, answer) = match self {
            Self::Protobuf => protobuf::answer(answer, nesting),
            Self::Json => json::answer(answer, nesting),
        }
        .map_err(CallError::invalid_answer)?;
        match answer {
            // An answer for another plugin is one to another call.
            Ok(_) if answered_by != plugin_name => Err(CallError::invalid_answer(format_args!(
                "it is the answer of the plugin \"{answered_by}\""
            ))),
            Ok(reply) => Ok(reply),
            // An error of no plugin is about the message. Plugins choose their codes themselves, and may choose these too.
            Err(error) if error.plugin_name.is_empty() && error.code == protobuf::UNKNOWN_MESSAGE => {
                Err(CallError::Refused(Box::new(error)))
            }
            Err(error) if error.code == protobuf::MESSAGE_TOO_LARGE && is_of_the_server(&error) => {
                Err(CallError::TooLarge {
                    message: error.message,
                })
            }
            Err(mut error) => {
                if error.plugin_name.is_empty() {
                    plugin_name.clone_into(&mut error.plugin_name);
                }
                Err(of_reported(error))
            }
        }
    }

    /// The request for the configuration of a plugin.
    pub(crate) fn get_plugin_config(self, name: &str) -> Bytes {
        match self {
            Self::Protobuf => protobuf::get_plugin_config(name),
            Self::Json => json::get_plugin_config(name),
        }
        .into()
    }

    /// Reads the answer to it: `None` if the server has no such plugin.
    pub(crate) fn read_plugin_config(
        self,
        answer: &[u8],
        nesting: Nesting,
    ) -> Result<Option<Map>, CallError> {
        match self {
            Self::Protobuf => protobuf::plugin_config(answer, nesting),
            Self::Json => json::plugin_config(answer, nesting),
        }
        .map_err(CallError::invalid_answer)
    }

    /// The request for the state of the server.
    pub(crate) fn health(self) -> Bytes {
        match self {
            Self::Protobuf => Bytes::new(),
            Self::Json => Bytes::from_static(b"{}"),
        }
    }

    /// Whether the server says that it is up.
    pub(crate) fn read_health(self, answer: &[u8]) -> Result<bool, CallError> {
        match self {
            Self::Protobuf => protobuf::health(answer).map_err(CallError::invalid_answer),
            // That it answered is all that MCP has.
            Self::Json => Ok(true),
        }
    }
}

/// Whether an error that says that something is too large comes from the server: it says how large, and what the limit is.
fn is_of_the_server(error: &ReportedError) -> bool {
    ["size", "limit"]
        .iter()
        .all(|key| error.details.contains_key(key))
}

/// Servers have no code for what they can't find, but always the same words.
const NOT_FOUND: (&str, &str) = ("Unable to find ", "Make sure the plugin is registered.");

/// What a plugin, or the server that called it, reports.
pub(super) fn of_reported(error: ReportedError) -> CallError {
    let error = Box::new(error);
    match error.code.as_str() {
        "" if error.message.starts_with(NOT_FOUND.0) && error.message.ends_with(NOT_FOUND.1) => {
            CallError::NotFound(error)
        }
        _ => CallError::Plugin(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::PluginContext;

    #[test]
    fn an_answer_of_any_depth_is_an_error() {
        let lists = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let objects = format!("{}1{}", r#"{"k":"#.repeat(1_000_000), "}".repeat(1_000_000));
        for deep in [lists, objects] {
            for answer in [
                format!(r#"{{"plugin_name":"p","result":{{"metadata":{{"k":{deep}}}}}}}"#),
                format!(r#"{{"plugin_name":"p","result":{{}},"context":{{"state":{{"k":{deep}}}}}}}"#),
                format!(
                    r#"{{"plugin_name":"p","error":{{"message":"m","plugin_name":"p","details":{{"k":{deep}}}}}}}"#
                ),
                format!(r#"{{"plugin_name":"p","result":{{}},"more":{deep}}}"#),
            ] {
                let read = Encoding::Json.read_answer("p", &answer.into(), Nesting::DEFAULT);
                let read = read.and_then(|reply| reply.into_result::<Map>(&mut PluginContext::new("r")));
                let error = read.unwrap_err().to_string();
                assert!(error.contains("nest deeper"), "{error}");
            }
            let config = format!(r#"{{"name":"p","k":{deep}}}"#);
            assert!(
                Encoding::Json
                    .read_plugin_config(config.as_bytes(), Nesting::DEFAULT)
                    .is_err()
            );
        }
    }

    #[test]
    fn the_details_of_an_error_keep_their_integers() {
        let answer = r#"{"plugin_name":"p","error":{"message":"m","plugin_name":"p","details":{"n":18446744073709551616}}}"#;
        match Encoding::Json.read_answer("p", &answer.into(), Nesting::DEFAULT) {
            Err(CallError::Plugin(error)) => {
                assert_eq!(error.details.to_string(), r#"{"n":18446744073709551616}"#);
            }
            other => panic!("{other:?}"),
        }
    }
}
