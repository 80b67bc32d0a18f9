//! Answers that a client does not read: the connection ends, and the log says so, on every transport.

use std::{
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use bytes::{BufMut, Bytes, BytesMut};
use plugin_sdk_tests::{messages::fault, process::ServerProcess};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::UnixStream,
};

use crate::ways::WAYS;

/// A stream that is read to some point and not beyond.
struct Unread {
    stream: UnixStream,
    left: usize,
}

impl AsyncRead for Unread {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.left == 0 {
            return Poll::Pending;
        }
        let mut part = vec![0; self.left.min(buffer.remaining())];
        let mut read = ReadBuf::new(&mut part);
        let polled = Pin::new(&mut self.stream).poll_read(context, &mut read);
        self.left -= read.filled().len();
        buffer.put_slice(read.filled());
        polled
    }
}

impl AsyncWrite for Unread {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Asks for an answer that no socket holds.
async fn ask(way: &str, server: &ServerProcess) -> UnixStream {
    let mut stream = UnixStream::connect(server.socket()).await.unwrap();
    let args = json!({"size": 8_000_000});
    match way {
        "unix" => {
            let request = plugin_sdk_tests::frames::frame(&fault("big", &args)).unwrap();
            stream.write_all(&request).await.unwrap();
        }
        "http" => {
            let arguments = json!({
                "hook_type": "tool_pre_invoke", "plugin_name": "Faults", "payload": {"name": "big", "args": args},
                "context": {"state": {}, "metadata": {}, "global_context": {"request_id": "r"}},
            });
            let body = json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "invoke_hook", "arguments": arguments},
            })
            .to_string();
            let head = format!(
                "POST /mcp HTTP/1.1\r\nhost: localhost\r\naccept: application/json, text/event-stream\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).await.unwrap();
        }
        other => panic!("{other}"),
    }
    stream
}

async fn ask_grpc(server: &ServerProcess) -> impl Sized {
    let stream = Unread {
        stream: UnixStream::connect(server.socket()).await.unwrap(),
        left: 64 * 1024,
    };
    let (send, connection) = h2::client::Builder::new()
        .initial_window_size(1 << 30)
        .initial_connection_window_size(1 << 30)
        .handshake::<_, Bytes>(stream)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::post("http://localhost/cpex.PluginService/InvokeHook")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (response, mut body) = send.ready().await.unwrap().send_request(request, false).unwrap();
    let message = fault("big", &json!({"size": 8_000_000}));
    let mut data = BytesMut::new();
    data.put_u8(0);
    data.put_u32(u32::try_from(message.len()).unwrap());
    data.extend_from_slice(&message);
    body.send_data(data.freeze(), true).unwrap();
    (connection, response, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_named_in_the_log() {
    for way in WAYS {
        let server = way.start_with(&[
            ("PLUGINS_WRITE_TIMEOUT", "0.5"),
            ("PLUGINS_GRPC_SERVER_MAX_REPLY_SIZE", "16MiB"),
        ]);
        let (_grpc, _other);
        if way.name == "grpc" {
            _grpc = ask_grpc(&server).await;
        } else {
            _other = ask(way.name, &server).await;
        }
        let began = Instant::now();
        let expected = "WARN plugin_sdk::transport";
        let said = "a client does not read its answers (PLUGINS_WRITE_TIMEOUT)";
        while !server
            .log()
            .lines()
            .any(|line| line.contains(expected) && line.contains(said))
        {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "{way:?}: {}",
                server.log()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}
