//! Hooks that block their thread: they stop nobody, and each of their callers is answered at its deadline. The same cases on every
//! transport.

mod cancelled;
mod limit;
mod runtimes;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use plugin_sdk::host::ExternalPlugin;
use plugin_sdk_tests::{
    frames::FrameClient,
    messages::{Answer, fault},
};
use serde_json::{Value as Json, json};

use crate::everywhere::{Server, TRANSPORTS, Transport, call, code, connect};

fn block(milliseconds: u64) -> Json {
    json!({"name": "block", "args": {"milliseconds": milliseconds}})
}

/// A blocking call of `tool_pre_invoke` of `Faults` that begins now. The code of its answer, and how long that took.
fn blocked(
    section: Json,
    transport: Transport,
    socket: &Path,
    milliseconds: u64,
) -> tokio::task::JoinHandle<(String, Duration)> {
    let socket = socket.to_owned();
    tokio::spawn(async move {
        if transport == Transport::Bare {
            let call = move || {
                let mut client = FrameClient::connect(&socket).unwrap();
                let started = Instant::now();
                let answer = client.call(&fault("block", &json!({"milliseconds": milliseconds})));
                (
                    Answer::read(&answer.unwrap()).code().to_owned(),
                    started.elapsed(),
                )
            };
            return tokio::task::spawn_blocking(call).await.unwrap();
        }
        let plugin = connect("Faults", &section).await;
        let started = Instant::now();
        let outcome = call(&plugin, "tool_pre_invoke", block(milliseconds)).await;
        (code(outcome), started.elapsed())
    })
}

const TIMEOUT: (&str, &str) = ("PLUGINS_CALL_TIMEOUT", "1.5");

/// How long others may wait on a machine that is busy with other tests. It is below the deadline of the call that blocks.
const SERVED: Duration = Duration::from_secs(1);

/// The very first call of a hook blocks: everybody else is served, and it is answered at its deadline.
async fn first_call(server: &Server, transport: Transport) {
    let others: Vec<ExternalPlugin> = {
        let mut others = Vec::new();
        for transport in [Transport::Envelope, Transport::Grpc, Transport::Http] {
            others.push(connect("Others", &server.section(transport, &[])).await);
        }
        others
    };
    let section = server.section(transport, &[TIMEOUT]);
    let blocked = blocked(section, transport, server.process.socket(), 6000);
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1300) {
        for other in &others {
            let started = Instant::now();
            let outcome = call(other, "tool_pre_invoke", json!({"name": "echo", "args": {}})).await;
            assert_eq!((code(outcome).as_str(), started.elapsed() < SERVED), ("", true));
        }
        assert!(server.health() < SERVED);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (code, took) = blocked.await.unwrap();
    assert_eq!(code, "PLUGIN_TIMEOUT", "{transport:?}");
    assert!(
        (1400..4000).contains(&took.as_millis()),
        "{transport:?}: answered after {took:?}"
    );
}

macro_rules! first_calls {
    ($($name:ident = $transport:ident,)*) => {$(
        mod $name {
            use super::{Server, TIMEOUT, Transport, first_call};

            #[tokio::test(flavor = "multi_thread")]
            async fn a_first_call_that_blocks_stops_nobody_and_is_answered_at_its_deadline() {
                first_call(&Server::start(&[TIMEOUT]), Transport::$transport).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn nor_on_one_core() {
                first_call(&Server::start_on_one_core(&[TIMEOUT]), Transport::$transport).await;
            }
        }
    )*};
}

first_calls! {
    bare = Bare,
    envelope = Envelope,
    grpc = Grpc,
    http = Http,
    stdio = Stdio,
}

/// Calls of the same connection go on too, where a connection carries several.
#[tokio::test(flavor = "multi_thread")]
async fn other_calls_of_the_same_connection_go_on() {
    let server = Server::start(&[TIMEOUT]);
    for transport in TRANSPORTS
        .into_iter()
        .filter(|transport| *transport != Transport::Bare)
    {
        let plugin = connect("Faults", &server.section(transport, &[TIMEOUT])).await;
        let started = Instant::now();
        let (blocked, ()) = tokio::join!(call(&plugin, "tool_pre_invoke", block(6000)), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            for _ in 0..20 {
                let outcome = call(&plugin, "tool_pre_invoke", json!({"name": "echo", "args": {}})).await;
                assert_eq!(code(outcome), "");
            }
            assert!(started.elapsed() < Duration::from_millis(1400), "{transport:?}");
        });
        assert_eq!(code(blocked), "PLUGIN_TIMEOUT", "{transport:?}");
        assert!(started.elapsed() < Duration::from_secs(4), "{transport:?}");
    }
}
