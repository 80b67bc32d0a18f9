//! What a full decoder makes of a connection, without the adapter and behind it: all but the authorities must be equal.

use fluke_hpack::Decoder;
use proptest::prelude::*;

use super::{
    VALID_AUTHORITY,
    client::{Client, Field, Manner, Request, authority, framing, manner},
    walked,
};

/// A field: few names and values, so that indices are of use, and sizes that fill the table.
fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        3 => authority().prop_map(|value| (":authority".into(), value)),
        1 => Just((":authority".into(), "tmp%2Fa.sock".into())),
        3 => ("(x-a|user-agent|:path|x-authority)", "(POST|/|%2F|[a-z%]{0,200})"),
        1 => ("[a-z]{0,3}", "[a-z]?"),
        1 => Just((":method".into(), "POST".into())),
        1 => ("x-long", "[a-z]{900,1500}"),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let size_updates = prop_oneof![
        6 => Just(vec![]),
        1 => prop::collection::vec(prop_oneof![Just(0usize), 0..200usize, 0..4097usize, Just(4096)], 1..3),
    ];
    let fields: proptest::collection::VecStrategy<(_, _)> = prop::collection::vec((field(), manner()), 1..20);
    (fields, size_updates, framing()).prop_map(
        |(fields, size_updates, framing): (Vec<(Field, Manner)>, _, _)| Request {
            fields,
            size_updates,
            framing,
        },
    )
}

/// A block, and whether the stream ends with it.
type Block = (bool, Vec<u8>);

/// The blocks in what was sent, and the rest: the frames without headers, and the stream of each block.
fn blocks(mut sent: &[u8]) -> (Vec<Block>, Vec<u8>) {
    let mut rest = sent[..24].to_vec();
    sent = &sent[24..];
    let mut blocks = vec![];
    let mut block = (false, vec![]);
    while !sent.is_empty() {
        let length = u32::from_be_bytes([0, sent[0], sent[1], sent[2]]) as usize;
        let (kind, flags) = (sent[3], sent[4]);
        let payload = &sent[9..9 + length];
        let (mut start, mut end) = (0, length);
        if kind == 1 {
            block.0 = flags & 0x01 != 0;
            if flags & 0x08 != 0 {
                start += 1;
                end -= usize::from(payload[0]);
            }
            if flags & 0x20 != 0 {
                start += 5;
            }
        }
        if kind == 1 || kind == 9 {
            block.1.extend(&payload[start..end]);
            if flags & 0x04 != 0 {
                rest.extend(&sent[5..9]);
                blocks.push(std::mem::take(&mut block));
            }
        } else {
            rest.extend(&sent[..9 + length]);
        }
        sent = &sent[9 + length..];
    }
    (blocks, rest)
}

fn decoded(blocks: &[Block]) -> Vec<Vec<Field>> {
    let mut decoder = Decoder::new();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let decode = |(_, block): &Block| decoder.decode(block).unwrap();
    let fields = blocks.iter().map(decode);
    fields
        .map(|fields| {
            fields
                .into_iter()
                .map(|(name, value)| (text(name), text(value)))
                .collect()
        })
        .collect()
}

/// The fields without the authorities after the second.
fn with_two_authorities(fields: Vec<Field>) -> Vec<Field> {
    let mut authorities = 0;
    let is_kept = |(name, _): &Field| {
        authorities += usize::from(name == ":authority");
        name != ":authority" || authorities <= 2
    };
    fields.into_iter().filter(is_kept).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_but_authorities_are_equal(
        requests in prop::collection::vec(request(), 1..15),
        pieces in prop::collection::vec(1usize..3000, 1..10),
    ) {
        let mut client = Client::new();
        for request in &requests {
            client.send(request);
        }
        let read = walked(&client.sent, &pieces);

        let (sent_blocks, sent_rest) = blocks(&client.sent);
        let (read_blocks, read_rest) = blocks(&read);
        prop_assert_eq!(sent_rest, read_rest);
        prop_assert!(sent_blocks.iter().map(|block| block.0).eq(read_blocks.iter().map(|block| block.0)));
        let sent = decoded(&sent_blocks);
        let fields = |request: &Request| request.fields.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>();
        prop_assert_eq!(&sent, &requests.iter().map(fields).collect::<Vec<_>>());
        // No block grows by more than the two authorities that it may have.
        for (sent, read) in sent_blocks.iter().zip(&read_blocks) {
            prop_assert!(read.1.len() <= sent.1.len() + 2 * VALID_AUTHORITY.len());
        }
        let sent: Vec<_> = sent.into_iter().map(with_two_authorities).collect();
        let read = decoded(&read_blocks);
        prop_assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), read.iter().map(Vec::len).collect::<Vec<_>>());
        for (sent, read) in sent.iter().flatten().zip(read.iter().flatten()) {
            prop_assert_eq!(&sent.0, &read.0);
            let expected = if sent.0 == ":authority" { "localhost" } else { &sent.1 };
            prop_assert_eq!(expected, &read.1);
        }
    }
}
