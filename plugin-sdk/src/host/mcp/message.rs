//! What a host sends to a server of MCP, and what its answers mean.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    host::transport::{Failure, Method, Request},
    protocol::{
        code,
        error::ReportedError,
        mcp::{
            answer::{self, Answer},
            error::{MessageError, RpcError},
            id::Id,
            method,
            request::{call_tool, ping},
            tool,
        },
    },
};

/// The request for what is asked of the server.
pub(super) fn request(id: u64, request: &Request<'_>) -> Vec<u8> {
    let tool = match request.method {
        Method::InvokeHook => tool::INVOKE_HOOK,
        Method::GetPluginConfig => tool::GET_PLUGIN_CONFIG,
        Method::Health => return ping(id),
    };
    call_tool(id, tool, &request.message)
}

/// The answer to a request of the server: hosts have nothing to offer but that they are there.
pub(super) fn answer_to(id: Id, method: &str) -> Vec<u8> {
    if method == method::PING {
        return Answer::of_result(&id, "{}").body;
    }
    MessageError::new(code::METHOD_NOT_FOUND, "Method not found")
        .with_id(Some(id))
        .to_json()
}

/// What is asked for, out of the result of a request.
pub(super) fn content(method: Method, result: &RawValue, limit: usize) -> Result<Bytes, Failure> {
    if method == Method::Health {
        return Ok(Bytes::from_static(b"{}"));
    }
    let (text, is_error) = answer::text(result).map_err(Failure::Invalid)?;
    if is_error && !text.trim_start().starts_with('{') {
        return Err(of_prose(text));
    }
    if text.len() > limit {
        return Err(too_large(limit));
    }
    Ok(Bytes::from(text))
}

/// Whose validation failed, in the words of the Python server, when it has not called the tool yet. Any other may be about a result.
const ARGUMENTS: [&str; 2] = [" for invoke_hookArguments\n", " for get_plugin_configArguments\n"];

/// What a server says in prose instead of the answer of a tool. Of two of its sentences it is known that it says them before it calls
/// the tool.
fn of_prose(text: String) -> Failure {
    let is_about_arguments = ARGUMENTS.iter().any(|arguments| text.contains(arguments));
    if text.starts_with("Unknown tool") || is_about_arguments {
        return refused(text, "");
    }
    Failure::Failed(Box::new(ReportedError {
        message: text,
        mcp_error_code: code::INTERNAL_ERROR,
        ..ReportedError::default()
    }))
}

/// The failure that an error stands for. Of some it is known that they are about the message, which then reached no plugin.
pub(super) fn failure(error: RpcError) -> Failure {
    let code = i32::try_from(error.code).unwrap_or(code::INTERNAL_ERROR);
    let error = Box::new(ReportedError {
        message: error.message,
        mcp_error_code: code,
        ..ReportedError::default()
    });
    if ABOUT_THE_MESSAGE.contains(&code) {
        Failure::Refused(error)
    } else {
        Failure::Failed(error)
    }
}

/// Not JSON, no request, no such method, params that are not those of the method.
const ABOUT_THE_MESSAGE: [i32; 4] = [
    code::PARSE_ERROR,
    code::INVALID_REQUEST,
    code::METHOD_NOT_FOUND,
    code::INVALID_PARAMS,
];

pub(super) fn refused(message: String, code: &str) -> Failure {
    Failure::Refused(Box::new(ReportedError {
        message,
        code: code.to_owned(),
        mcp_error_code: code::INTERNAL_ERROR,
        ..ReportedError::default()
    }))
}

pub(super) fn too_large(limit: usize) -> Failure {
    Failure::TooLarge(format!(
        "the answer has more than the {limit} bytes that are read"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_first_text_is_the_answer() {
        let content = |text: &str| content(Method::InvokeHook, raw(text), 10);
        let found =
            content(r#"{"content":[{"type":"image","data":"x"},{"type":"text","text":"{\"a\":1}"}]}"#);
        assert_eq!(found.unwrap(), r#"{"a":1}"#);
        assert!(matches!(content(r#"{"content":[]}"#), Err(Failure::Invalid(_))));
        let prose = r#"{"content":[{"type":"text","text":"Unknown tool"}],"isError":true}"#;
        assert!(matches!(content(prose), Err(Failure::Refused(_))));
        let prose = r#"{"content":[{"type":"text","text":"Error executing tool invoke_hook: 1 validation error for invoke_hookArguments\ncontext"}],"isError":true}"#;
        assert!(matches!(content(prose), Err(Failure::Refused(_))));
        // The hook has run.
        let prose = r#"{"content":[{"type":"text","text":"Error executing tool invoke_hook: 1 validation error for PluginResult\nmetadata"}],"isError":true}"#;
        assert!(matches!(content(prose), Err(Failure::Failed(_))));
        let long = r#"{"content":[{"type":"text","text":"{\"a\":12345678}"}]}"#;
        assert!(matches!(content(long), Err(Failure::TooLarge(_))));
    }
}
