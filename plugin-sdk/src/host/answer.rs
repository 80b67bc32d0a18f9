//! What an answer means to the caller.

use bytes::Bytes;

use super::{error::CallError, reply::HookReply};
use crate::{
    codec::{Encoding, nesting::Nesting},
    protocol::{error::ReportedError, response},
};

/// Reads the answer to a call of this plugin.
pub(super) fn read(
    encoding: Encoding,
    plugin_name: &str,
    answer: &Bytes,
    nesting: Nesting,
) -> Result<HookReply, CallError> {
    let (answered_by, outcome) =
        response::read(encoding, answer, nesting).map_err(CallError::invalid_answer)?;
    match outcome {
        // An answer for another plugin is one to another call.
        Ok(_) if answered_by != plugin_name => Err(CallError::invalid_answer(format_args!(
            "it is the answer of the plugin \"{answered_by}\""
        ))),
        Ok(reply) => Ok(reply),
        Err(error) if error.is_unknown_message() => Err(CallError::Refused(Box::new(error))),
        Err(error) if error.is_too_large() => Err(CallError::TooLarge {
            message: error.message,
        }),
        Err(mut error) => {
            if error.plugin_name.is_empty() {
                plugin_name.clone_into(&mut error.plugin_name);
            }
            Err(of_reported(error))
        }
    }
}

/// What a plugin, or the server that called it, reports.
pub(super) fn of_reported(error: ReportedError) -> CallError {
    if error.is_not_found() {
        CallError::NotFound(Box::new(error))
    } else {
        CallError::Plugin(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{context::PluginContext, protocol::plugin_config, value::Map};

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
                let answered = read(Encoding::Json, "p", &answer.into(), Nesting::DEFAULT);
                let read = answered.and_then(|reply| reply.into_result::<Map>(&mut PluginContext::new("r")));
                let error = read.unwrap_err().to_string();
                assert!(error.contains("nest deeper"), "{error}");
            }
            let config = format!(r#"{{"name":"p","k":{deep}}}"#);
            assert!(
                plugin_config::read_response(Encoding::Json, config.as_bytes(), Nesting::DEFAULT).is_err()
            );
        }
    }

    #[test]
    fn the_details_of_an_error_keep_their_integers() {
        let answer = r#"{"plugin_name":"p","error":{"message":"m","plugin_name":"p","details":{"n":18446744073709551616}}}"#;
        match read(Encoding::Json, "p", &answer.into(), Nesting::DEFAULT) {
            Err(CallError::Plugin(error)) => {
                assert_eq!(error.details.to_string(), r#"{"n":18446744073709551616}"#);
            }
            other => panic!("{other:?}"),
        }
    }
}
