//! A client that writes header blocks in every way that RFC 7541 and RFC 9113 allow, as a test tells it.

use std::collections::VecDeque;

use proptest::{prelude::*, sample::Index};

/// The characters with codes of 5, 6, 7, 8, 10, 11, 12 and 13 bits, in the order of the codes (RFC 7541, appendix B).
const CODES: [(u32, &str); 8] = [
    (5, "012aceiost"),
    (6, " %-./3456789=A_bdfghlmnpru"),
    (7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, "&*,;XZ"),
    (10, "!\"()?"),
    (11, "'+|"),
    (12, "#>"),
    (13, "\0$@[]~"),
];

/// The part of the static table that requests here refer to.
const STATIC: [(usize, &str, &str); 6] = [
    (1, ":authority", ""),
    (2, ":method", "GET"),
    (3, ":method", "POST"),
    (4, ":path", "/"),
    (6, ":scheme", "http"),
    (58, "user-agent", ""),
];

pub(super) type Field = (String, String);

/// How a field is written.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// The first byte and the bits of the index: with, without, never.
    literal: (u8, u8),
    may_be_index: bool,
    may_have_name_index: bool,
    which: Index,
    huffman_name: bool,
    huffman_value: bool,
}

/// How a block is put into frames.
#[derive(Debug, Clone)]
pub(super) struct Framing {
    padding: Option<u8>,
    has_priority: bool,
    cuts: Vec<Index>,
    /// The payload of a frame of another type that follows.
    between: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) fields: Vec<(Field, Manner)>,
    pub(super) size_updates: Vec<usize>,
    pub(super) framing: Framing,
}

pub(super) fn manner() -> impl Strategy<Value = Manner> {
    let literal = prop_oneof![4 => Just((0x40, 6)), 1 => Just((0x00, 4)), 1 => Just((0x10, 4))];
    (literal, any::<[bool; 4]>(), any::<Index>()).prop_map(|(literal, [a, b, c, d], which)| Manner {
        literal,
        may_be_index: a,
        may_have_name_index: b,
        which,
        huffman_name: c,
        huffman_value: d,
    })
}

pub(super) fn framing() -> impl Strategy<Value = Framing> {
    let between = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    let cuts = prop::collection::vec(any::<Index>(), 0..3);
    (prop::option::of(0u8..20), any::<bool>(), cuts, between).prop_map(
        |(padding, has_priority, cuts, between)| Framing {
            padding,
            has_priority,
            cuts,
            between,
        },
    )
}

/// What a client sends, in the order of likelihood: the path of a socket, text with long Huffman codes, any authority.
pub(super) fn authority() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(tmp|run)(%2F[a-z]{1,12}){1,4}\\.sock",
        2 => "[~$!'()+@%]{1,90}",
        2 => "[A-Za-z0-9._~!$&'()*+,;=:@%\\[\\]-]{1,40}",
        1 => "[a-z%]{1,3}",
        1 => "(%2F[a-z]{20,60}){50,110}",
        2 => Just(String::new()),
    ]
}

/// A client with its dynamic table.
pub(super) struct Client {
    table: VecDeque<Field>,
    maximum: usize,
    stream: u32,
    pub(super) evictions: usize,
    pub(super) sent: Vec<u8>,
}

impl Client {
    pub(super) fn new() -> Self {
        Self {
            table: VecDeque::new(),
            maximum: 4096,
            stream: 1,
            evictions: 0,
            sent: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
        }
    }

    pub(super) fn send(&mut self, request: &Request) {
        let mut block = Vec::new();
        for size in &request.size_updates {
            integer(&mut block, 0x20, 5, *size);
            self.maximum = *size;
            self.evict();
        }
        for (field, manner) in &request.fields {
            self.put(&mut block, field, manner);
        }
        self.put_frames(&block, &request.framing);
        self.stream += 2;
    }

    fn put(&mut self, block: &mut Vec<u8>, field: &Field, manner: &Manner) {
        let fixed = STATIC.iter().map(|(index, name, value)| (*index, *name, *value));
        let dynamic = self
            .table
            .iter()
            .zip(62..)
            .map(|((name, value), index)| (index, name.as_str(), value.as_str()));
        let of_name: Vec<_> = dynamic
            .chain(fixed)
            .filter(|(_, name, _)| *name == field.0)
            .collect();
        if manner.may_be_index
            && let Some((index, ..)) = of_name.iter().find(|(_, _, value)| *value == field.1)
        {
            return integer(block, 0x80, 7, *index);
        }
        let (first, bits) = manner.literal;
        if manner.may_have_name_index && !of_name.is_empty() {
            integer(block, first, bits, manner.which.get(&of_name).0);
        } else {
            block.push(first);
            string(block, &field.0, manner.huffman_name);
        }
        string(block, &field.1, manner.huffman_value);
        if first == 0x40 {
            self.table.push_front(field.clone());
            self.evict();
        }
    }

    fn evict(&mut self) {
        let size = |table: &VecDeque<Field>| {
            table
                .iter()
                .map(|(name, value)| name.len() + value.len() + 32)
                .sum()
        };
        while self.maximum < size(&self.table) {
            self.table.pop_back();
            self.evictions += 1;
        }
    }

    fn put_frames(&mut self, block: &[u8], framing: &Framing) {
        let mut cuts: Vec<usize> = framing
            .cuts
            .iter()
            .map(|cut| cut.index(block.len() + 1))
            .collect();
        cuts.extend([0, block.len()]);
        cuts.sort_unstable();
        let last = cuts.len() - 2;
        for (number, cut) in cuts.windows(2).enumerate() {
            let end_headers = if number == last { 0x04 } else { 0 };
            let part = &block[cut[0]..cut[1]];
            if number > 0 {
                self.put_frame(9, end_headers, part);
                continue;
            }
            // A request of these tests is over with its headers.
            let mut flags = 0x01 | end_headers;
            let mut payload = Vec::new();
            if let Some(padding) = framing.padding {
                flags |= 0x08;
                payload.push(padding);
            }
            if framing.has_priority {
                flags |= 0x20;
                payload.extend([0, 0, 0, 0, 9]);
            }
            payload.extend(part);
            payload.resize(payload.len() + usize::from(framing.padding.unwrap_or(0)), 0);
            self.put_frame(1, flags, &payload);
        }
        if let Some(payload) = &framing.between {
            // Of a type that every server ignores.
            self.put_frame(0x42, 0x04, payload);
        }
    }

    fn put_frame(&mut self, kind: u8, flags: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        self.sent.extend(&length[1..]);
        self.sent.extend([kind, flags]);
        self.sent.extend(self.stream.to_be_bytes());
        self.sent.extend(payload);
    }
}

fn integer(block: &mut Vec<u8>, first: u8, bits: u8, value: usize) {
    let mask = (1 << bits) - 1;
    if value < mask {
        return block.push(first | u8::try_from(value).unwrap());
    }
    block.push(first | u8::try_from(mask).unwrap());
    let mut rest = value - mask;
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
}

fn string(block: &mut Vec<u8>, text: &str, is_huffman: bool) {
    let bytes = if is_huffman { huffman(text) } else { text.into() };
    integer(block, if is_huffman { 0x80 } else { 0 }, 7, bytes.len());
    block.extend(bytes);
}

fn huffman(text: &str) -> Vec<u8> {
    let mut bits = String::new();
    for character in text.chars() {
        let mut code = 0;
        let mut before = 5;
        for (length, characters) in CODES {
            code <<= length - before;
            before = length;
            if let Some(place) = characters.chars().position(|other| other == character) {
                let code = format!("{:01$b}", code + place, length as usize);
                bits += &code;
            }
            code += characters.len();
        }
    }
    bits += &"1".repeat((8 - bits.len() % 8) % 8);
    let bytes = bits
        .as_bytes()
        .chunks(8)
        .map(|byte| std::str::from_utf8(byte).unwrap());
    bytes.map(|byte| u8::from_str_radix(byte, 2).unwrap()).collect()
}
