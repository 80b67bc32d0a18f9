//! gRPC on one connection of HTTP/2, over TCP or a Unix socket.

use std::{
    future::poll_fn,
    time::{Duration, Instant},
};

use bytes::{BufMut, Bytes, BytesMut};
use h2::{RecvStream, client::SendRequest};
use http::{HeaderMap, Request, Version};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
};

use super::{Load, joined};
use crate::{Result, server::Address};

const PATH: &str = "/cpex.PluginService/InvokeHook";
/// Large enough that a client never holds up its server.
const WINDOW: u32 = 64 << 20;

/// A message with the five bytes before it.
pub(crate) fn prefixed(message: &[u8]) -> Result<Bytes> {
    let mut prefixed = BytesMut::with_capacity(5 + message.len());
    prefixed.put_u8(0);
    prefixed.put_u32(u32::try_from(message.len())?);
    prefixed.put_slice(message);
    Ok(prefixed.freeze())
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn connect(address: &Address) -> Result<SendRequest<Bytes>> {
    let stream: Box<dyn Stream> = match address {
        Address::Socket(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
        Address::Port(port) => {
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", *port)).await?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    };
    let (requests, connection) = h2::client::Builder::new()
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_frame_size(1 << 20)
        .handshake(stream)
        .await?;
    tokio::spawn(async move {
        // Whoever waits for an answer hears that the connection failed.
        let _ = connection.await;
    });
    Ok(requests.ready().await?)
}

/// One call: the message of the answer.
async fn call(requests: &SendRequest<Bytes>, request: &Bytes) -> Result<Bytes> {
    let mut requests = requests.clone().ready().await?;
    let head = Request::post(format!("http://localhost{PATH}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())?;
    let (response, mut body) = requests.send_request(head, false)?;
    send(&mut body, request.clone()).await?;
    let response = response.await?;
    check_status(response.headers())?;
    let mut body = response.into_body();
    let mut message = Bytes::new();
    while let Some(part) = body.data().await {
        let part = part?;
        release(&mut body, part.len())?;
        message = if message.is_empty() {
            part
        } else {
            [message, part].concat().into()
        };
    }
    if let Some(trailers) = body.trailers().await? {
        check_status(&trailers)?;
    }
    Ok(message)
}

async fn send(body: &mut h2::SendStream<Bytes>, mut message: Bytes) -> Result<()> {
    while !message.is_empty() {
        body.reserve_capacity(message.len());
        let capacity = match poll_fn(|task| body.poll_capacity(task)).await {
            Some(capacity) => capacity?.min(message.len()),
            None => return Err("the server closed the connection".into()),
        };
        let part = message.split_to(capacity);
        body.send_data(part, message.is_empty())?;
    }
    Ok(())
}

fn release(body: &mut RecvStream, size: usize) -> Result<()> {
    Ok(body.flow_control().release_capacity(size)?)
}

fn check_status(headers: &HeaderMap) -> Result<()> {
    match headers.get("grpc-status") {
        Some(status) if status != "0" => {
            Err(format!("gRPC status {status:?}: {:?}", headers.get("grpc-message")).into())
        }
        _ => Ok(()),
    }
}

/// One call on a connection of its own.
pub(crate) fn once(address: &Address, request: &Bytes) -> Result<Bytes> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let answer = call(&connect(address).await?, request).await?;
        Ok(answer.slice(answer.len().min(5)..))
    })
}

/// As many calls at a time as `concurrency`, each followed by the next.
pub(crate) fn concurrent(
    address: &Address,
    request: &Bytes,
    concurrency: usize,
    sample: Duration,
) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let requests = connect(address).await?;
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..concurrency {
            let (requests, request) = (requests.clone(), request.clone());
            tasks.spawn(async move {
                let mut calls = 0_u64;
                while started.elapsed() < sample {
                    call(&requests, &request).await?;
                    calls += 1;
                }
                Ok(calls)
            });
        }
        joined(started, tasks).await
    })
}
