//! Each way to write an authority, byte by byte.

use crate::transport::grpc::authority::block::{HeaderBlocks, Malformed};

const NAME: &[u8] = b":authority";
const HUFFMAN_NAME: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];

fn text(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

fn huffman(code: &[u8]) -> Vec<u8> {
    [&[0x80 | u8::try_from(code.len()).unwrap()], code].concat()
}

/// Walks blocks in one piece and byte by byte.
#[track_caller]
fn assert_walked(blocks: &[(Vec<u8>, Vec<u8>)]) {
    for size in [1, usize::MAX] {
        let mut walked = HeaderBlocks::new();
        for (sent, expected) in blocks {
            let mut bytes = sent.clone();
            for piece in bytes.chunks_mut(size) {
                walked.walk(piece).unwrap();
            }
            walked.end().unwrap();
            assert_eq!(
                bytes.escape_ascii().to_string(),
                expected.escape_ascii().to_string()
            );
        }
    }
}

fn unchanged(block: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    (block.clone(), block)
}

#[test]
fn literals_with_the_static_name() {
    for first in [0x41, 0x01, 0x11] {
        let block = |value| [vec![first], text(value)].concat();
        assert_walked(&[(block(b"run%2Fp.sock"), block(b"run-2Fp.sock"))]);
    }
}

#[test]
fn literals_with_a_literal_name() {
    for first in [0x40, 0x00, 0x10] {
        for name in [text(NAME), huffman(HUFFMAN_NAME)] {
            let block = |value| [vec![first], name.clone(), text(value)].concat();
            assert_walked(&[(block(b"a%2Fb:c@d[e]_~."), block(b"a-2Fb-c-d-e-_~."))]);
        }
    }
}

#[test]
fn a_huffman_coded_value_keeps_its_length() {
    // `www.example.com` (RFC 7541, section C.4.1)
    let sent = [
        0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
    ];
    let expected = [
        0xff, 0xef, 0xff, 0x7f, 0xfb, 0xff, 0xdf, 0xfe, 0xff, 0xf7, 0xff, 0xbf,
    ];
    let block = |value: &[u8]| [vec![0x41], huffman(value)].concat();
    assert_walked(&[(block(&sent), block(&expected))]);
}

#[test]
fn names_by_dynamic_index() {
    let inserted = |value| [vec![0x41], text(value)].concat();
    let other = [vec![0x40], text(b"a"), text(b"%")].concat();
    let by_index = |index: u8, value| [vec![0x0f, index - 0x0f], text(value)].concat();
    assert_walked(&[
        (inserted(b"%"), inserted(b"-")),
        (by_index(62, b"%1"), by_index(62, b"-1")),
        unchanged(other.clone()),
        unchanged(by_index(62, b"%2")),
        (by_index(63, b"%3"), by_index(63, b"-3")),
        unchanged(by_index(64, b"%4")),
        // An insertion whose name is an index has the same name.
        unchanged([vec![0x40 | 0x3e], text(b"%5")].concat()),
        (
            [vec![0x7f, 0x01], text(b"%6")].concat(),
            [vec![0x7f, 0x01], text(b"-6")].concat(),
        ),
        (by_index(62, b"%7"), by_index(62, b"-7")),
    ]);
}

#[test]
fn the_oldest_entry_of_a_table_of_the_smallest_entries() {
    let inserted = [vec![0x41], text(b"%")].concat();
    let mut blocks = HeaderBlocks::new();
    blocks.walk(&mut inserted.clone()).unwrap();
    for _ in 0..127 {
        blocks.walk(&mut [0x40, 0x00, 0x00]).unwrap();
    }
    let mut oldest = [0x0f, 0x80 | (62 + 127 - 0x0f - 128), 0x01, 0x01, b'%'];
    blocks.walk(&mut oldest).unwrap();
    assert_eq!(oldest[4], b'-');
    blocks.walk(&mut [0x40, 0x00, 0x00]).unwrap();
    oldest[1..].copy_from_slice(&[0x80 | (62 + 128 - 0x0f - 128), 0x01, 0x01, b'%']);
    blocks.walk(&mut oldest).unwrap();
    assert_eq!(oldest[4], b'%');
}

#[test]
fn nothing_else_changes() {
    let literal = |first: u8, name: &[u8], value: &[u8]| [vec![first], text(name), text(value)].concat();
    assert_walked(&[
        unchanged(vec![0x81, 0x82, 0xbe, 0xff, 0x00]),
        unchanged(vec![0x20, 0x3f, 0xe1, 0x1f]),
        unchanged(literal(0x40, b":authoritx", b"%")),
        unchanged(literal(0x40, b":authorit", b"%")),
        unchanged(literal(0x00, b":authority2", b"%")),
        unchanged(literal(0x00, b"Xauthority", b"%")),
        unchanged(literal(0x10, b"", b"%")),
        unchanged([vec![0x40], huffman(NAME), text(b"%")].concat()),
        unchanged([vec![0x40], text(HUFFMAN_NAME), text(b"%")].concat()),
        unchanged([vec![0x44], text(b"/cpex.PluginService/%")].concat()),
        unchanged(literal(0x40, NAME, b"")),
        unchanged(vec![0x41, 0x80]),
    ]);
}

#[test]
fn a_long_value() {
    let block = |value: &[u8]| [&[0x41, 0x7f, 0x80 | 0x49, 0x01], value].concat();
    let length = 127 + 73 + 128;
    assert_walked(&[(block(&vec![b'%'; length]), block(&vec![b'-'; length]))]);
}

#[test]
fn what_is_no_block() {
    let mut blocks = HeaderBlocks::new();
    let integer = [0x41, 0x7f, 0xff, 0xff, 0xff, 0x80];
    assert_eq!(blocks.walk(&mut integer.clone()), Err(Malformed));

    for unfinished in [&[0x41][..], &[0x41, 0x01], &[0x40, 0x01], &[0xff], &[0x40, 0x00]] {
        let mut blocks = HeaderBlocks::new();
        blocks.walk(&mut unfinished.to_vec()).unwrap();
        assert_eq!(blocks.end(), Err(Malformed), "{unfinished:?}");
    }
}
