//! Calls of blocking hooks that are cancelled while they wait for a thread.

use std::time::{Duration, Instant};

use plugin_sdk_tests::messages::{Answer, invoke};
use serde_json::{Value as Json, json};

use crate::{
    everywhere::{Server, Transport, call, code, connect},
    frames::resident_kib,
};

const HOOK: &str = "tool_post_invoke";
const CALLS: u64 = 10;

fn payload(milliseconds: u64, blob: usize) -> Json {
    json!({"name": "t", "result": {"milliseconds": milliseconds, "blob": "x".repeat(blob)}})
}

/// One call holds the only thread for 8 s. Many that wait for it are cancelled: they are never run, and keep nothing.
async fn cancelled(transport: Transport) {
    const BLOB: usize = 1024 * 1024;
    let server = Server::start(&[("PLUGINS_CALL_TIMEOUT", "20"), ("PLUGINS_BLOCKING_THREADS", "1")]);
    let mut holder = server.process.connect().unwrap();
    holder.send(&invoke(HOOK, "Faults", &payload(8000, 0))).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = resident_kib(server.process.id());
    let started = Instant::now();
    let waiting: Vec<_> = (0..CALLS)
        .map(|_| {
            let section = server.section(transport, &[]);
            let socket = server.process.connect();
            tokio::spawn(async move {
                if transport == Transport::Bare {
                    let mut client = socket.unwrap();
                    let send = move || {
                        client
                            .send(&invoke(HOOK, "Faults", &payload(3000, BLOB)))
                            .unwrap();
                        client
                    };
                    let _client = tokio::task::spawn_blocking(send).await.unwrap();
                    std::future::pending::<()>().await;
                }
                let plugin = connect("Faults", &section).await;
                drop(call(&plugin, HOOK, payload(3000, BLOB)).await);
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let with_calls = resident_kib(server.process.id());
    for call in waiting {
        call.abort();
    }
    loop {
        let counted = server.counted("Faults", HOOK, "cancelled");
        if counted == CALLS {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_millis(7500),
            "{transport:?}: {counted} were cancelled"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let left = resident_kib(server.process.id());
    // The allocator keeps some.
    assert!(
        left - before < (with_calls - before) / 2,
        "{transport:?}: {before}, {with_calls}, {left} KiB"
    );
    assert!(Answer::read(&holder.receive().unwrap().unwrap()).is_allow());
    let next = Instant::now();
    assert!(Answer::read(&holder.call(&invoke(HOOK, "Faults", &payload(1, 0))).unwrap()).is_allow());
    assert!(
        next.elapsed() < Duration::from_secs(2),
        "{transport:?}: it waited {:?}",
        next.elapsed()
    );
    assert_eq!(server.counted("Faults", HOOK, "allow"), 2);
}

macro_rules! transports {
    ($($name:ident = $transport:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            cancelled(Transport::$transport).await;
        }
    )*};
}

transports! {
    a_closed_connection_takes_its_call_out_of_the_queue = Bare,
    an_envelope_that_cancels_takes_its_call_out_of_the_queue = Envelope,
    a_reset_stream_takes_its_call_out_of_the_queue = Grpc,
    a_closed_connection_of_http_takes_its_call_out_of_the_queue = Http,
}

/// The server on standard input has no metrics of its own: the next call shows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_request_on_standard_input_leaves_the_queue() {
    let server = Server::start(&[]);
    let settings = [("PLUGINS_BLOCKING_THREADS", "1")];
    let plugin = connect("Faults", &server.section(Transport::Stdio, &settings)).await;
    let started = Instant::now();
    let (held, ()) = tokio::join!(call(&plugin, HOOK, payload(2000, 0)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..10 {
            let call = call(&plugin, HOOK, payload(2000, 0));
            assert!(
                tokio::time::timeout(Duration::from_millis(50), call)
                    .await
                    .is_err()
            );
        }
    });
    assert_eq!(code(held), "");
    assert_eq!(code(call(&plugin, HOOK, payload(1, 0)).await), "");
    assert!(
        started.elapsed() < Duration::from_secs(6),
        "{:?}",
        started.elapsed()
    );
}

/// A hook that waits is cancelled where it waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_is_counted_as_cancelled() {
    let server = Server::start(&[]);
    let plugin = connect("Faults", &server.section(Transport::Envelope, &[])).await;
    let payload = json!({"name": "wait-forever", "args": {}});
    let waiting = call(&plugin, "tool_pre_invoke", payload);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), waiting)
            .await
            .is_err()
    );
    let started = Instant::now();
    while server.counted("Faults", "tool_pre_invoke", "cancelled") == 0 {
        assert!(started.elapsed() < Duration::from_secs(5), "not counted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
