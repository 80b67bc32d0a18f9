//! What is measured: a path for each row of the table of benchmarks.

mod compile;
mod grpc;
pub(crate) mod in_process;
mod instructions;
mod mcp;
mod python_host;
mod python_server;
mod resources;
mod size;
mod stdio;
mod unix;

use std::cell::RefCell;

use crate::{
    Result,
    load::Load,
    measure::{
        self, Compared, Effort,
        affinity::{Placement, on_core},
        process::thread_time,
    },
    report::Row,
    server::Server,
};

/// A path: its name on the command line, its title in the report, whether `all` includes it, and what measures it.
struct Path {
    name: &'static str,
    title: &'static str,
    in_all: bool,
    measure: fn(Effort) -> Result<Vec<Row>>,
}

const PATHS: &[Path] = &[
    Path {
        name: "in-process",
        title: "One call in process",
        in_all: true,
        measure: in_process::measure,
    },
    Path {
        name: "instructions",
        title: "Instructions of one call in process",
        in_all: true,
        measure: instructions::measure,
    },
    Path {
        name: "unix",
        title: "Unix socket",
        in_all: true,
        measure: unix::measure,
    },
    Path {
        name: "grpc",
        title: "gRPC",
        in_all: true,
        measure: grpc::measure,
    },
    Path {
        name: "mcp",
        title: "MCP over HTTP/1.1",
        in_all: true,
        measure: mcp::measure,
    },
    Path {
        name: "stdio",
        title: "MCP on standard input and output",
        in_all: true,
        measure: stdio::measure,
    },
    Path {
        name: "size",
        title: "Large payloads on the Unix socket",
        in_all: true,
        measure: size::measure,
    },
    Path {
        name: "python-server",
        title: "The same client, our server and the Python server: processor time of the server",
        in_all: true,
        measure: python_server::measure,
    },
    Path {
        name: "python-host",
        title: "The unmodified Python host, our server and the Python server",
        in_all: true,
        measure: python_host::measure,
    },
    Path {
        name: "resources",
        title: "Start, memory, connections",
        in_all: true,
        measure: resources::measure,
    },
    Path {
        name: "compile",
        title: "Compiling the smallest plugin",
        // It takes minutes.
        in_all: false,
        measure: compile::measure,
    },
];

/// Names and titles, in the order of the report.
pub(crate) fn titles() -> impl Iterator<Item = (&'static str, &'static str)> {
    PATHS.iter().map(|path| (path.name, path.title))
}

/// The names that `names` stand for: `all` is all but those that take minutes.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<&'static str>> {
    let mut chosen = Vec::new();
    for name in names {
        let before = chosen.len();
        chosen.extend(
            PATHS
                .iter()
                .filter(|path| path.name == name || (name == "all" && path.in_all))
                .map(|path| path.name),
        );
        if chosen.len() == before {
            let known: Vec<_> = titles().map(|(name, _)| name).collect();
            return Err(format!("there is no path {name}; there are: all, {}", known.join(", ")).into());
        }
    }
    Ok(chosen)
}

/// Measures one path.
pub(crate) fn measure(name: &str, effort: Effort) -> Result<Vec<Row>> {
    let path = PATHS
        .iter()
        .find(|path| path.name == name)
        .ok_or("no such path")?;
    (path.measure)(effort)
}

/// Calls per second and microseconds of the server's processor per call, of two servers in turns.
fn against(
    effort: Effort,
    placement: Placement,
    (ours, floor): (&Server, &Server),
    load: impl FnMut(&Server) -> Result<Load>,
) -> Result<[Compared; 2]> {
    // Both sides call the same client, one after the other.
    let load = RefCell::new(load);
    let sample = |server: &Server| {
        sample(
            placement,
            || server.processor_time(),
            || (load.borrow_mut())(server),
        )
    };
    on_core(placement.client(), || {
        measure::interleaved(effort.rounds, || sample(ours), || sample(floor))
    })
}

/// One sample of a load on a server. On one core, where one of both always runs, a second is one that they ran: what other processes do
/// there meanwhile is no part of it.
fn sample(
    placement: Placement,
    server_time: impl Fn() -> Result<f64>,
    load: impl FnOnce() -> Result<Load>,
) -> Result<[f64; 2]> {
    let (server, client) = (server_time()?, thread_time());
    let load = load()?;
    let (server, client) = (server_time()? - server, thread_time() - client);
    let per_second = match placement {
        Placement::SameCore => load.calls as f64 / (server + client),
        Placement::CrossCore => load.per_second(),
    };
    Ok([per_second, server * 1e6 / load.calls as f64])
}
