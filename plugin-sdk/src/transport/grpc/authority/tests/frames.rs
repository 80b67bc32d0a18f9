//! Frames in pieces, frames that pass, and what is no HTTP/2.

use proptest::prelude::*;

use super::walked;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE, &frames.concat()].concat()
}

#[track_caller]
fn assert_walked(sent: &[Vec<u8>], expected: &[Vec<u8>]) {
    for size in [1, 2, 3, 7, 1000] {
        let got = walked(&connection(sent), &[size]);
        assert_eq!(
            got.escape_ascii().to_string(),
            connection(expected).escape_ascii().to_string()
        );
    }
}

#[test]
fn flags_of_headers() {
    let before = |flags: u8| match flags & 0x28 {
        0x08 => vec![3],
        0x20 => vec![0, 0, 0, 0, 9],
        0x28 => vec![3, 0, 0, 0, 0, 9],
        _ => vec![],
    };
    for flags in [0x04, 0x05, 0x0c, 0x24, 0x2c] {
        let padding = if flags & 0x08 != 0 { &b"\x01\x01%"[..] } else { &[] };
        let headers = |value: u8| {
            frame(
                1,
                flags,
                &[&before(flags), &b"\x01\x01"[..], &[value], padding].concat(),
            )
        };
        // The second shows that the first was left at its right end.
        assert_walked(&[headers(b'%'), headers(b'%')], &[headers(b'-'), headers(b'-')]);
    }
}

#[test]
fn a_block_in_parts() {
    let block = |value: &[u8]| [b"\x40\x0a:authority\x04", value, b"\x82"].concat();
    let (sent, expected) = (block(b"a%2F"), block(b"a-2F"));
    for first in 0..=sent.len() {
        for second in first..=sent.len() {
            let parts = |block: &[u8]| {
                vec![
                    frame(0, 0, b"\x41\x01%"),
                    frame(1, 0x09, &[b"\x02", &block[..first], b"%%"].concat()),
                    // CONTINUATION has no padding, whatever its flags say.
                    frame(9, 0x28, &block[first..second]),
                    frame(9, 0x04, &block[second..]),
                    frame(6, 0, b"\x41\x04a%2F"),
                ]
            };
            assert_walked(&parts(&sent), &parts(&expected));
        }
    }
}

#[test]
fn other_frames_pass() {
    let payload = b"\x41\x04a%2F";
    let frames: Vec<Vec<u8>> = [0, 2, 3, 4, 5, 6, 7, 8, 0x42]
        .map(|kind| frame(kind, 0x04, payload))
        .into();
    assert_walked(&frames, &frames);
}

#[test]
fn what_breaks_the_rules_passes_from_there_on() {
    let good = || frame(1, 0x04, b"\x01\x01%");
    for bad in [
        // more padding than frame, and a frame too short for its flags
        frame(1, 0x0c, b"\x04\x01\x01%"),
        frame(1, 0x0c, b""),
        frame(1, 0x24, b"\x01\x01%"),
        // a block that ends too early, or is no block
        frame(1, 0x04, b"\x04\x02%"),
        frame(1, 0x04, b"\x01\x7f\xff\xff\xff\xff\x01%"),
        // parts of a block out of order
        frame(9, 0x04, b"\x01\x01%"),
        [frame(1, 0, b""), frame(0, 0, b"")].concat(),
        [frame(1, 0, b""), good()].concat(),
    ] {
        let frames = [bad, good()];
        assert_walked(&frames, &frames);
    }
    let sent = [b"GET / HTTP/1.1\r\nhost: a\r\n".to_vec(), good()].concat();
    assert_eq!(walked(&sent, &[5]), sent);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever comes, in whatever pieces, nothing panics and pieces make no difference.
    #[test]
    fn any_bytes(
        frames in prop::collection::vec((0u8..11, any::<u8>(), prop::collection::vec(any::<u8>(), 0..80)), 0..20),
        tail in prop::collection::vec(any::<u8>(), 0..200),
        pieces in prop::collection::vec(1usize..40, 1..10),
    ) {
        let frames: Vec<_> = frames
            .iter()
            .map(|(kind, flags, payload)| frame(*kind, *flags, payload))
            .chain([tail])
            .collect();
        let sent = connection(&frames);
        prop_assert_eq!(walked(&sent, &pieces), walked(&sent, &[usize::MAX]));
    }

    /// The same, of blocks that are likelier to be long ones.
    #[test]
    fn any_blocks(
        blocks in prop::collection::vec(prop::collection::vec(
            prop_oneof![any::<u8>(), Just(0x41), Just(0x40), Just(0x01), 0u8..12, Just(0xbe)], 0..60), 0..20),
        pieces in prop::collection::vec(1usize..40, 1..10),
    ) {
        let frames: Vec<_> = blocks.iter().map(|block| frame(1, 0x04, block)).collect();
        let sent = connection(&frames);
        prop_assert_eq!(walked(&sent, &pieces), walked(&sent, &[usize::MAX]));
    }
}
