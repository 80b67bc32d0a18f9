//! What there is to compare with: the least that a server can do on each transport, and the obvious way to do all of it.
//!
//! Servers are processes of their own, of this same program.

mod echo;
mod grpc;
mod http;
mod lines;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::Result;

/// A server that is a floor.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Floor {
    /// Frames on a Unix socket, each answered with the same bytes.
    Echo,
    /// gRPC, each call answered with the same bytes.
    Grpc,
    /// HTTP, each request answered with the same bytes.
    Http,
    /// HTTP, each call of the tool answered in full.
    JsonRpc,
    /// Standard input and output, each call of the tool answered in full.
    Lines,
}

/// What a floor is told on its command line.
#[derive(Args, Debug)]
pub(crate) struct FloorArguments {
    floor: Floor,
    /// The Unix socket to listen on.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// The port of 127.0.0.1 to listen on.
    #[arg(long)]
    port: Option<u16>,
    /// The file with the bytes of every answer.
    #[arg(long)]
    answer: Option<PathBuf>,
}

impl FloorArguments {
    fn answer(&self) -> Result<Vec<u8>> {
        let path = self.answer.as_ref().ok_or("--answer is missing")?;
        Ok(std::fs::read(path)?)
    }

    fn port(&self) -> Result<u16> {
        Ok(self.port.ok_or("--port is missing")?)
    }

    fn socket(&self) -> Result<&PathBuf> {
        Ok(self.socket.as_ref().ok_or("--socket is missing")?)
    }
}

/// Serves until the process is killed.
pub(crate) fn serve(arguments: &FloorArguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match arguments.floor {
        Floor::Echo => runtime.block_on(echo::serve(arguments.socket()?, &arguments.answer()?)),
        Floor::Grpc => runtime.block_on(async {
            match &arguments.socket {
                Some(socket) => grpc::serve_socket(socket, arguments.answer()?).await,
                None => grpc::serve_port(arguments.port()?, arguments.answer()?).await,
            }
        }),
        Floor::Http => runtime.block_on(http::serve_fixed(arguments.port()?, arguments.answer()?)),
        Floor::JsonRpc => runtime.block_on(http::serve_json_rpc(arguments.port()?)),
        Floor::Lines => lines::serve(),
    }
}
