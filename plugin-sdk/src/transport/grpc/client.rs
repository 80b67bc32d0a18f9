//! Calls a hook over a connection, for `invoke --transport grpc`: a unary call of gRPC on HTTP/2, as a host makes it.

use std::{error::Error, path::Path};

use bytes::{BufMut, Bytes, BytesMut};
use h2::RecvStream;
use tokio::net::UnixStream;

use crate::transport::JsonCall;

/// The host names nothing on a Unix socket. Python hosts put the path of the socket there, which this client refuses to send just
/// as a server that is built on the same library refuses to read it.
const URI: &str = "http://localhost/cpex.PluginService/InvokeHook";

/// Before a message: whether it is compressed, and its length in four bytes.
const PREFIX: usize = 5;

/// Calls a hook and gives its answer in the form that MCP has.
pub(crate) async fn invoke(path: &Path, call: &JsonCall<'_>) -> Result<String, String> {
    call.over(async |message| {
        let answer = async { exchange(UnixStream::connect(path).await?, &message).await };
        answer
            .await
            .map_err(|error| format!("the call over {} failed: {error}", path.display()))
    })
    .await
}

async fn exchange(stream: UnixStream, message: &[u8]) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let (client, connection) = h2::client::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await?;
    let request = http::Request::post(URI)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())?;
    let (response, mut body) = client.send_request(request, false)?;
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len())?);
    framed.put_slice(message);
    body.send_data(framed.freeze(), true)?;
    let (head, mut body) = response.await?.into_parts();
    let data = read(&mut body).await?;
    let trailers = body.trailers().await?.unwrap_or_default();
    let field = |name: &str| {
        let value = trailers.get(name).or_else(|| head.headers.get(name))?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    drop(client);
    connection.abort();
    match field("grpc-status").as_deref() {
        Some("0") if data.len() >= PREFIX => Ok(data.slice(PREFIX..)),
        Some(status) => {
            let message = field("grpc-message").unwrap_or_default();
            Err(format!("gRPC status {status}: {message}").into())
        }
        None => Err("the answer has no gRPC status".into()),
    }
}

async fn read(body: &mut RecvStream) -> Result<Bytes, h2::Error> {
    let mut data = BytesMut::new();
    while let Some(part) = body.data().await {
        let part = part?;
        data.put_slice(&part);
        body.flow_control().release_capacity(part.len())?;
    }
    Ok(data.freeze())
}
