//! Our load client against our server and the Python server: what a call costs each of them.

use std::cell::RefCell;

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    load::{
        Load,
        frames::{Connection, connections, frame},
        grpc, http,
        lines::Pipes,
    },
    measure::{
        Compared, Effort,
        affinity::{Placement, on_core},
        interleaved,
        process::processor_time,
    },
    python,
    report::{Row, Target, Unit},
    server::{Address, Server, Transport},
};

const PATH: &str = "python-server";
const FLOOR: &str = "Python server";
const PLUGIN: &str = "ReplaceWords";

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    unix(effort, &mut rows)?;
    grpc(effort, &mut rows)?;
    mcp(effort, &mut rows)?;
    stdio(effort, &mut rows)?;
    Ok(rows)
}

fn row(case: String, processor: Compared, times_less: f64) -> Row {
    Row::new(PATH, case, FLOOR, Unit::Microseconds, processor)
        .with_target(Target::RatioAtMost(1.0 / times_less))
}

/// Both servers, after an answer of each.
fn both(transport: Transport, call: impl Fn(&Address) -> Result<()>) -> Result<(Server, Server)> {
    let (mut ours, mut theirs) = (Server::ours(transport)?, python::server(transport)?);
    ours.wait(&call)?;
    theirs.wait(&call)?;
    Ok((ours, theirs))
}

fn processor(
    effort: Effort,
    servers: &(Server, Server),
    load: impl FnMut(&Server) -> Result<Load>,
) -> Result<Compared> {
    let [_, processor] = super::against(effort, Placement::SameCore, (&servers.0, &servers.1), load)?;
    Ok(processor)
}

fn unix(effort: Effort, rows: &mut Vec<Row>) -> Result<()> {
    let request = frame(&requests::protobuf(PLUGIN, Size::Small)?)?;
    let servers = both(Transport::Unix, |address| {
        requests::check_protobuf(Connection::open(address.socket()?)?.call(&request)?, true)
    })?;
    let ping_pong = processor(effort, &servers, |server| {
        Connection::open(server.address.socket()?)?.ping_pong(&request, effort.sample)
    })?;
    rows.push(row("Unix socket, 1 connection".to_owned(), ping_pong, 30.0));
    let eight = processor(effort, &servers, |server| {
        connections(server.address.socket()?, &request, 8, effort.sample)
    })?;
    rows.push(row("Unix socket, 8 connections".to_owned(), eight, 30.0));
    Ok(())
}

fn grpc(effort: Effort, rows: &mut Vec<Row>) -> Result<()> {
    let request = grpc::prefixed(&requests::protobuf(PLUGIN, Size::Small)?)?;
    let servers = both(Transport::Grpc, |address| {
        requests::check_protobuf(&grpc::once(address, &request)?, true)
    })?;
    for concurrency in [1, 8, 64] {
        let processor = processor(effort, &servers, |server| {
            grpc::concurrent(&server.address, &request, concurrency, effort.sample)
        })?;
        rows.push(row(format!("gRPC, {concurrency} at a time"), processor, 25.0));
    }
    Ok(())
}

fn mcp(effort: Effort, rows: &mut Vec<Row>) -> Result<()> {
    let body = requests::json_rpc(PLUGIN, Size::Small);
    let request = |address: &Address| -> Result<Vec<u8>> {
        match address {
            Address::Port(port) => Ok(http::post(*port, &python::session_headers(address)?, &body)),
            Address::Socket(_) => Err("the server has no port".into()),
        }
    };
    let servers = both(Transport::Http, |address| {
        requests::check_result(&http::once(address, &request(address)?)?.body, true)
    })?;
    // One connection: the Python server hangs when two requests of a session have the same id.
    let processor = processor(effort, &servers, |server| {
        http::connections(&server.address, &request(&server.address)?, 1, effort.sample)
    })?;
    rows.push(row("MCP over HTTP, 1 connection".to_owned(), processor, 60.0));
    Ok(())
}

fn stdio(effort: Effort, rows: &mut Vec<Row>) -> Result<()> {
    let line = super::stdio::line(Size::Small);
    let mut theirs = python::server_command("mcp")?;
    theirs.env("PLUGINS_TRANSPORT", "stdio").current_dir("/");
    let mut theirs = super::stdio::shake_hands(Pipes::start(theirs)?)?;
    let mut ours = super::stdio::ours()?;
    for pipes in [&mut ours, &mut theirs] {
        requests::check_result(pipes.call(&line)?, true)?;
    }
    let (ours, theirs) = (RefCell::new(ours), RefCell::new(theirs));
    let sample = |pipes: &RefCell<Pipes>| {
        let id = pipes.borrow().id();
        let server_time = || Ok(processor_time(id)?.as_secs_f64());
        super::sample(Placement::SameCore, server_time, || {
            pipes.borrow_mut().ping_pong(&line, effort.sample)
        })
    };
    let [_, processor] = on_core(Placement::SameCore.client(), || {
        interleaved(effort.rounds, || sample(&ours), || sample(&theirs))
    })?;
    rows.push(row(
        "MCP on standard input and output".to_owned(),
        processor,
        60.0,
    ));
    Ok(())
}
