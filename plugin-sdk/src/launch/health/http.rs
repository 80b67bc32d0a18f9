//! The path `/health` of a server of MCP over HTTP ([protocol, section
//! 4.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#44-health-and-metrics)).

use std::path::PathBuf;

use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use super::{host_and_port, shown};
use crate::{server::listener::ListenSettings, stream::Duplex, transport::mcp::HEALTH_PORT_DISTANCE};

/// Where the path is.
pub(super) enum Address {
    Tcp(String, u16),
    Socket(PathBuf),
}

/// Where a server with these settings answers, in words and as an address.
pub(super) fn address(listen: &ListenSettings) -> Result<(String, Address), String> {
    if let Some(uds) = &listen.uds {
        return Ok((
            format!("http+unix:{}", uds.display()),
            Address::Socket(uds.clone()),
        ));
    }
    let (host, port) = host_and_port(listen, "--http-port")?;
    let distance = if listen.tls.is_some() {
        HEALTH_PORT_DISTANCE
    } else {
        0
    };
    let port = port.saturating_add(distance);
    Ok((
        format!("http://{}/health", shown(&host, port)),
        Address::Tcp(host, port),
    ))
}

/// Asks.
pub(super) async fn get(address: Address) -> Result<(), String> {
    let stream: Box<dyn Duplex> = match &address {
        Address::Tcp(host, port) => match TcpStream::connect((host.as_str(), *port)).await {
            Ok(stream) => Box::new(stream),
            Err(error) => return Err(error.to_string()),
        },
        Address::Socket(path) => match UnixStream::connect(path).await {
            Ok(stream) => Box::new(stream),
            Err(error) => return Err(error.to_string()),
        },
    };
    let not_http = |error: hyper::Error| format!("this is no HTTP server: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(not_http)?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/health")
        .header(header::HOST, "localhost")
        .body(Empty::<bytes::Bytes>::new())
        .map_err(|error| error.to_string())?;
    let status = sender.send_request(request).await.map_err(not_http)?.status();
    connection.abort();
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::SERVICE_UNAVAILABLE => Err("the server is stopping".to_owned()),
        status => Err(format!(
            "the answer is {status}; something else than a plugin server listens there"
        )),
    }
}
