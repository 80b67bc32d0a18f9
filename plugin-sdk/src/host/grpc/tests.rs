//! What a server may have seen, by what it does to the connection.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::GrpcTransport;
use crate::host::{
    config::target::{GrpcEndpoint, GrpcTarget},
    settings::HostSettings,
    transport::{Failure, Method, Request, Transport},
};

const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const NO_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A server that answers the headers of the first request with these bytes, and then closes the connection.
async fn server(answer: Vec<u8>) -> GrpcTransport {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&NO_SETTINGS).await.unwrap();
        stream.read_exact(&mut [0; PREFACE]).await.unwrap();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            stream.read_exact(&mut payload).await.unwrap();
            if head[3] == HEADERS {
                break;
            }
        }
        stream.write_all(&answer).await.unwrap();
        stream.flush().await.unwrap();
        // What follows of the request is read, so that the end of the connection takes nothing with it.
        let mut rest = [0; 1024];
        let reading = async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
        let _ = tokio::time::timeout(Duration::from_millis(200), reading).await;
    });
    let target = GrpcTarget {
        endpoint: GrpcEndpoint::Target(address.to_string()),
        tls: None,
    };
    GrpcTransport::new("P", &target, &HostSettings::default()).unwrap()
}

/// Whether the server may have seen a call that it answers like this.
async fn may_be_seen(answer: &[u8]) -> bool {
    let transport = server(answer.to_vec()).await;
    let request = Request::new(Method::InvokeHook, "P", Bytes::from_static(b"\x0a\x01x"));
    let failure = transport.exchange(&request).await.unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure:?}");
    request.may_be_seen()
}

fn reset(reason: u8) -> [u8; 13] {
    [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, reason]
}

fn go_away(last_stream: u8) -> [u8; 17] {
    [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last_stream, 0, 0, 0, 0]
}

#[tokio::test]
async fn what_the_server_says_that_it_did_not_do_was_not_seen() {
    const REFUSED_STREAM: u8 = 7;
    assert!(!may_be_seen(&reset(REFUSED_STREAM)).await);
    assert!(!may_be_seen(&go_away(0)).await);
}

#[tokio::test]
async fn anything_else_may_have_been_seen() {
    const INTERNAL_ERROR: u8 = 2;
    assert!(may_be_seen(&reset(INTERNAL_ERROR)).await);
    assert!(may_be_seen(&go_away(1)).await);
    assert!(may_be_seen(&[]).await);
}
