//! The Unix socket.

use super::{
    battery,
    servers::{Program, Server},
};

#[tokio::test]
async fn our_server() {
    battery(Server::unix(Program::Ours).unwrap()).await;
}

#[tokio::test]
async fn the_python_server() {
    if let Some(server) = Server::unix(Program::Python) {
        battery(server).await;
    }
}
