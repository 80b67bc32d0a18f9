//! Requests and answers of the protocol, for clients that speak frames.

use plugin_sdk_proto::wire::{InvokeHookRequest, InvokeHookResponse};
use prost::Message;
use serde_json::Value;

/// An `InvokeHookRequest` with a payload and no context.
///
/// # Panics
///
/// When the payload is not an object, which is a mistake of the test.
#[expect(clippy::expect_used, reason = "a test that makes no sense ends at once")]
pub fn invoke(hook_type: &str, plugin_name: &str, payload: &Value) -> Vec<u8> {
    let request = InvokeHookRequest {
        hook_type: hook_type.into(),
        plugin_name: plugin_name.into(),
        payload: plugin_sdk::codec::to_struct(payload)
            .expect("a payload is an object")
            .into(),
        context: None,
    };
    request.encode_to_vec()
}

/// A call of `tool_pre_invoke` of the plugin `Faults`.
pub fn fault(name: &str, args: &Value) -> Vec<u8> {
    invoke(
        "tool_pre_invoke",
        "Faults",
        &serde_json::json!({"name": name, "args": args}),
    )
}

/// What an answer says, as far as tests of transports are concerned.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The result, as JSON.
    Result(Value),
    /// The error.
    Error {
        /// Its message.
        message: String,
        /// Its code.
        code: String,
    },
}

impl Answer {
    /// Reads an `InvokeHookResponse`.
    ///
    /// # Panics
    ///
    /// When it is none, which fails the test.
    #[expect(clippy::expect_used, reason = "an answer that can't be read fails the test")]
    pub fn read(response: &[u8]) -> Self {
        let response = InvokeHookResponse::decode(response).expect("an InvokeHookResponse");
        match response.error {
            Some(error) => Self::Error {
                message: error.message,
                code: error.code,
            },
            None => Self::Result(plugin_sdk::codec::from_struct(&response.result).expect("a Struct")),
        }
    }

    /// The code of the error; empty for a result.
    pub fn code(&self) -> &str {
        match self {
            Self::Error { code, .. } => code,
            Self::Result(_) => "",
        }
    }

    /// Whether this is a result that lets the call pass.
    pub fn is_allow(&self) -> bool {
        matches!(self, Self::Result(result) if result["continue_processing"] == true)
    }
}
