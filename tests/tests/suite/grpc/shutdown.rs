//! SIGTERM with clients that never close a connection: every call comes to an end, and so does the process.

use std::time::{Duration, Instant};

use plugin_sdk_tests::{
    messages::{Answer, fault},
    process::ServerProcess,
};
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};
use tonic::{Code, Status};

use super::client::{Client, servers};
use crate::shutdown::signal;

const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a call of the load takes.
const CALL: Duration = Duration::from_millis(400);
/// Until a request has surely arrived.
const ARRIVED: Duration = Duration::from_millis(250);
/// What comes after the drain timeout at most.
const GRACE: Duration = Duration::from_secs(1);

/// A call of the load.
struct Call {
    began: Instant,
    ended: Instant,
    outcome: Result<Answer, Status>,
}

/// Calls one after the other until one fails.
fn load(client: &Client) -> JoinHandle<Vec<Call>> {
    let client = client.clone();
    tokio::spawn(async move {
        let mut calls: Vec<Call> = Vec::new();
        while calls.last().is_none_or(|call| call.outcome.is_ok()) {
            let request = fault("wait", &json!({"milliseconds": CALL.as_millis()}));
            let began = Instant::now();
            let outcome = client.invoke(&request).await;
            calls.push(Call {
                began,
                ended: Instant::now(),
                outcome,
            });
        }
        calls
    })
}

/// Signals, waits for the end, and returns when the signal was sent and how long the process took from there.
async fn terminate(mut server: ServerProcess) -> (Instant, Duration, ServerProcess) {
    let ended = tokio::task::spawn_blocking(move || {
        let signalled = Instant::now();
        signal("TERM", server.id());
        let status = server.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}", server.log());
        (signalled, signalled.elapsed(), server)
    });
    ended.await.unwrap()
}

async fn within_patience<T>(task: JoinHandle<T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(10), task).await;
    ended.expect("a call goes on without its server").unwrap()
}

#[tokio::test]
async fn every_call_that_was_accepted_is_answered() {
    for (address, server) in servers(&[("PLUGINS_DRAIN_TIMEOUT", "2")]) {
        let mut loads = Vec::new();
        for _ in 0..4 {
            let client = Client::connect(&address).await;
            loads.extend((0..16).map(|_| load(&client)));
        }
        // To somewhere in the middle of calls.
        sleep(CALL * 7 / 2).await;
        let (signalled, took, server) = terminate(server).await;
        assert!(
            took < DRAIN_TIMEOUT + GRACE,
            "{address:?}: it took {took:?}\n{}",
            server.log()
        );
        let mut under_way = 0;
        for load in loads {
            for call in within_patience(load).await {
                under_way += u32::from(call.began < signalled && call.ended > signalled);
                match call.outcome {
                    Ok(answer) => assert!(answer.is_allow(), "{answer:?}"),
                    // One that came too late for the server; what its client calls that is the client's affair.
                    Err(status) => assert!(
                        call.began + ARRIVED > signalled,
                        "{address:?}: an accepted call failed: {status:?}"
                    ),
                }
            }
        }
        assert!(
            under_way >= 32,
            "{address:?}: only {under_way} calls were under way"
        );
    }
}

#[tokio::test]
async fn a_call_that_never_ends_is_broken_off_at_the_deadline() {
    for (address, server) in servers(&[("PLUGINS_DRAIN_TIMEOUT", "0.5")]) {
        // One that does nothing, and does not answer to the end of its connection either.
        let _idle = Client::connect(&address).await;
        let mut endless = Vec::new();
        let mut loads = Vec::new();
        for _ in 0..4 {
            let client = Client::connect(&address).await;
            loads.extend((0..4).map(|_| load(&client)));
            endless.push(tokio::spawn(async move {
                client.invoke(&fault("wait-forever", &json!({}))).await
            }));
        }
        sleep(CALL * 3 / 2).await;
        let (signalled, took, server) = terminate(server).await;
        assert!(
            took < Duration::from_millis(500) + GRACE,
            "{address:?}: it took {took:?}"
        );
        assert!(server.log().contains("PLUGINS_DRAIN_TIMEOUT"), "{}", server.log());
        for call in endless {
            let status = within_patience(call)
                .await
                .expect_err("an endless call was answered");
            assert_eq!(status.code(), Code::Unavailable, "{address:?}: {status:?}");
        }
        for load in loads {
            for call in within_patience(load).await {
                assert!(
                    call.outcome.is_ok() || call.began + ARRIVED > signalled,
                    "{address:?}: {:?}",
                    call.outcome
                );
            }
        }
    }
}
