//! The services of gRPC and their messages ([protocol, section
//! 2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#2-protobuf-and-grpc)).

mod bytes_codec;
mod method;

pub(crate) use bytes_codec::BytesCodec;
pub(crate) use method::{
    CHECK, CURRENT_HEALTH, CURRENT_SERVICE, GET_PLUGIN_CONFIG, INVOKE_HOOK, Method, OLDER_HEALTH,
    OLDER_SERVICE,
};
