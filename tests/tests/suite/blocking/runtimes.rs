//! Servers in a runtime of the author's own.

use std::time::{Duration, Instant};

use plugin_sdk::Limits;
use plugin_sdk_tests::{
    faults::Faults,
    frames::FrameClient,
    messages::{Answer, fault},
};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

/// The very first call of a hook blocks a runtime with one thread: its caller is answered at the deadline, and others are served.
fn first_call(runtime: &Runtime) {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    let socket = directory.path().join("plugin.sock");
    let mut limits = Limits::default();
    limits.call_timeout = Duration::from_millis(1500);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let clients = {
        let socket = socket.clone();
        move || {
            let mut client = FrameClient::connect(&socket).unwrap();
            let started = Instant::now();
            client
                .send(&fault("block", &json!({"milliseconds": 3000})))
                .unwrap();
            for _ in 0..20 {
                let mut other = FrameClient::connect(&socket).unwrap();
                assert!(Answer::read(&other.call(&fault("echo", &json!({}))).unwrap()).is_allow());
            }
            assert!(
                started.elapsed() < Duration::from_millis(1400),
                "{:?}",
                started.elapsed()
            );
            let answer = Answer::read(&client.receive().unwrap().unwrap());
            assert_eq!(answer.code(), "PLUGIN_TIMEOUT");
            assert!(
                started.elapsed() < Duration::from_millis(2800),
                "{:?}",
                started.elapsed()
            );
            drop(end);
        }
    };
    let server = Faults.into_unix_server().with_limits(limits);
    runtime.block_on(async {
        let server = server.bind(&socket).unwrap();
        let clients = std::thread::spawn(clients);
        server.serve(async { drop(ended.await) }).await.unwrap();
        clients.join().unwrap();
    });
}

#[test]
fn a_first_call_that_blocks_a_runtime_of_one_thread_stops_nobody() {
    first_call(&Builder::new_current_thread().enable_all().build().unwrap());
}

#[test]
fn a_first_call_that_blocks_a_runtime_of_one_worker_stops_nobody() {
    first_call(
        &Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap(),
    );
}

/// A hook that was trusted and then blocks holds an async thread, but nobody else.
#[test]
fn a_hook_that_blocks_after_a_thousand_calls_stops_no_other_connection() {
    let server = crate::frames::server_with(&[("PLUGINS_CALL_TIMEOUT", "5")]);
    let mut client = server.connect().unwrap();
    let echo = fault("echo", &json!({}));
    for _ in 0..1500 {
        assert!(Answer::read(&client.call(&echo).unwrap()).is_allow());
    }
    let mut blocked: Vec<_> = (0..5).map(|_| server.connect().unwrap()).collect();
    for client in &mut blocked {
        client
            .send(&fault("block", &json!({"milliseconds": 2500})))
            .unwrap();
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let started = Instant::now();
        assert!(Answer::read(&server.connect().unwrap().call(&echo).unwrap()).is_allow());
        assert!(
            started.elapsed() < Duration::from_millis(800),
            "waited {:?}",
            started.elapsed()
        );
    }
    for client in &mut blocked {
        assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
    }
}
