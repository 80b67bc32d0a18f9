//! What a call costs as its payload grows: time by byte, and memory beside the payload itself.

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    load::frames::{Connection, frame},
    measure::{
        Compared, Effort, Spread,
        affinity::{Placement, on_core},
        process,
    },
    report::{Row, Target, Unit},
    server::{Server, Transport},
};

const PATH: &str = "size";
/// What the others are compared with: large enough that a call costs little beside its bytes.
const BASE: usize = 1 << 20;
/// A frame is at most 16 MiB, and what surrounds the text has some of it.
const SIZES: [usize; 4] = [64 << 10, BASE, 4 << 20, (16 << 20) - 1024];

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (plugin, what, most) in [
        ("ReplaceInQuery", "another argument changed", Some(2.2)),
        ("Allow", "let pass", Some(2.2)),
        // The text is decoded, which the hook asks for.
        ("ReplaceWords", "all arguments read", None),
    ] {
        let (mut times, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..effort.rounds {
            let mut round = Vec::new();
            for size in SIZES {
                let (time, copies) = large_calls(plugin, size)?;
                round.push(time);
                memory.push((size, copies));
            }
            times.push(round);
        }
        let base = SIZES.iter().position(|size| *size == BASE).unwrap_or_default();
        for (at, size) in SIZES.iter().enumerate().filter(|(at, _)| *at != base) {
            let rounds: Vec<_> = times.iter().map(|round| (round[at], round[base])).collect();
            let case = format!("processor time by byte, {} {what}", Size::Bytes(*size).name());
            let target = (*size > BASE).then_some(Target::RatioAtMost(1.15));
            rows.push(
                Row::new(
                    PATH,
                    case,
                    "the same with 1 MiB",
                    Unit::Picoseconds,
                    Compared::of(&rounds),
                )
                .with_target(target),
            );
        }
        for size in SIZES.into_iter().filter(|size| *size >= BASE) {
            let of_size = memory
                .iter()
                .filter(|each| each.0 == size)
                .map(|each| (each.1, 1.0));
            let compared = Compared::of(&of_size.collect::<Vec<_>>());
            let case = format!(
                "most memory above that of an idle server, {} {what}",
                Size::Bytes(size).name()
            );
            rows.push(
                Row::new(PATH, case, "the payload", Unit::Copies, compared)
                    .with_target(most.map(Target::RatioAtMost)),
            );
        }
    }
    Ok(rows)
}

/// Picoseconds of the server's processor for each byte of a request, and how many times its size the server's memory grew by.
fn large_calls(plugin: &str, size: usize) -> Result<(f64, f64)> {
    let modified = plugin != "Allow";
    let small = frame(&requests::protobuf(plugin, Size::Small)?)?;
    let large = frame(&requests::protobuf(plugin, Size::Bytes(size))?)?;
    let mut server = Server::ours(Transport::Unix)?;
    server.wait(|address| Connection::open(address.socket()?)?.call(&small).map(drop))?;
    let idle = process::resident(server.id())?;
    let times: Vec<f64> = on_core(Placement::SameCore.client(), || {
        let mut connection = Connection::open(server.address.socket()?)?;
        requests::check_protobuf(connection.call(&large)?, modified)?;
        (0..5)
            .map(|_| {
                let calls = (BASE / size).max(1);
                let before = server.processor_time()?;
                for _ in 0..calls {
                    connection.call(&large)?;
                }
                Ok((server.processor_time()? - before) * 1e12 / (calls * large.len()) as f64)
            })
            .collect()
    })?;
    let grown = process::peak(server.id())? - idle;
    Ok((Spread::of(times).median, grown / large.len() as f64))
}
