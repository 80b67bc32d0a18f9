//! The parameters of requests and the arguments of tools, as far as a server of plugins needs them.

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::members::{Members, Object};

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

impl<'a> Members<'a> for Params<'a> {
    const NAMES: &'static [&'static str] = &[
        "name",
        "arguments",
        "_meta",
        "protocolVersion",
        "capabilities",
        "clientInfo",
        "requestId",
        "uri",
    ];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        match place {
            0 => self.name = Some(map.next_value()?),
            1 => self.arguments = Some(map.next_value()?),
            2 => self.meta = Some(map.next_value()?),
            3 => self.protocol_version = Some(map.next_value()?),
            4 => self.capabilities = Some(map.next_value()?),
            5 => self.client_info = Some(map.next_value()?),
            6 => self.request_id = Some(map.next_value()?),
            _ => self.uri = Some(map.next_value()?),
        }
        Ok(())
    }
}

impl<'a> Members<'a> for Arguments<'a> {
    const NAMES: &'static [&'static str] = &["hook_type", "plugin_name", "payload", "context", "name"];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        let value = Some(map.next_value()?);
        match place {
            0 => self.hook_type = value,
            1 => self.plugin_name = value,
            2 => self.payload = value,
            3 => self.context = value,
            _ => self.name = value,
        }
        Ok(())
    }
}

impl<'a> Members<'a> for Meta<'a> {
    const NAMES: &'static [&'static str] = &[
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientCapabilities",
    ];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        let value = Some(map.next_value()?);
        match place {
            0 => self.protocol_version = value,
            _ => self.client_capabilities = value,
        }
        Ok(())
    }
}

impl<'a> Members<'a> for ClientInfo<'a> {
    const NAMES: &'static [&'static str] = &["name", "version"];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        let value = Some(map.next_value()?);
        match place {
            0 => self.name = value,
            _ => self.version = value,
        }
        Ok(())
    }
}
