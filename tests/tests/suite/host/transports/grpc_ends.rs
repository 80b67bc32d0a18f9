//! gRPC: what a server may have seen of a call, by how it ends the stream or the connection.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use plugin_sdk::host::{CallError, CallOptions};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{call_with, connect};

const PREFACE: usize = 24;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const INTERNAL_ERROR: u8 = 2;
const REFUSED_STREAM: u8 = 7;

/// What a server does to calls.
#[derive(Clone, Copy, Debug)]
enum End {
    Reset(u8),
    /// With the stream of the call as the last that was served, or the one before.
    GoAway {
        served: bool,
    },
    Close,
}

impl End {
    fn frame(self, stream: u8) -> Vec<u8> {
        match self {
            Self::Reset(reason) => frame(RESET, 0, stream, &[0, 0, 0, reason]),
            Self::GoAway { served } => {
                let last = if served { stream } else { stream - 1 };
                frame(GO_AWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, 0])
            }
            Self::Close => Vec::new(),
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// An answer to a request for the configuration.
fn configuration(stream: u8) -> Vec<u8> {
    let config = plugin_sdk::codec::to_struct(&json!({"name": "Faults", "kind": "x"})).unwrap();
    let field = |name: &[u8], text: &[u8]| {
        let length = u8::try_from(text.len()).unwrap();
        [name, &[length], text].concat()
    };
    let message = [&[8, 1][..], &field(&[0x12], &config)].concat();
    let length = u8::try_from(message.len()).unwrap();
    // The status 200 and the name of the content type are in the static table.
    let head = [&[0x88][..], &field(&[0x0f, 0x10], b"application/grpc")].concat();
    let end = field(&field(&[0], b"grpc-status"), b"0");
    [
        frame(HEADERS, END_HEADERS, stream, &head),
        frame(
            DATA,
            0,
            stream,
            &[&[0, 0, 0, 0, length], message.as_slice()].concat(),
        ),
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &end),
    ]
    .concat()
}

/// Answers the first request of all connections, and ends the others.
async fn serve(mut stream: TcpStream, end: End, is_configured: Arc<AtomicBool>) -> std::io::Result<()> {
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    stream.read_exact(&mut [0; PREFACE]).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await?;
        let [_, _, _, kind, flags, .., number] = head;
        if kind == DATA && flags & END_STREAM != 0 {
            if !is_configured.swap(true, Ordering::SeqCst) {
                stream.write_all(&configuration(number)).await?;
                continue;
            }
            stream.write_all(&end.frame(number)).await?;
            if matches!(end, End::Close) {
                return Ok(());
            }
        }
    }
}

#[tokio::test]
async fn only_what_the_server_says_that_it_did_not_do_was_not_seen() {
    for (end, may_be_seen) in [
        (End::Reset(REFUSED_STREAM), false),
        (End::GoAway { served: false }, false),
        (End::Reset(INTERNAL_ERROR), true),
        (End::GoAway { served: true }, true),
        (End::Close, true),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let serving = tokio::spawn(async move {
            let is_configured = Arc::new(AtomicBool::new(false));
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, end, Arc::clone(&is_configured)));
            }
        });
        let plugin = connect(&json!({"grpc": {"target": target}})).await;
        let call = call_with(&plugin, "echo", json!({}), CallOptions::new()).await;
        let error = call.unwrap_err();
        let is_as_expected = if may_be_seen {
            matches!(error, CallError::ConnectionLost { .. })
        } else {
            matches!(error, CallError::Unreachable { .. })
        };
        assert!(is_as_expected, "{end:?}: {error:?}");
        assert_eq!(error.may_be_seen(), may_be_seen, "{end:?}");
        serving.abort();
    }
}
