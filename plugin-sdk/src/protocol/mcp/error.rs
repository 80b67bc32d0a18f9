//! Errors of JSON-RPC: what a server says of a request that it does not answer.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::id::Id;
use crate::{protocol::server_error::code::STOPPING, value::Value};

/// As much of what a client sent as is repeated to it.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

/// An error that is to be written.
#[derive(Debug)]
pub(crate) struct MessageError {
    pub(crate) code: i32,
    /// Of the request, if that much could be read.
    pub(crate) id: Option<Id>,
    pub(crate) message: String,
    pub(crate) data: Option<Box<Data>>,
}

/// What an error says to clients that are programs.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Data {
    /// A code as in an error of a plugin.
    Reason { code: &'static str },
    /// The versions of the protocol that there are, and the one that was asked for.
    Versions {
        supported: &'static [&'static str],
        requested: String,
    },
    /// The resource that there is not.
    Resource { uri: String },
}

impl MessageError {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            id: None,
            message: message.into(),
            data: None,
        }
    }

    pub(crate) fn with_id(mut self, id: Option<Id>) -> Self {
        self.id = id;
        self
    }

    pub(crate) fn with_data(mut self, data: Data) -> Self {
        self.data = Some(Box::new(data));
        self
    }

    /// The answer that says it.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Answer<'a> {
            jsonrpc: &'a str,
            id: Option<&'a RawValue>,
            error: Error<'a>,
        }
        #[derive(Serialize)]
        struct Error<'a> {
            code: i32,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<&'a Data>,
        }

        let id = self.id.as_ref();
        let answer = Answer {
            jsonrpc: "2.0",
            id: id.and_then(|id| serde_json::from_str(id.as_json()).ok()),
            error: Error {
                code: self.code,
                message: &self.message,
                data: self.data.as_deref(),
            },
        };
        serde_json::to_vec(&answer).unwrap_or_default()
    }
}

/// An error that was read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl RpcError {
    /// Whether the server says that it stops, and did not take the request.
    pub(crate) fn is_shutting_down(&self) -> bool {
        let code = self.data.as_ref().and_then(|data| data.get("code"));
        code.and_then(Value::as_str) == Some(STOPPING)
    }
}
