//! Envelopes on the wire (`docs/envelope.md`): a request id, and one of the requests or answers.

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    frame::{PREFIX, prefix},
    plugin_config,
    request::{HOOK_TYPE, PLUGIN_NAME},
};
use crate::codec::{
    CodecError,
    text::part,
    wire::{Reader, Slice, WireType, put_varint, tag},
};

/// Field numbers, the same in both directions. The messages without an envelope have others.
const REQUEST_ID: u32 = 6;
const INVOKE_HOOK: u32 = 7;
const GET_PLUGIN_CONFIG: u32 = 8;
const GET_PLUGIN_CONFIGS: u32 = 9;
const HEALTH: u32 = 10;
/// Requests only.
const CANCEL: u32 = 11;
/// Answers only.
const ERROR: u32 = 12;
const MAX_IN_FLIGHT: u32 = 13;
const CLOSING: u32 = 14;

/// Fields that name the hook or the plugin in bare requests.
const BARE: [u32; 3] = [HOOK_TYPE, PLUGIN_NAME, plugin_config::NAME];

/// A bare message that names nothing lists all configurations if it is no longer than this.
pub(crate) const LONGEST_LISTING: usize = 2;

/// What an envelope can add to a message, at the most.
pub(crate) const OVERHEAD: usize = 32;

/// What is in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    InvokeHook,
    GetPluginConfig,
    GetPluginConfigs,
    Health,
    /// The call with the id of this envelope is not waited for any more.
    Cancel,
    /// The server can't do what the request asks for.
    Error,
    /// The server closes the connection, and no plugin saw what has no answer. It answers no request.
    Closing,
}

impl Kind {
    const fn field(self) -> u32 {
        match self {
            Self::InvokeHook => INVOKE_HOOK,
            Self::GetPluginConfig => GET_PLUGIN_CONFIG,
            Self::GetPluginConfigs => GET_PLUGIN_CONFIGS,
            Self::Health => HEALTH,
            Self::Cancel => CANCEL,
            Self::Error => ERROR,
            Self::Closing => CLOSING,
        }
    }

    fn of_field(number: u32) -> Option<Self> {
        let kinds = [
            Self::InvokeHook,
            Self::GetPluginConfig,
            Self::GetPluginConfigs,
            Self::Health,
            Self::Cancel,
            Self::Error,
            Self::Closing,
        ];
        kinds.into_iter().find(|kind| kind.field() == number)
    }
}

/// A message in an envelope, in one of the two directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) id: u64,
    /// What is asked or answered. `None` for something that this version does not know.
    pub(crate) content: Option<(Kind, Bytes)>,
    /// How many calls the server takes at one time on this connection, where it says so.
    pub(crate) max_in_flight: Option<u64>,
}

impl Envelope {
    /// Reads an answer. `None` if it is not in an envelope: that needs an id, but for the one that answers no request.
    pub(crate) fn read(message: &Bytes) -> Result<Option<Self>, CodecError> {
        let (envelope, _) = Self::fields(message)?;
        let is_closing = matches!(envelope.content, Some((Kind::Closing, _)));
        Ok((envelope.id != 0 || is_closing).then_some(envelope))
    }

    /// Reads a request. `None` if it is not in an envelope: one is longer than the bare request that lists all configurations, and
    /// has an id and none of the fields of the others.
    pub(crate) fn read_request(message: &Bytes) -> Result<Option<Self>, CodecError> {
        if message.len() <= LONGEST_LISTING {
            return Ok(None);
        }
        let (envelope, is_bare) = Self::fields(message)?;
        Ok((envelope.id != 0 && !is_bare).then_some(envelope))
    }

    /// Reads the fields. An id of 0 is as good as none: protobuf does not write it. With the envelope, whether there is a field that
    /// names a plugin or a hook in a bare request.
    fn fields(message: &Bytes) -> Result<(Self, bool), CodecError> {
        let (mut id, mut content, mut max_in_flight, mut is_bare) = (0, None, None, false);
        let mut reader = Reader::new(Slice::new(message));
        while let Some((number, wire_type)) = reader.tag()? {
            match (number, wire_type) {
                (REQUEST_ID, WireType::Varint) => id = reader.varint()?,
                (MAX_IN_FLIGHT, WireType::Varint) => max_in_flight = Some(reader.varint()?),
                (_, WireType::Bytes) => {
                    let slice = reader.bytes()?;
                    // Of several the last one counts, as protobuf has it.
                    if let Some(kind) = Kind::of_field(number) {
                        content = Some((kind, part(message, slice)));
                    }
                    is_bare |= BARE.contains(&number) && !slice.bytes.is_empty();
                }
                _ => reader.skip(number, wire_type)?,
            }
        }
        let envelope = Self {
            id,
            content,
            max_in_flight,
        };
        Ok((envelope, is_bare))
    }

    /// The id in the first bytes of a message that is too long to be read. Every known writer puts it first.
    pub(crate) fn id_at_front(head: &[u8]) -> Option<u64> {
        let mut reader = Reader::new(Slice::new(head));
        match reader.tag() {
            Ok(Some((REQUEST_ID, WireType::Varint))) => reader.varint().ok().filter(|id| *id != 0),
            _ => None,
        }
    }
}

/// Appends a frame with a message in an envelope.
pub(crate) fn put(output: &mut BytesMut, id: u64, kind: Kind, message: &[u8], max_in_flight: Option<u64>) {
    let mut head = Vec::with_capacity(OVERHEAD);
    if id != 0 {
        head.push(tag(REQUEST_ID, WireType::Varint));
        put_varint(&mut head, id);
    }
    if let Some(max_in_flight) = max_in_flight {
        head.push(tag(MAX_IN_FLIGHT, WireType::Varint));
        put_varint(&mut head, max_in_flight);
    }
    head.push(tag(kind.field(), WireType::Bytes));
    put_varint(&mut head, message.len() as u64);
    let length = head.len() + message.len();
    output.reserve(PREFIX + length);
    output.put_slice(&prefix(length));
    output.put_slice(&head);
    output.put_slice(message);
}
