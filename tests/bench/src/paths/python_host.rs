//! The unmodified Python host against our server and the Python server.

use serde_json::{Value, json};

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    load::{
        frames::{Connection, frame},
        grpc,
    },
    measure::{Compared, Effort},
    python,
    report::{Row, Target, Unit},
    server::{AS_PLUGIN, Address, Server, Transport},
};

const PATH: &str = "python-host";
const FLOOR: &str = "Python server";

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (transport, name, targets) in [
        (Transport::Unix, "Unix socket", [Some(2.0), None]),
        (Transport::Grpc, "gRPC", [Some(2.0), Some(2.8)]),
        (Transport::GrpcUnix, "gRPC on a Unix socket", [None, None]),
        (Transport::Http, "MCP over HTTP", [Some(2.5), None]),
    ] {
        let (mut ours, mut theirs) = (Server::ours(transport)?, python::server(transport)?);
        for server in [&mut ours, &mut theirs] {
            server.wait(|address| listens(transport, address))?;
        }
        let sections = (
            section(transport, &ours.address),
            section(transport, &theirs.address),
        );
        for (concurrency, target) in [1, 16].into_iter().zip(targets) {
            // The host has one call at a time on a Unix socket.
            if concurrency == 1 || transport != Transport::Unix {
                rows.push(row(effort, name, &sections, concurrency, target)?);
            }
        }
    }
    let sections = (ours_on_pipes()?, theirs_on_pipes()?);
    rows.push(row(
        effort,
        "MCP on standard input and output",
        &sections,
        1,
        None,
    )?);
    Ok(rows)
}

fn row(
    effort: Effort,
    name: &str,
    sections: &(Value, Value),
    concurrency: u8,
    target: Option<f64>,
) -> Result<Row> {
    let (payload, _) = requests::json(Size::Small);
    let task = json!({
        "ours": sections.0,
        "floor": sections.1,
        "payload": serde_json::from_str::<Value>(&payload)?,
        "concurrency": concurrency,
        "rounds": effort.rounds,
        "seconds": effort.sample.as_secs_f64() * 2.0,
    });
    let rounds = python::host_calls(&task).map_err(|error| format!("{name}: {error}"))?;
    let case = format!("{name}, {concurrency} at a time");
    Ok(
        Row::new(PATH, case, FLOOR, Unit::CallsPerSecond, Compared::of(&rounds.0))
            .with_target(target.map(Target::RatioAtLeast)),
    )
}

/// What the gateway's configuration says about a server.
fn section(transport: Transport, address: &Address) -> Value {
    match (transport, address) {
        (Transport::Unix, Address::Socket(path)) => json!({"unix_socket": {"path": path}}),
        (_, Address::Socket(path)) => json!({"grpc": {"uds": path}}),
        (Transport::Http, Address::Port(port)) => {
            json!({"mcp": {"proto": "STREAMABLEHTTP", "url": format!("http://127.0.0.1:{port}/mcp")}})
        }
        (_, Address::Port(port)) => json!({"grpc": {"target": format!("127.0.0.1:{port}")}}),
    }
}

fn ours_on_pipes() -> Result<Value> {
    let command = [std::env::current_exe()?];
    let environment = json!({AS_PLUGIN: "1", "PLUGINS_TRANSPORT": "stdio", "PLUGINS_LOG_LEVEL": "WARNING"});
    Ok(json!({"mcp": {"proto": "STDIO", "cmd": command, "env": environment}}))
}

fn theirs_on_pipes() -> Result<Value> {
    let server = python::server_command("mcp")?;
    let mut command = vec![server.get_program().to_string_lossy().into_owned()];
    command.extend(
        server
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    let mut environment = json!({"PLUGINS_TRANSPORT": "stdio"});
    for (name, value) in server.get_envs() {
        if let Some(value) = value {
            environment[name.to_string_lossy().as_ref()] = json!(value.to_string_lossy());
        }
    }
    Ok(json!({"mcp": {"proto": "STDIO", "cmd": command, "env": environment}}))
}

/// One call, to see that the server is there.
fn listens(transport: Transport, address: &Address) -> Result<()> {
    let message = requests::protobuf("ReplaceWords", Size::Small)?;
    match transport {
        Transport::Unix => {
            Connection::open(address.socket()?)?.call(&frame(&message)?)?;
        }
        Transport::Grpc | Transport::GrpcUnix => {
            grpc::once(address, &grpc::prefixed(&message)?)?;
        }
        Transport::Http => {
            python::session_headers(address)?;
        }
    }
    Ok(())
}
