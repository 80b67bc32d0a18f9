//! Protobuf by hand, for documents that no library would write.

/// A varint.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

/// The same number in more bytes than it needs.
pub(crate) fn overlong(value: u64) -> Vec<u8> {
    let mut bytes = varint(value);
    if let Some(last) = bytes.last_mut() {
        *last |= 0x80;
    }
    bytes.extend([0x80, 0x00]);
    bytes
}

pub(crate) fn tag(number: u64, wire_type: u64) -> Vec<u8> {
    varint(number << 3 | wire_type)
}

/// A length-delimited field.
pub(crate) fn bytes(number: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [&tag(number, 2), &varint(content.len() as u64), content].concat()
}

/// An entry of a `Struct`; the value is the content of a `Value`.
pub(crate) fn entry(key: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    bytes(1, [bytes(1, key), bytes(2, value)].concat())
}

/// An element of a `ListValue`.
pub(crate) fn element(value: impl AsRef<[u8]>) -> Vec<u8> {
    bytes(1, value)
}

/// The content of `Value`s.
pub(crate) fn null() -> Vec<u8> {
    [tag(1, 0), varint(0)].concat()
}

pub(crate) fn number(value: f64) -> Vec<u8> {
    [tag(2, 1).as_slice(), &value.to_le_bytes()].concat()
}

pub(crate) fn text(value: impl AsRef<[u8]>) -> Vec<u8> {
    bytes(3, value)
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    [tag(4, 0), varint(value.into())].concat()
}

pub(crate) fn object(content: impl AsRef<[u8]>) -> Vec<u8> {
    bytes(5, content)
}

pub(crate) fn list(content: impl AsRef<[u8]>) -> Vec<u8> {
    bytes(6, content)
}

/// A document with so many objects inside one another, below the root; the innermost is empty.
pub(crate) fn nested_objects(count: usize) -> Vec<u8> {
    (0..count).fold(Vec::new(), |inside, _| entry("k", object(inside)))
}

/// A document with so many lists inside one another; the innermost is empty.
pub(crate) fn nested_lists(count: usize) -> Vec<u8> {
    let lists = (1..count).fold(list([]), |inside, _| list(element(inside)));
    entry("k", lists)
}
