//! Frames in pieces, frames that pass, and what is not HTTP/2.

use proptest::prelude::*;

use super::{VALID_AUTHORITY, assert_walked, connection, frame, walked};

/// A block as the server reads it.
fn whole(flags: u8, block: &[u8]) -> Vec<u8> {
    frame(1, 0x04 | flags, block)
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
        let headers = frame(
            1,
            flags,
            &[&before(flags), &b"\x01\x01%\x82"[..], padding].concat(),
        );
        let read = whole(flags & 0x01, &[VALID_AUTHORITY, b"\x82"].concat());
        // The second shows that the first was left at its right end.
        assert_walked(&[headers.clone(), headers], &[read.clone(), read]);
    }
}

#[test]
fn a_block_in_parts() {
    let block = b"\x40\x0a:authority\x04a%2F\x82";
    for first in 0..=block.len() {
        for second in first..=block.len() {
            let data = || frame(0, 0, b"\x41\x01%");
            let ping = || frame(6, 0, b"\x41\x04a%2F");
            let sent = [
                data(),
                frame(1, 0x09, &[b"\x02", &block[..first], b"%%"].concat()),
                // CONTINUATION has no padding, whatever its flags say.
                frame(9, 0x28, &block[first..second]),
                frame(9, 0x04, &block[second..]),
                ping(),
            ];
            let read = whole(0x01, &[VALID_AUTHORITY, b"\x82"].concat());
            assert_walked(&sent, &[data(), read, ping()]);
        }
    }
}

#[test]
fn a_long_block() {
    let fields = [&b"\x04\x20/"[..], &[b'a'; 31]].concat().repeat(1000);
    let (one, rest) = fields.split_at(11_000);
    let (two, three) = rest.split_at(11_000);
    let sent = [frame(1, 0, one), frame(9, 0, two), frame(9, 0x04, three)];
    let (one, rest) = fields.split_at(16_384);
    let (two, three) = rest.split_at(16_384);
    let read = [frame(1, 0, one), frame(9, 0, two), frame(9, 0x04, three)];
    assert_walked(&sent, &read);
}

/// The server may allow them, which only the client is told.
#[test]
fn frames_of_any_size_become_those_that_every_server_takes() {
    let fields = [&b"\x04\x20/"[..], &[b'a'; 31]].concat().repeat(1000);
    let (one, rest) = fields.split_at(16_384);
    let (two, three) = rest.split_at(16_384);
    let read = [frame(1, 0, one), frame(9, 0, two), frame(9, 0x04, three)];
    assert_walked(&[whole(0, &fields)], &read);
}

/// Each would be eleven bytes long, where it came as one.
#[test]
fn many_authorities_become_two() {
    let sent = whole(0, &[0x81; 16_000]);
    let read = whole(0, &VALID_AUTHORITY.repeat(2));
    assert_walked(&[sent.clone(), sent], &[read.clone(), read]);
}

#[test]
fn a_block_that_is_too_long_is_the_last() {
    let mut sent = vec![frame(1, 0, b"\x82")];
    sent.resize(1100, frame(9, 0, &[0x82; 1000]));
    sent.extend([frame(9, 0x04, b""), whole(0, b"\x82")]);
    let sent = connection(&sent);
    let read = walked(&sent, &[977]);
    assert!(read.len() < sent.len());
    assert!(read.len() > 1024 * 1000);
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
fn what_breaks_the_rules_passes_and_is_the_last() {
    let good = || frame(1, 0x04, b"\x01\x01%");
    for bad in [
        // more padding than frame, and a frame too short for its flags
        vec![frame(1, 0x0c, b"\x04\x01\x01%")],
        vec![frame(1, 0x0c, b"")],
        vec![frame(1, 0x24, b"\x01\x01%")],
        // parts of a block out of order
        vec![frame(9, 0x04, b"\x01\x01%")],
        vec![frame(1, 0, b""), frame(0, 0, b"")],
        vec![frame(1, 0, b""), good()],
        vec![frame(1, 0, b"\x41"), vec![0, 0, 0, 9, 0, 0, 0, 0, 3]],
    ] {
        assert_walked(&[bad.clone(), vec![good()]].concat(), &bad);
    }
    // a block that ends too early, or is no block
    for bad in [&b"\x04\x02%"[..], b"\x01\x7f\xff\xff\xff\xff\x01%"] {
        assert_walked(&[frame(1, 0x04, bad), good()], &[whole(0, b"\x80")]);
    }
}

#[test]
fn what_is_not_http_2_passes() {
    let good = frame(1, 0x04, b"\x01\x01%");
    let sent = [&b"GET / HTTP/1.1\r\nhost: a\r\n"[..], &good].concat();
    for pieces in [1, 5, 1000] {
        assert_eq!(walked(&sent, &[pieces]), sent);
    }
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
