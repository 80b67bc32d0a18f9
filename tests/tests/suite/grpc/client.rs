//! A client of tonic that never closes a connection, and servers for it.

use std::{
    io,
    mem::ManuallyDrop,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
};

use hyper_util::rt::TokioIo;
use plugin_sdk_proto::wire::{InvokeHookRequest, InvokeHookResponse};
use plugin_sdk_tests::{messages::Answer, process::ServerProcess};
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tonic::{
    Request, Status,
    client::Grpc,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::{command_line::tcp_address, frames::CONFIGURATION};

/// Where a server listens.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Tcp(String),
    Unix(PathBuf),
}

/// A server of `fault-plugin` over gRPC, on TCP and on a Unix socket.
pub(super) fn servers(settings: &[(&str, &str)]) -> [(Address, ServerProcess); 2] {
    let start = |listen: (&str, &str)| {
        ServerProcess::start_with(env!("CARGO_BIN_EXE_fault-plugin"), CONFIGURATION, |command| {
            command
                .env("PLUGINS_TRANSPORT", "grpc")
                .env(listen.0, listen.1)
                .envs(settings.iter().copied());
        })
        .unwrap()
    };
    let tcp = start(("PLUGINS_GRPC_SERVER_PORT", "0"));
    // A relative path belongs to the directory of the server, where the path of its other socket leads too.
    let unix = start(("PLUGINS_GRPC_SERVER_UDS", "plugin.sock"));
    [
        (Address::Tcp(tcp_address(&tcp)), tcp),
        (Address::Unix(unix.socket().to_owned()), unix),
    ]
}

/// A client with a channel of its own.
#[derive(Clone)]
pub(super) struct Client(Channel);

impl Client {
    pub(super) async fn connect(address: &Address) -> Self {
        let address = address.clone();
        let connector = tower::service_fn(move |_| {
            let address = address.clone();
            async move { KeptOpen::connect(&address).await.map(TokioIo::new) }
        });
        let endpoint = Endpoint::from_static("http://localhost");
        Self(endpoint.connect_with_connector(connector).await.unwrap())
    }

    /// A unary call.
    pub(super) async fn call<Q, A>(&self, path: &'static str, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.0.clone()).max_decoding_message_size(usize::MAX);
        let ready = grpc.ready().await;
        ready.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = http::uri::PathAndQuery::from_static(path);
        let answer = grpc.unary(Request::new(request), path, ProstCodec::<Q, A>::default());
        answer.await.map(tonic::Response::into_inner)
    }

    /// A call whose request never arrives.
    pub(super) async fn never_send(&self, path: &'static str) -> Status {
        let mut grpc = Grpc::new(self.0.clone());
        grpc.ready().await.unwrap();
        let request = Request::new(tokio_stream::pending::<InvokeHookRequest>());
        let path = http::uri::PathAndQuery::from_static(path);
        let codec = ProstCodec::<InvokeHookRequest, InvokeHookResponse>::default();
        grpc.client_streaming(request, path, codec)
            .await
            .expect_err("a call without a request was answered")
    }

    /// Calls a hook with a request of `messages`.
    pub(super) async fn invoke(&self, request: &[u8]) -> Result<Answer, Status> {
        self.invoke_of("/cpex.PluginService/InvokeHook", request).await
    }

    pub(super) async fn invoke_of(&self, path: &'static str, request: &[u8]) -> Result<Answer, Status> {
        let request = InvokeHookRequest::decode(request).unwrap();
        let response: InvokeHookResponse = self.call(path, request).await?;
        Ok(Answer::read(&response.encode_to_vec()))
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that stays open, whatever its owner does: what a server must not wait for the end of.
struct KeptOpen(ManuallyDrop<Box<dyn Stream>>);

impl KeptOpen {
    async fn connect(address: &Address) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match address {
            Address::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        };
        Ok(Self(ManuallyDrop::new(stream)))
    }
}

impl AsyncRead for KeptOpen {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for KeptOpen {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
