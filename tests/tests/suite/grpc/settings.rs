//! Each setting of gRPC has its effect, from wherever it is read: flag, section of the file, environment.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use plugin_sdk_tests::{
    messages::{Answer, fault},
    process::ServerProcess,
};
use serde_json::json;

use super::client::{Address, Client};
use crate::{
    command_line::{self, tcp_address},
    shutdown::signal,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A SETTINGS frame without settings.
const NO_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const MAX_HEADER_LIST_SIZE: u16 = 6;

/// A server with a section `grpc_server_settings`, flags and variables.
fn server(section: &str, flags: &[&str], variables: &[(&str, &str)]) -> ServerProcess {
    command_line::server("grpc", ["grpc_server_settings", section], flags, variables)
}

/// A connection that speaks HTTP/2 as far as frames.
struct Frames(TcpStream);

impl Frames {
    fn connect(server: &ServerProcess) -> Self {
        let mut stream = TcpStream::connect(tcp_address(server)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(PREFACE).unwrap();
        stream.write_all(&NO_SETTINGS).unwrap();
        Self(stream)
    }

    /// The payload of the next frame of a type, when it came, or nothing if the server closes the connection.
    fn next(&mut self, wanted: u8) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut head = [0; 9];
            match self.0.read_exact(&mut head) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                read => read?,
            }
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            self.0.read_exact(&mut payload)?;
            if head[3] == wanted {
                return Ok(Some(payload));
            }
        }
    }

    /// A setting that the server announces.
    fn announced(&mut self, setting: u16) -> Option<u32> {
        let payload = self.next(SETTINGS).unwrap().unwrap();
        payload.chunks(6).find_map(|entry| {
            let [a, b, value @ ..] = entry else {
                panic!("half a setting")
            };
            (u16::from_be_bytes([*a, *b]) == setting).then(|| u32::from_be_bytes(value.try_into().unwrap()))
        })
    }
}

/// The bound on calls of a connection, by which these tests tell where a setting came from.
fn streams(server: &ServerProcess) -> Option<u32> {
    Frames::connect(server).announced(MAX_CONCURRENT_STREAMS)
}

#[test]
fn flags_win_over_the_section_and_the_section_over_the_environment() {
    const NAME: &str = "PLUGINS_GRPC_SERVER_MAX_CONCURRENT_STREAMS";
    let variables = [(NAME, "7"), ("PLUGINS_GRPC_SERVER_PORT", "0")];
    let flag = ["--grpc-max-concurrent-streams", "9"];
    assert_eq!(streams(&server("", &[], &variables[1..])), Some(1024));
    assert_eq!(streams(&server("", &[], &variables)), Some(7));
    assert_eq!(
        streams(&server("{port: 0, max_concurrent_streams: 8}", &[], &variables)),
        Some(8)
    );
    assert_eq!(
        streams(&server("{port: 0, max_concurrent_streams: 8}", &flag, &variables)),
        Some(9)
    );
    assert_eq!(streams(&server("", &flag, &variables)), Some(9));

    // The section replaces the variables as a whole, also those that it does not name, and says so.
    let server = server("{port: 0}", &[], &variables);
    assert_eq!(streams(&server), Some(1024));
    assert!(server.log().contains(NAME), "{}", server.log());
}

#[tokio::test]
async fn several_transports_are_served_at_once() {
    const DRAIN: (&str, &str) = ("PLUGINS_DRAIN_TIMEOUT", "0.5");
    let by_flags = server(
        "{port: 0}",
        &["--transport", "grpc", "--transport", "unix"],
        &[DRAIN],
    );
    let by_variable = server("{port: 0}", &[], &[DRAIN, ("PLUGINS_TRANSPORT", "unix,grpc")]);
    for mut server in [by_flags, by_variable] {
        let request = fault("echo", &json!({"n": 1}));
        let over_grpc = Client::connect(&Address::Tcp(tcp_address(&server))).await;
        let over_unix = server.connect().unwrap().call(&request).unwrap();
        assert_eq!(
            over_grpc.invoke(&request).await.unwrap(),
            Answer::read(&over_unix)
        );
        signal("TERM", server.id());
        assert_eq!(server.wait().unwrap().code(), Some(0), "{}", server.log());
        assert!(!server.socket().exists());
    }
}

#[test]
fn the_bounds_of_a_connection_are_announced_and_kept() {
    let server = server(
        "{host: 127.0.0.1, port: 0, max_concurrent_streams: 5, max_header_list_size: 2 KiB, keepalive_interval: 0.2, \
         keepalive_timeout: 0.4}",
        &[],
        &[],
    );
    assert_eq!(streams(&server), Some(5));
    let started = Instant::now();
    let mut frames = Frames::connect(&server);
    assert_eq!(frames.announced(MAX_HEADER_LIST_SIZE), Some(2048));
    assert!(
        frames.next(PING).unwrap().is_some(),
        "a silent client is not asked for a sign of life"
    );
    let asked = started.elapsed();
    assert!((200..2000).contains(&asked.as_millis()), "asked after {asked:?}");
    while frames.next(PING).unwrap().is_some() {}
    let closed = started.elapsed();
    assert!(
        (600..4000).contains(&closed.as_millis()),
        "closed after {closed:?}"
    );
}

#[test]
fn connections_that_never_begin_or_grow_old_are_ended() {
    let server = server(
        "{port: 0, handshake_timeout: 0.3, max_connection_age: 0.4, max_connection_age_grace: 0.3}",
        &[],
        &[],
    );
    let started = Instant::now();
    let mut silent = TcpStream::connect(tcp_address(&server)).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // Its own settings it sends at once; after them the end, or a reset.
    let _ = silent.read_to_end(&mut Vec::new());
    assert!(
        (300..3000).contains(&started.elapsed().as_millis()),
        "{:?}",
        started.elapsed()
    );

    let started = Instant::now();
    let mut frames = Frames::connect(&server);
    assert!(
        frames.next(GO_AWAY).unwrap().is_some(),
        "an old connection is not told to end"
    );
    assert!(
        (300..2000).contains(&started.elapsed().as_millis()),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_call_on_an_old_connection_has_the_grace_and_no_more() {
    let server = server(
        "{port: 0, max_connection_age: 0.3, max_connection_age_grace: 2}",
        &[],
        &[],
    );
    let address = Address::Tcp(tcp_address(&server));
    let call = async |milliseconds| {
        let request = fault("wait", &json!({"milliseconds": milliseconds}));
        Client::connect(&address).await.invoke(&request).await
    };
    assert!(call(800).await.unwrap().is_allow());
    let started = Instant::now();
    let status = call(8000).await.unwrap_err();
    assert!(
        started.elapsed() < Duration::from_secs(6),
        "{:?}: {status:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_request_that_does_not_arrive_ends_its_call_and_no_other() {
    let server = server("{port: 0, body_timeout: 0.3}", &[], &[]);
    let client = Client::connect(&Address::Tcp(tcp_address(&server))).await;
    let request = fault("wait", &json!({"milliseconds": 800}));
    let other = client.invoke(&request);
    let (status, other) = tokio::join!(client.never_send("/cpex.PluginService/InvokeHook"), other);
    assert!(status.message().contains("BODY_TIMEOUT"), "{status:?}");
    assert!(other.unwrap().is_allow());
}

#[tokio::test]
async fn the_socket_and_the_largest_answer_are_as_the_section_says() {
    let server = server(
        "{uds: plugin.sock, uds_mode: \"0660\", max_reply_size: 2000}",
        &[],
        &[],
    );
    let mode = fs::metadata(server.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660, "{mode:o}");
    let client = Client::connect(&Address::Unix(server.socket().to_owned())).await;
    let answer = client
        .invoke(&fault("big", &json!({"size": 3000})))
        .await
        .unwrap();
    let Answer::Error { message, code } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(code, "MESSAGE_TOO_LARGE");
    assert!(
        message.contains("2000") && message.contains("MAX_REPLY_SIZE"),
        "{message}"
    );
    assert!(
        client
            .invoke(&fault("big", &json!({"size": 1000})))
            .await
            .unwrap()
            .is_allow()
    );
}
