//! `PluginResultBase`, of which hosts read only `denial_metadata`.

use crate::{
    codec::{
        CodecError,
        wire::{Reader, Slice, WireType, begin_message, end_message, put_bytes, put_varint, tag},
    },
    denial_metadata::{DenialMetadata, DenialMetric},
};

/// The field of `PluginResultBase`.
const DENIAL_METADATA: u32 = 4;

/// The field of `DenialMetadata`, and those of its entries.
const FIELDS: u32 = 1;
const KEY: u32 = 1;
const VALUE: u32 = 2;

/// Fields of `DenialMetric`.
const BOOLEAN: u32 = 1;
const INTEGER: u32 = 2;
const FLOATING: u32 = 3;

/// Appends a `PluginResultBase` as a field with this tag.
pub(super) fn write_base(out: &mut Vec<u8>, base_tag: u8, metadata: &DenialMetadata) {
    let base = begin_message(out, base_tag);
    let fields = begin_message(out, tag(DENIAL_METADATA, WireType::Bytes));
    for (key, metric) in metadata.accepted() {
        let entry = begin_message(out, tag(FIELDS, WireType::Bytes));
        put_bytes(out, tag(KEY, WireType::Bytes), key.as_bytes());
        let value = begin_message(out, tag(VALUE, WireType::Bytes));
        match metric {
            DenialMetric::Boolean(value) => {
                out.extend_from_slice(&[tag(BOOLEAN, WireType::Varint), u8::from(value)]);
            }
            DenialMetric::Integer(value) => {
                out.push(tag(INTEGER, WireType::Varint));
                // sint64: zigzag.
                put_varint(out, (value << 1 ^ value >> 63).cast_unsigned());
            }
            DenialMetric::Floating(value) => {
                out.push(tag(FLOATING, WireType::Fixed64));
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        end_message(out, value);
        end_message(out, entry);
    }
    end_message(out, fields);
    end_message(out, base);
}

/// Reads the denial metadata of a `PluginResultBase`.
pub(super) fn read_base(base: &[u8]) -> Result<Option<DenialMetadata>, CodecError> {
    let mut metadata: Option<DenialMetadata> = None;
    let mut reader = Reader::new(Slice::new(base));
    while let Some((number, wire_type)) = reader.tag()? {
        if (number, wire_type) != (DENIAL_METADATA, WireType::Bytes) {
            reader.skip(number, wire_type)?;
            continue;
        }
        let metadata = metadata.get_or_insert_default();
        let mut fields = Reader::new(reader.bytes()?);
        while let Some((number, wire_type)) = fields.tag()? {
            match (number, wire_type) {
                (FIELDS, WireType::Bytes) => {
                    if let (key, Some(metric)) = entry(fields.bytes()?)? {
                        metadata.insert(key, metric);
                    }
                }
                _ => fields.skip(number, wire_type)?,
            }
        }
    }
    Ok(metadata.map(DenialMetadata::into_accepted))
}

fn entry(entry: Slice<'_>) -> Result<(&str, Option<DenialMetric>), CodecError> {
    let (mut key, mut value) = ("", None);
    let mut reader = Reader::new(entry);
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (KEY, WireType::Bytes) => key = reader.bytes()?.utf8()?,
            (VALUE, WireType::Bytes) => value = metric(reader.bytes()?)?.or(value),
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok((key, value))
}

fn metric(message: Slice<'_>) -> Result<Option<DenialMetric>, CodecError> {
    let mut metric = None;
    let mut reader = Reader::new(message);
    while let Some((number, wire_type)) = reader.tag()? {
        metric = Some(match (number, wire_type) {
            (BOOLEAN, WireType::Varint) => DenialMetric::Boolean(reader.varint()? != 0),
            (INTEGER, WireType::Varint) => {
                let zigzag = reader.varint()?;
                DenialMetric::Integer((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
            }
            (FLOATING, WireType::Fixed64) => DenialMetric::Floating(reader.double()?),
            _ => {
                reader.skip(number, wire_type)?;
                continue;
            }
        });
    }
    Ok(metric)
}
