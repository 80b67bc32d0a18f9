//! tonic with nothing in it: no router, no decoding, an answer that is encoded already.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    path::Path,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut, Bytes};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::{
    StreamExt,
    wrappers::{TcpListenerStream, UnixListenerStream},
};
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{BoxFuture, Service, http},
    server::{Grpc, UnaryService},
    transport::Server,
};

use crate::Result;

/// Neither decodes nor encodes.
#[derive(Clone, Copy)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}

#[derive(Clone)]
struct Fixed(Bytes);

impl UnaryService<Bytes> for Fixed {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}

/// Every path leads to the one method.
#[derive(Clone)]
struct OneMethod(Fixed);

impl Service<http::Request<Body>> for OneMethod {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let fixed = self.0.clone();
        Box::pin(async move { Ok(Grpc::new(Plain).unary(fixed, request).await) })
    }
}

pub(super) async fn serve_port(port: u16, answer: Vec<u8>) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let connections = TcpListenerStream::new(listener).map(|stream| {
        let stream = stream?;
        stream.set_nodelay(true)?;
        std::io::Result::Ok(stream)
    });
    let service = OneMethod(Fixed(answer.into()));
    Ok(Server::builder()
        .serve_with_incoming(service, connections)
        .await?)
}

pub(super) async fn serve_socket(socket: &Path, answer: Vec<u8>) -> Result<()> {
    let connections = UnixListenerStream::new(UnixListener::bind(socket)?);
    let service = OneMethod(Fixed(answer.into()));
    Ok(Server::builder()
        .serve_with_incoming(service, connections)
        .await?)
}
