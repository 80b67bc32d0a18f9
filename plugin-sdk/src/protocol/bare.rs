//! Which request a bare message is ([protocol, section
//! 3.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#32-kinds-of-requests)).

use bytes::Bytes;

use super::{
    envelope::{Envelope, LONGEST_LISTING},
    request::InvokeHookRequest,
};
use crate::{codec::text::Text, repeated::limited};

/// The requests that a host can make.
pub(crate) enum Request {
    Invoke(InvokeHookRequest),
    GetPluginConfig(Text),
    GetPluginConfigs,
    /// One of them in an envelope.
    Envelope,
    Unknown,
}

impl Request {
    /// Messages carry no type. Which one this is follows from the fields that it has.
    pub(crate) fn of(message: &Bytes) -> Self {
        let fields = match InvokeHookRequest::read(message) {
            Ok(fields) => fields,
            Err(error) => {
                limited!(warn, "a message is not protobuf"; %error, size = message.len());
                return Self::Unknown;
            }
        };
        // The name in the one has the number of the hook in the other.
        match (fields.hook_type.to_option(), fields.plugin_name.to_option()) {
            (Some(_), Some(_)) => Self::Invoke(fields),
            (Some(_), None) => Self::GetPluginConfig(fields.hook_type),
            (None, _) if message.len() <= LONGEST_LISTING => Self::GetPluginConfigs,
            (None, None) if is_envelope(message) => Self::Envelope,
            (None, _) => {
                limited!(warn, "a message is none of the requests"; size = message.len());
                Self::Unknown
            }
        }
    }
}

fn is_envelope(message: &Bytes) -> bool {
    matches!(Envelope::read_request(message), Ok(Some(_)))
}
