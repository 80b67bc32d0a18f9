//! From start to the first answer, memory, and what open connections cost.

use std::{cell::RefCell, time::Instant};

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    floors::Floor,
    load::{
        frames::{Connection, frame},
        grpc, http,
    },
    measure::{
        Compared, Effort, Spread,
        affinity::{Placement, on_core},
        interleaved, process,
    },
    python,
    report::{Row, Target, Unit},
    server::{Address, Server, Transport},
};

const PATH: &str = "resources";
const FLOOR: &str = "Python server";
const MANY_CALLS: u64 = 100_000;
const TRANSPORTS: [(Transport, &str); 3] = [
    (Transport::Unix, "Unix socket"),
    (Transport::Grpc, "gRPC"),
    (Transport::Http, "MCP over HTTP"),
];

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (transport, name) in TRANSPORTS {
        let (mut starts, mut idle) = (Vec::new(), Vec::new());
        for _ in 0..effort.rounds {
            let (ours, theirs) = (
                first_answer(Server::ours(transport)?)?,
                first_answer(python::server(transport)?)?,
            );
            starts.push((ours.0, theirs.0));
            idle.push((ours.1, theirs.1));
        }
        let start = Compared::of(&starts);
        rows.push(
            Row::new(
                PATH,
                format!("{name}: start to first answer"),
                FLOOR,
                Unit::Milliseconds,
                start,
            )
            .with_target(Target::AtMost(10.0)),
        );
        rows.push(
            Row::new(
                PATH,
                format!("{name}: memory after it"),
                FLOOR,
                Unit::Bytes,
                Compared::of(&idle),
            )
            .with_target(Target::AtMost(f64::from(12 << 20))),
        );
    }
    let idle = Spread::of(
        (0..effort.rounds)
            .map(|_| all_transports())
            .collect::<Result<Vec<_>>>()?,
    );
    let idle = Compared {
        ours: idle,
        floor: Spread::of([f64::NAN]),
        ratio: Spread::of([f64::NAN]),
    };
    rows.push(
        Row::new(
            PATH,
            "all three in one process: memory when idle",
            "",
            Unit::Bytes,
            idle,
        )
        .with_target(Target::AtMost(f64::from(12 << 20))),
    );
    many_calls(&mut rows)?;
    connections(&mut rows)?;
    flat(effort, &mut rows)?;
    Ok(rows)
}

/// Makes one call in whatever way the server is reached.
fn call(address: &Address, transport: Transport) -> Result<()> {
    let message = requests::protobuf("ReplaceWords", Size::Small)?;
    match transport {
        Transport::Unix => requests::check_protobuf(
            Connection::open(address.socket()?)?.call(&frame(&message)?)?,
            true,
        ),
        Transport::Grpc | Transport::GrpcUnix => {
            requests::check_protobuf(&grpc::once(address, &grpc::prefixed(&message)?)?, true)
        }
        Transport::Http => {
            let Address::Port(port) = address else {
                return Err("the server has no port".into());
            };
            let body = requests::json_rpc("ReplaceWords", Size::Small);
            let request = http::post(*port, &python::session_headers(address)?, &body);
            requests::check_result(&http::once(address, &request)?.body, true)
        }
    }
}

/// Milliseconds until a server that was just started answers a call, and its memory then.
fn first_answer(mut server: Server) -> Result<(f64, f64)> {
    let transport = server.transport;
    // The client must not take the processor from a server that starts.
    on_core(Placement::CrossCore.client(), || {
        server.wait(|address| call(address, transport))
    })?;
    let elapsed = server.started.elapsed().as_secs_f64() * 1e3;
    Ok((elapsed, process::resident(server.id())?))
}

/// Memory of a server that listens on everything and has nothing to do.
fn all_transports() -> Result<f64> {
    let mut server = Server::ours_on_everything()?;
    server.wait(|address| call(address, Transport::Unix))?;
    process::resident(server.id())
}

fn many_calls(rows: &mut Vec<Row>) -> Result<()> {
    let request = frame(&requests::protobuf("ReplaceWords", Size::Small)?)?;
    let after = |mut server: Server| {
        server.wait(|address| call(address, Transport::Unix))?;
        let mut connection = Connection::open(server.address.socket()?)?;
        for _ in 0..MANY_CALLS {
            connection.call(&request)?;
        }
        process::resident(server.id())
    };
    let (ours, theirs) = (
        after(Server::ours(Transport::Unix)?)?,
        after(python::server(Transport::Unix)?)?,
    );
    let compared = Compared::of(&[(ours, theirs)]);
    rows.push(Row::new(
        PATH,
        "Unix socket: memory after 100,000 calls",
        FLOOR,
        Unit::Bytes,
        compared,
    ));
    Ok(())
}

/// What open connections, each of which made a call, add to the memory of a server.
fn connections(rows: &mut Vec<Row>) -> Result<()> {
    let request = frame(&requests::protobuf("ReplaceWords", Size::Small)?)?;
    for count in [1000, 9900] {
        let ours = grown(Server::ours(Transport::Unix)?, &request, count)?;
        let compared = Compared::of(&[(ours, grown(python::server(Transport::Unix)?, &request, count)?)]);
        let case = format!("Unix socket: memory of each of {count} open connections");
        rows.push(Row::new(PATH, case, FLOOR, Unit::Kibibytes, compared));
    }
    Ok(())
}

/// How much memory each of so many connections adds.
fn grown(mut server: Server, request: &[u8], count: usize) -> Result<f64> {
    server.wait(|address| call(address, Transport::Unix))?;
    let idle = process::resident(server.id())?;
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let mut connection = Connection::small(server.address.socket()?)?;
        connection.call(request)?;
        open.push(connection);
    }
    Ok((process::resident(server.id())? - idle) / count as f64)
}

/// The server's processor time for calls, one at a time, that go round many connections, beside those of one connection. The same for
/// a server that does nothing: what the system itself takes more.
fn flat(effort: Effort, rows: &mut Vec<Row>) -> Result<()> {
    let request = frame(&requests::protobuf("ReplaceWords", Size::Small)?)?;
    let mut ours = Server::ours(Transport::Unix)?;
    let answer = ours.wait(|address| Ok(Connection::open(address.socket()?)?.call(&request)?.to_vec()))?;
    let mut echo = Server::floor(Floor::Echo, Transport::Unix, &answer)?;
    echo.wait(|address| Connection::open(address.socket()?)?.call(&request).map(drop))?;
    for (server, name, target) in [(&ours, "", Some(1.15)), (&echo, " (framed echo)", None)] {
        for (count, target) in [(1000, target), (9900, None)] {
            let processor = in_turns(effort, server, &request, count)?;
            let case = format!("Unix socket: processor time of a call, {count} connections in turns{name}");
            rows.push(
                Row::new(
                    PATH,
                    case,
                    "the same on 1 connection",
                    Unit::Microseconds,
                    processor,
                )
                .with_target(target.map(Target::RatioAtMost)),
            );
        }
    }
    Ok(())
}

fn in_turns(effort: Effort, server: &Server, request: &[u8], count: usize) -> Result<Compared> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(Connection::small(server.address.socket()?)?);
    }
    let open = RefCell::new(open);
    let sample = |used: usize| {
        let mut open = open.borrow_mut();
        let before = server.processor_time()?;
        let (mut calls, started) = (0, Instant::now());
        while started.elapsed() < effort.sample {
            for _ in 0..16 {
                open[calls % used].call(request)?;
                calls += 1;
            }
        }
        Ok([(server.processor_time()? - before) * 1e6 / calls as f64])
    };
    let [processor] = on_core(Placement::SameCore.client(), || {
        interleaved(effort.rounds, || sample(count), || sample(1))
    })?;
    Ok(processor)
}
