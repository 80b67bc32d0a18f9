//! `h2` itself behind the adapter: every request arrives, with all of its fields.

use std::{cell::Cell, time::Duration};

use h2_authority::ValidAuthority;
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::{Client, Field, Request, authority, framing, manner};

fn request() -> impl Strategy<Value = Request> {
    let pseudo =
        |name: &'static str, value: &'static str| (Just((name.to_owned(), value.to_owned())), manner());
    let authority = (
        authority().prop_map(|value| (":authority".to_owned(), value)),
        manner(),
    );
    let others = prop::collection::vec(
        (
            ("x-[abc]", prop_oneof!["[a-z%]{0,30}", "[a-z]{300,600}"]),
            manner(),
        ),
        0..10,
    );
    let head = (
        pseudo(":method", "POST"),
        pseudo(":scheme", "http"),
        pseudo(":path", "/p/M"),
        authority,
    );
    let size_updates = prop_oneof![6 => Just(vec![]), 1 => prop::collection::vec(0..4097usize, 1..3)];
    (head, others, size_updates, framing()).prop_map(|((a, b, c, d), others, size_updates, framing)| {
        Request {
            fields: [a, b, c, d].into_iter().chain(others).collect(),
            size_updates,
            framing,
        }
    })
}

/// The fields of each request that the server was given, without the pseudo fields.
async fn served(sent: Vec<u8>, expected: usize) -> Vec<Vec<Field>> {
    let (client, server) = tokio::io::duplex(977);
    let (mut output, mut input) = tokio::io::split(client);
    tokio::spawn(async move { tokio::io::copy(&mut output, &mut tokio::io::sink()).await });
    tokio::spawn(async move {
        input.write_all(&sent).await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut connection = h2::server::handshake(ValidAuthority::new(server)).await.unwrap();
    let mut requests = vec![];
    while requests.len() < expected {
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        let authority = request.uri().authority().unwrap();
        assert_eq!(authority, "localhost");
        let fields = request.headers().iter();
        let mut fields: Vec<Field> = fields
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
            .collect();
        fields.sort();
        requests.push(fields);
        respond.send_response(http::Response::new(()), true).unwrap();
    }
    requests
}

#[test]
fn requests_arrive_at_h2() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let evictions = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(300));
    let requests = prop::collection::vec(request(), 1..30);
    let outcome = runner.run(&requests, |requests| {
        let mut client = Client::new();
        for request in &requests {
            client.send(request);
        }
        evictions.set(evictions.get() + client.evictions);
        let expected = requests.iter().map(|request| {
            let fields = request.fields.iter().map(|(field, _)| field.clone());
            let mut fields: Vec<Field> = fields.filter(|(name, _)| !name.starts_with(':')).collect();
            fields.sort();
            fields
        });
        let expected: Vec<_> = expected.collect();
        let served = async {
            let served = served(client.sent.clone(), expected.len());
            tokio::time::timeout(Duration::from_secs(10), served)
                .await
                .unwrap()
        };
        prop_assert_eq!(runtime.block_on(served), expected);
        Ok(())
    });
    outcome.unwrap();
    assert!(evictions.get() > 1000, "{} evictions", evictions.get());
}

#[tokio::test]
async fn writes_pass_and_an_end_is_an_end() {
    let (mut client, server) = tokio::io::duplex(64);
    let mut server = ValidAuthority::new(server);
    server.write_all(b"\x41\x01%").await.unwrap();
    server.shutdown().await.unwrap();
    let mut read = vec![];
    client.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"\x41\x01%");
    drop(client);
    assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
}
