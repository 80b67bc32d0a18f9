//! What is no request of gRPC, or not one message, is refused as the specification says; compressed messages are unpacked.

use std::{fs, io::Write};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use h2::client::SendRequest;
use http::{HeaderMap, Method, Request, StatusCode};
use plugin_sdk_proto::wire::InvokeHookResponse;
use plugin_sdk_tests::messages::{Answer, fault};
use prost::Message;
use serde_json::json;
use tokio::net::{TcpStream, UnixStream};

use super::client::{Address, servers};

const INVOKE: &str = "/cpex.PluginService/InvokeHook";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const GRPC: [(&str, &str); 1] = [("content-type", "application/grpc")];

/// An answer, as HTTP has it.
struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Response {
    /// The status of gRPC, from the headers or the trailers.
    fn code(&self) -> &str {
        self.headers["grpc-status"].to_str().unwrap()
    }

    fn message(&self) -> &str {
        self.headers
            .get("grpc-message")
            .map_or("", |text| text.to_str().unwrap())
    }

    fn answer(&self) -> Answer {
        assert_eq!(self.code(), "0", "{}", self.message());
        // As it is written on the wire, which `Answer` reads.
        Answer::read(
            &InvokeHookResponse::decode(&self.body[5..])
                .unwrap()
                .encode_to_vec(),
        )
    }
}

async fn connect(address: &Address) -> SendRequest<Bytes> {
    async fn handshake(
        stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    ) -> SendRequest<Bytes> {
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        client
    }
    match address {
        Address::Tcp(address) => handshake(TcpStream::connect(address).await.unwrap()).await,
        Address::Unix(path) => handshake(UnixStream::connect(path).await.unwrap()).await,
    }
}

async fn send(
    client: &SendRequest<Bytes>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Response {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut client = client.clone().ready().await.unwrap();
    let (response, mut stream) = client.send_request(request.body(()).unwrap(), false).unwrap();
    // A refusal may come before all of it is sent.
    let _ = stream.send_data(body, true);
    let (parts, mut body) = response.await.unwrap().into_parts();
    let mut whole = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        whole.put(data);
    }
    let mut headers = parts.headers;
    headers.extend(body.trailers().await.unwrap().unwrap_or_default());
    Response {
        status: parts.status,
        headers,
        body: whole.freeze(),
    }
}

/// A message with what is before it.
fn framed(compressed: u8, message: &[u8]) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(compressed);
    framed.put_u32(message.len().try_into().unwrap());
    framed.put(message);
    framed.freeze()
}

#[tokio::test]
async fn what_is_not_grpc_is_refused() {
    let message = framed(0, &fault("echo", &json!({})));
    for (address, _server) in servers(&[]) {
        let client = connect(&address).await;
        for path in [
            INVOKE,
            HEALTH,
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/nothing",
        ] {
            for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD] {
                let response = send(&client, method.clone(), path, &GRPC, message.clone()).await;
                assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert_eq!(
                    (&response.headers["allow"], response.code()),
                    (&"POST".parse().unwrap(), "13")
                );
            }
            for headers in [
                &[][..],
                &[("content-type", "application/json")],
                &[("content-type", "application/grpc-web+proto")],
            ] {
                let response = send(&client, Method::POST, path, headers, message.clone()).await;
                assert_eq!(
                    response.status,
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "{headers:?} {path}"
                );
                assert_eq!(response.code(), "13");
                assert!(
                    response.message().contains("application/grpc"),
                    "{}",
                    response.message()
                );
            }
        }
        for content_type in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;charset=utf-8",
        ] {
            let headers = [("content-type", content_type)];
            let response = send(&client, Method::POST, INVOKE, &headers, message.clone()).await;
            assert!(response.answer().is_allow(), "{content_type}");
        }
    }
}

#[tokio::test]
async fn a_unary_call_has_one_message() {
    let message = framed(0, &fault("echo", &json!({})));
    for (address, _server) in servers(&[]) {
        let client = connect(&address).await;
        for path in [
            INVOKE,
            HEALTH,
            "/mcpgateway.plugins.PluginService/GetPluginConfigs",
        ] {
            let one = if path == INVOKE {
                message.clone()
            } else {
                framed(0, b"")
            };
            for (body, expected) in [
                (Bytes::new(), "none"),
                (Bytes::from([&one[..], &one[..]].concat()), "more than one"),
                (Bytes::from([&one[..], &b"\0"[..]].concat()), "more than one"),
            ] {
                let response = send(&client, Method::POST, path, &GRPC, body).await;
                // UNIMPLEMENTED
                assert_eq!(
                    (response.status, response.code()),
                    (StatusCode::OK, "12"),
                    "{path}: {expected}"
                );
                let message = response.message().replace("%20", " ");
                assert!(message.ends_with(expected), "{message}");
            }
            let response = send(&client, Method::POST, path, &GRPC, one).await;
            assert_eq!(response.code(), "0", "{path}");
        }
    }
}

fn gzip(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(message).unwrap();
    encoder.finish().unwrap()
}

fn deflate(message: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(message).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_messages_are_unpacked_up_to_the_limit() {
    for (address, server) in servers(&[]) {
        let client = connect(&address).await;
        let message = fault("echo", &json!({"text": "x".repeat(100_000)}));
        let peak = || {
            let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
            let peak = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))
                .unwrap();
            peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
        };
        // Four times what is read.
        let bomb = vec![0; 64 << 20];
        let (bomb, before) = ([gzip(&bomb), deflate(&bomb)], peak());
        for (encoding, packed, bomb) in [
            ("gzip", gzip(&message), &bomb[0]),
            ("deflate", deflate(&message), &bomb[1]),
        ] {
            let headers = [GRPC[0], ("grpc-encoding", encoding)];
            assert!(packed.len() < 10_000);
            let response = send(&client, Method::POST, INVOKE, &headers, framed(1, &packed)).await;
            assert!(response.answer().is_allow(), "{encoding}");
            assert!(!response.headers.contains_key("grpc-encoding"));
            // Also where no message is packed.
            let response = send(&client, Method::POST, INVOKE, &headers, framed(0, &message)).await;
            assert!(response.answer().is_allow(), "{encoding}");
            let response = send(
                &client,
                Method::POST,
                HEALTH,
                &headers,
                framed(
                    1,
                    &if encoding == "gzip" {
                        gzip(b"")
                    } else {
                        deflate(b"")
                    },
                ),
            )
            .await;
            assert_eq!(response.code(), "0", "{encoding}");

            let response = send(&client, Method::POST, INVOKE, &headers, framed(1, bomb)).await;
            // RESOURCE_EXHAUSTED
            assert_eq!(response.code(), "8", "{encoding}: {}", response.message());
            assert!(
                response.message().contains("PLUGINS_MAX_MESSAGE_SIZE"),
                "{}",
                response.message()
            );
            let response = send(&client, Method::POST, INVOKE, &headers, framed(1, b"nonsense")).await;
            // INTERNAL
            assert_eq!(response.code(), "13", "{encoding}");
        }
        // What is unpacked, and the buffer that it outgrew.
        assert!(peak() - before < 64, "{} MiB", peak() - before);
        let headers = [GRPC[0], ("grpc-encoding", "zstd")];
        let response = send(&client, Method::POST, INVOKE, &headers, framed(1, b"x")).await;
        assert_eq!(response.code(), "12");
        assert_eq!(response.headers["grpc-accept-encoding"], "gzip,deflate,identity");
    }
}
