//! The transports: bytes in, dispatch, bytes out.

#[cfg(all(feature = "cli", any(feature = "unix", feature = "grpc")))]
mod client;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
#[cfg(feature = "unix")]
pub(crate) mod unix;

#[cfg(feature = "cli")]
/// A call of one hook with payload and context in JSON, for `invoke`.
pub(crate) struct JsonCall<'a> {
    pub(crate) hook_type: &'a str,
    pub(crate) plugin_name: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) context: &'a str,
    pub(crate) limits: &'a crate::Limits,
}
