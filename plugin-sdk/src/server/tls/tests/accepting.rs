//! Handshakes: what is agreed on, how they fail, and that none holds up another.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{
    super::{ClientAuth, HandshakeFailure, Tls, accept::HandshakeError},
    support::{Client, Counted, Files, PATIENCE, When, meet, openssl, recorder, serve_once},
};

#[tokio::test]
async fn the_protocol_is_agreed_on() {
    let files = Files::new();
    let tls = files.load();
    let (address, _server) = serve_once(&tls).await;
    let stream = files.client().connect(address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));

    let (seen, served) = meet(&tls, &files.client().with_alpn(b"http/1.1")).await;
    assert!(seen.is_err());
    assert_eq!(served.unwrap_err().failure, HandshakeFailure::Protocol);
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_is_told_apart() {
    let recorder = recorder();
    let counted = Counted::here(&recorder);
    let tls = Files::new().load();
    let (address, server) = serve_once(&tls).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    drop(stream);
    let error = server.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the client does not speak TLS");
    assert_eq!(counted.of(HandshakeFailure::Protocol), 1);
}

/// As health checks of load balancers do.
#[tokio::test]
async fn a_client_that_only_connects_is_told_apart() {
    let recorder = recorder();
    let counted = Counted::here(&recorder);
    let tls = Files::new().load();
    let (address, server) = serve_once(&tls).await;
    drop(TcpStream::connect(address).await.unwrap());
    let error = server.await.unwrap().unwrap_err();
    assert_eq!(error.failure, HandshakeFailure::Disconnected, "{error}");
    assert_eq!(counted.of(HandshakeFailure::Disconnected), 1);
    assert_eq!(counted.total(), 1);
}

#[tokio::test]
async fn a_handshake_takes_no_longer_than_it_may() {
    let recorder = recorder();
    let counted = Counted::here(&recorder);
    let tls = Files::new()
        .load()
        .with_handshake_timeout(Duration::from_millis(100));
    let (address, server) = serve_once(&tls).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The beginning of a handshake, and never the rest.
    stream.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    let start = Instant::now();
    let error = server.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the client did not finish within 100ms");
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(counted.of(HandshakeFailure::Timeout), 1);
}

/// The loop of the module's documentation.
#[tokio::test]
async fn slow_clients_hold_up_nobody() {
    let files = Files::new();
    let tls = files.load();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut handshakes = JoinSet::new();
        loop {
            tokio::select! {
                Ok((stream, peer)) = listener.accept() => {
                    handshakes.spawn(tls.accept(stream, peer));
                }
                Some(Ok(Ok(mut stream))) = handshakes.join_next() => {
                    stream.write_all(b"welcome").await.unwrap();
                    stream.flush().await.unwrap();
                }
            }
        }
    });
    let mut slow = Vec::new();
    for _ in 0..50 {
        slow.push(TcpStream::connect(address).await.unwrap());
    }
    let client = files.client();
    let visit = tokio::time::timeout(Duration::from_secs(5), client.visit(address)).await;
    assert!(visit.expect("waits for the slow ones").is_ok());
    server.abort();
}

/// What the program prints, and what comes of the server's handshake.
async fn s_client(files: &Files, tls: &Tls, options: &str) -> (String, Result<(), HandshakeError>) {
    let (address, handshake) = serve_once(tls).await;
    let command = format!("s_client -connect {address} -CAfile ca.pem -verify_return_error {options}");
    let directory = files.directory().to_owned();
    let client = tokio::task::spawn_blocking(move || {
        let arguments: Vec<_> = command.split_whitespace().collect();
        let output = openssl(&directory, &arguments);
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let both = async { tokio::join!(client, handshake) };
    let (output, served) = tokio::time::timeout(PATIENCE, both).await.expect("hangs");
    (output.unwrap(), served.unwrap())
}

#[tokio::test]
async fn openssl_gets_in_with_tls_12_and_13_and_not_with_older() {
    let files = Files::new();
    let client = files.authority.client(When::Now);
    files.write("client.pem", &format!("{}{}", client.certificate, client.key));
    let tls = files.load();
    for version in ["-tls1_2", "-tls1_3"] {
        let (output, served) = s_client(&files, &tls, &format!("{version} -alpn h2 -cert client.pem")).await;
        assert!(served.is_ok(), "{version}: {served:?} {output}");
        assert!(output.contains("ALPN protocol: h2"), "{output}");
        assert!(output.contains("Verify return code: 0 (ok)"), "{output}");

        let (output, served) = s_client(&files, &tls, version).await;
        assert_eq!(
            served.unwrap_err().failure,
            HandshakeFailure::Certificate,
            "{version}: {output}"
        );
    }
    for version in ["-tls1", "-tls1_1"] {
        // The client itself would not try without the lower level.
        let options = format!("{version} -cert client.pem -cipher DEFAULT@SECLEVEL=0");
        let (output, served) = s_client(&files, &tls, &options).await;
        let error = served.expect_err(version);
        assert_eq!(
            error.to_string(),
            "the client offers neither TLS 1.2 nor TLS 1.3",
            "{output}"
        );
        assert!(output.contains("SSL alert number"), "{output}");
    }
}

#[tokio::test]
async fn plain_tls_needs_no_authorities() {
    let files = Files::new();
    let mut settings = files.settings().with_client_auth(ClientAuth::None);
    settings.ca_bundle = None;
    let tls = Tls::load(settings, &["h2"]).unwrap();
    assert!(meet(&tls, &Client::of(&files.authority)).await.0.is_ok());
}
