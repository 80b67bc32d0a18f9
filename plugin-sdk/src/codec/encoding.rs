//! The two forms in which documents and the messages around them travel.

/// The form of a request and of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The messages of `plugin_service.proto`, whose documents are `google.protobuf.Struct`s: gRPC and the Unix socket.
    Protobuf,
    /// The arguments and answers of the tools of MCP ([protocol, section
    /// 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)).
    Json,
}
