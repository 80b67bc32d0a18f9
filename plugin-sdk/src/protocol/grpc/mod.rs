//! The services of gRPC and their messages ([protocol, section
//! 2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#2-protobuf-and-grpc)).

mod bytes_codec;
mod method;

pub(crate) use bytes_codec::BytesCodec;
#[cfg(feature = "host")]
pub(crate) use method::{CHECK, GET_PLUGIN_CONFIG, INVOKE_HOOK};
pub(crate) use method::{CURRENT_HEALTH, CURRENT_SERVICE, Method, OLDER_HEALTH, OLDER_SERVICE};
