//! Which request a bare message is ([protocol, section
//! 3.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#32-kinds-of-requests)).

use bytes::Bytes;

use super::{
    envelope::{Envelope, LONGEST_LISTING},
    request::InvokeHookRequest,
};
use crate::{codec::text::Text, repeated::limited};

/// What a connection without envelopes receives.
pub(crate) enum Message {
    Bare(Request),
    /// A request in an envelope: the first, after which there is nothing else.
    Envelope,
}

/// The requests that a host can make.
pub(crate) enum Request {
    Invoke(InvokeHookRequest),
    GetPluginConfig(Text),
    GetPluginConfigs,
    Unknown,
}

impl Message {
    /// Messages carry no type. Which one this is follows from the fields that it has.
    pub(crate) fn of(message: &Bytes) -> Self {
        let fields = match InvokeHookRequest::read(message) {
            Ok(fields) => fields,
            Err(error) => {
                limited!(warn, "a message is not protobuf"; %error, size = message.len());
                return Self::Bare(Request::Unknown);
            }
        };
        // The name in the one has the number of the hook in the other.
        Self::Bare(
            match (fields.hook_type.to_option(), fields.plugin_name.to_option()) {
                (Some(_), Some(_)) => Request::Invoke(fields),
                (Some(_), None) => Request::GetPluginConfig(fields.hook_type),
                (None, _) if message.len() <= LONGEST_LISTING => Request::GetPluginConfigs,
                (None, None) if is_envelope(message) => return Self::Envelope,
                (None, _) => {
                    limited!(warn, "a message is none of the requests"; size = message.len());
                    Request::Unknown
                }
            },
        )
    }
}

fn is_envelope(message: &Bytes) -> bool {
    matches!(Envelope::read_request(message), Ok(Some(_)))
}
