//! Each way to write an authority, byte by byte.

use super::{END_HEADERS, HEADERS, VALID_AUTHORITY, frame};

const NAME: &[u8] = b":authority";
const HUFFMAN_NAME: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];

/// What the server refuses a connection for.
const NO_BLOCK: &[u8] = &[0x80];

/// With incremental indexing, without indexing, never indexed.
const KINDS: [u8; 3] = [0x40, 0x00, 0x10];

fn text(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

fn huffman(code: &[u8]) -> Vec<u8> {
    [&[0x80 | u8::try_from(code.len()).unwrap()], code].concat()
}

/// Blocks that a client sends in turn, each with what the server reads.
#[track_caller]
fn assert_walked(blocks: &[(Vec<u8>, Vec<u8>)]) {
    let (sent, expected): (Vec<_>, Vec<_>) = blocks
        .iter()
        .map(|(sent, expected)| {
            [sent, expected]
                .map(|block| frame(HEADERS, END_HEADERS, block))
                .into()
        })
        .unzip();
    super::assert_walked(&sent, &expected);
}

fn replaced(block: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    (block, VALID_AUTHORITY.to_vec())
}

fn unchanged(block: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    (block.clone(), block)
}

#[test]
fn literals_with_the_static_name() {
    for kind in KINDS {
        assert_walked(&[replaced([vec![kind | 1], text(b"run%2Fp.sock")].concat())]);
    }
}

#[test]
fn literals_with_a_literal_name() {
    for kind in KINDS {
        for name in [text(NAME), huffman(HUFFMAN_NAME)] {
            assert_walked(&[replaced([vec![kind], name, text(b"a%2Fb:c@d[e]_~.")].concat())]);
        }
    }
}

#[test]
fn a_huffman_coded_value() {
    // `www.example.com` (RFC 7541, section C.4.1)
    let value = [
        0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
    ];
    assert_walked(&[replaced([vec![0x41], huffman(&value)].concat())]);
}

#[test]
fn empty_values() {
    // The whole field is at place 1 of the static table.
    assert_walked(&[replaced(vec![0x81])]);
    for kind in KINDS {
        for value in [text(b""), huffman(b"")] {
            assert_walked(&[replaced([vec![kind | 1], value.clone()].concat())]);
            for name in [text(NAME), huffman(HUFFMAN_NAME)] {
                assert_walked(&[replaced([vec![kind], name, value.clone()].concat())]);
            }
        }
    }
}

#[test]
fn fields_by_dynamic_index() {
    let other = |name: &[u8]| [vec![0x40], text(name), text(b"%")].concat();
    assert_walked(&[
        unchanged(other(b"a")),
        unchanged(vec![0xbe]),
        replaced([vec![0x41], text(b"")].concat()),
        replaced(vec![0xbe]),
        // The server did not insert the authority.
        (vec![0xbf], vec![0xbe]),
        unchanged(other(b"b")),
        unchanged(vec![0xbe]),
        replaced(vec![0xbf]),
        (vec![0xc0], vec![0xbf]),
        replaced([vec![0x41], text(b"%")].concat()),
        (
            [vec![0xbe], vec![0xbf], vec![0xc0], vec![0xc1]].concat(),
            [VALID_AUTHORITY, &[0xbe], VALID_AUTHORITY, &[0xbf]].concat(),
        ),
        // There is no such field, as the server will say.
        (vec![0xc2], vec![0xc0]),
    ]);
}

#[test]
fn names_by_dynamic_index() {
    let other = [vec![0x40], text(b"a"), text(b"%")].concat();
    let by_index = |index: u8, value| [vec![0x0f, index - 0x0f], text(value)].concat();
    assert_walked(&[
        replaced([vec![0x41], text(b"%")].concat()),
        replaced(by_index(62, b"%1")),
        unchanged(other.clone()),
        unchanged(by_index(62, b"%2")),
        replaced(by_index(63, b"%3")),
        (by_index(64, b"%4"), by_index(63, b"%4")),
        // An insertion whose name is an index has the same name.
        unchanged([vec![0x40 | 0x3e], text(b"%5")].concat()),
        replaced([vec![0x7f, 0x01], text(b"%6")].concat()),
        replaced(by_index(62, b"%7")),
        (by_index(63, b"%8"), by_index(62, b"%8")),
    ]);
}

#[test]
fn the_oldest_entry_of_a_table_of_the_smallest_entries() {
    let inserted = [vec![0x41], text(b"%")].concat();
    let smallest = vec![0x40, 0x00, 0x00];
    let oldest = |insertions_ago: u8| vec![0xff, 0x80 | (62 + insertions_ago - 127), 0x00];
    let blocks = [
        vec![replaced(inserted)],
        vec![unchanged(smallest.clone()); 127],
        vec![replaced(oldest(127))],
        vec![unchanged(smallest)],
        // No table has as many.
        vec![(oldest(128), NO_BLOCK.to_vec())],
    ];
    assert_walked(&blocks.concat());
}

#[test]
fn nothing_else_changes() {
    let literal = |first: u8, name: &[u8], value: &[u8]| [vec![first], text(name), text(value)].concat();
    assert_walked(&[
        unchanged(vec![0x82, 0xbe, 0xff, 0x00]),
        unchanged(vec![0x20, 0x3f, 0xe1, 0x1f]),
        unchanged(literal(0x40, b":authoritx", b"%")),
        unchanged(literal(0x40, b":authorit", b"%")),
        unchanged(literal(0x00, b":authority2", b"%")),
        unchanged(literal(0x00, b"Xauthority", b"%")),
        unchanged(literal(0x10, b"", b"%")),
        unchanged([vec![0x40], huffman(NAME), text(b"%")].concat()),
        unchanged([vec![0x40], text(HUFFMAN_NAME), text(b"%")].concat()),
        unchanged([vec![0x44], text(b"/cpex.PluginService/%")].concat()),
    ]);
}

#[test]
fn a_long_value() {
    let length = 127 + 73 + 128;
    let value = [&[0x7f, 0x80 | 0x49, 0x01], &vec![b'%'; length][..]].concat();
    assert_walked(&[
        replaced([&[0x41], &value[..]].concat()),
        unchanged([&[0x44], &value[..]].concat()),
    ]);
}

#[test]
fn what_is_no_block() {
    for block in [
        &[0x41, 0x7f, 0xff, 0xff, 0xff, 0x80][..],
        &[0x41],
        &[0x41, 0x01],
        &[0x40, 0x01],
        &[0xff],
        &[0x40, 0x00],
    ] {
        assert_walked(&[(block.to_vec(), NO_BLOCK.to_vec())]);
    }
}
