//! Codes of errors in JSON-RPC and MCP.

pub(crate) const PARSE_ERROR: i32 = -32700;
pub(crate) const INVALID_REQUEST: i32 = -32600;
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
pub(crate) const INVALID_PARAMS: i32 = -32602;
pub(crate) const INTERNAL_ERROR: i32 = crate::error::INTERNAL_ERROR;
/// A header of HTTP is missing, or says something else than the body.
pub(crate) const HEADER_MISMATCH: i32 = -32020;
pub(crate) const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;
/// What the Python server answers with to a request that its client cancelled.
#[cfg(feature = "rmcp")]
pub(crate) const REQUEST_CANCELLED: i32 = -32800;
