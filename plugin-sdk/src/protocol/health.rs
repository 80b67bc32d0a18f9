//! `HealthCheckRequest` and `HealthCheckResponse`.

use bytes::Bytes;

use crate::codec::{
    CodecError, Encoding,
    wire::{Reader, Slice, WireType, tag},
};

/// The distance from the port of MCP over HTTP with TLS to that of its health and metrics, which are served without TLS.
pub(crate) const PORT_DISTANCE: u16 = 1000;

const STATUS: u32 = 1;

/// `ServingStatus`.
const SERVING: u8 = 1;
const NOT_SERVING: u8 = 2;

/// The request for the state of the server.
pub(crate) fn request(encoding: Encoding) -> Bytes {
    match encoding {
        Encoding::Protobuf => Bytes::new(),
        Encoding::Json => Bytes::from_static(b"{}"),
    }
}

/// The answer of a server that is up.
pub(crate) const SERVING_RESPONSE: [u8; 2] = write(true);

/// Writes the answer.
pub(crate) const fn write(is_serving: bool) -> [u8; 2] {
    [
        tag(STATUS, WireType::Varint),
        if is_serving { SERVING } else { NOT_SERVING },
    ]
}

/// Whether the answer says that the server is up.
pub(crate) fn read(encoding: Encoding, message: &[u8]) -> Result<bool, CodecError> {
    // That it answered is all that MCP has.
    if encoding == Encoding::Json {
        return Ok(true);
    }
    let mut status = 0;
    let mut reader = Reader::new(Slice::new(message));
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (STATUS, WireType::Varint) => status = reader.varint()?,
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok(status == u64::from(SERVING))
}
