//! More blocking calls than there may be.

use std::time::{Duration, Instant};

use plugin_sdk_tests::messages::{Answer, fault, invoke};
use serde_json::json;

use crate::everywhere::{Server, Transport, call, code, connect};

/// Hooks that do not block are served, and so is HTTP, whether the blocking ones are declared or not.
async fn beyond_the_limit(request: &[u8], hook: &str) {
    const LIMIT: usize = 20;
    let server = Server::start(&[
        ("PLUGINS_CALL_TIMEOUT", "4"),
        ("PLUGINS_BLOCKING_THREADS", "20"),
        ("PLUGINS_MAX_BLOCKING_CALLS", "20"),
    ]);
    let other = connect("Others", &server.section(Transport::Grpc, &[])).await;
    let mut blocked: Vec<_> = (0..3 * LIMIT)
        .map(|_| server.process.connect().unwrap())
        .collect();
    for client in &mut blocked {
        client.send(request).unwrap();
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let started = Instant::now();
        let outcome = call(&other, "tool_pre_invoke", json!({"name": "echo", "args": {}})).await;
        assert_eq!(code(outcome), "");
        assert!(started.elapsed() < Duration::from_secs(1));
        assert!(server.health() < Duration::from_secs(1));
    }
    let mut codes: Vec<String> = blocked
        .iter_mut()
        .map(|client| {
            let answer = Answer::read(&client.receive().unwrap().unwrap());
            if let Answer::Error { message, .. } = &answer
                && answer.code() == "TOO_MANY_CALLS"
            {
                assert_eq!(
                    *message,
                    format!(
                        "{hook} of plugin Faults was not called: 20 calls of blocking hooks run or wait already \
                         (PLUGINS_MAX_BLOCKING_CALLS)"
                    )
                );
            }
            answer.code().to_owned()
        })
        .collect();
    // What was refused first.
    codes.sort_by(|one, other| other.cmp(one));
    let refused = codes.iter().filter(|code| *code == "TOO_MANY_CALLS").count();
    assert!(
        codes[refused..].iter().all(|code| code == "PLUGIN_TIMEOUT"),
        "{codes:?}"
    );
    // A hook that is not declared has a few threads of its own.
    assert!((LIMIT..=2 * LIMIT).contains(&refused), "{codes:?}");
    assert_eq!(server.counted("Faults", hook, "refused"), refused as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_blocking_calls_beyond_the_limit_are_refused() {
    beyond_the_limit(&fault("block", &json!({"milliseconds": 9000})), "tool_pre_invoke").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_blocking_calls_beyond_the_limit_are_refused() {
    let payload = json!({"name": "t", "result": {"milliseconds": 9000}});
    beyond_the_limit(
        &invoke("tool_post_invoke", "Faults", &payload),
        "tool_post_invoke",
    )
    .await;
}
