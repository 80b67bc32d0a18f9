//! The parameters of requests and the arguments of tools, as far as a server of plugins needs them.

use serde_json::value::RawValue;

use super::members::{Object, members};

/// The parameters that some method of ours has.
#[derive(Clone, Default)]
pub(crate) struct Params<'a> {
    /// Of a tool or a prompt.
    pub(crate) name: Option<&'a RawValue>,
    pub(crate) arguments: Option<Object<Arguments<'a>>>,
    pub(crate) meta: Option<Object<Meta<'a>>>,
    pub(crate) protocol_version: Option<&'a RawValue>,
    pub(crate) capabilities: Option<&'a RawValue>,
    pub(crate) client_info: Option<Object<ClientInfo<'a>>>,
    /// Of the request that a client cancels.
    pub(crate) request_id: Option<&'a RawValue>,
    /// Of a resource.
    pub(crate) uri: Option<&'a RawValue>,
}

/// The arguments that some tool of ours has.
#[derive(Clone, Copy, Default)]
pub(crate) struct Arguments<'a> {
    pub(crate) name: Option<&'a RawValue>,
    pub(crate) hook_type: Option<&'a RawValue>,
    pub(crate) plugin_name: Option<&'a RawValue>,
    pub(crate) payload: Option<&'a RawValue>,
    pub(crate) context: Option<&'a RawValue>,
}

/// What a client says of itself with each request, from revision 2026-07-28 on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Meta<'a> {
    pub(crate) protocol_version: Option<&'a RawValue>,
    pub(crate) client_capabilities: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct ClientInfo<'a> {
    pub(crate) name: Option<&'a RawValue>,
    pub(crate) version: Option<&'a RawValue>,
}

members! { Params {
    "name" => name,
    "arguments" => arguments,
    "_meta" => meta,
    "protocolVersion" => protocol_version,
    "capabilities" => capabilities,
    "clientInfo" => client_info,
    "requestId" => request_id,
    "uri" => uri,
} }

members! { Arguments {
    "hook_type" => hook_type,
    "plugin_name" => plugin_name,
    "payload" => payload,
    "context" => context,
    "name" => name,
} }

members! { Meta {
    "io.modelcontextprotocol/protocolVersion" => protocol_version,
    "io.modelcontextprotocol/clientCapabilities" => client_capabilities,
} }

members! { ClientInfo {
    "name" => name,
    "version" => version,
} }
