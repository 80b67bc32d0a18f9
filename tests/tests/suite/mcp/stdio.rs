//! A server on its standard input and output: what clients may say there and when, and the end.

use std::{fs, process::Stdio, time::Duration};

use plugin_sdk_tests::process::without_settings;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};

use super::settings;
use crate::shutdown::signal;

const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than a test.
const LONG: u64 = 60_000;

struct Client {
    server: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    log: NamedTempFile,
}

impl Client {
    fn start(variables: &[(&str, &str)]) -> Self {
        let log = NamedTempFile::new().unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
        without_settings(&mut command)
            .env("PLUGINS_TRANSPORT", "stdio")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap());
        let mut server = Command::from(command).kill_on_drop(true).spawn().unwrap();
        Self {
            input: server.stdin.take(),
            output: BufReader::new(server.stdout.take().unwrap()).lines(),
            server,
            log,
        }
    }

    async fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        let written = timeout(PATIENCE, input.write_all(format!("{line}\n").as_bytes())).await;
        written.expect("nobody reads").unwrap();
    }

    async fn call(&mut self, id: &Value, tool: &str, arguments: Value) {
        self.send(&message(id, tool, &arguments).to_string()).await;
    }

    async fn wait(&mut self, id: &Value, milliseconds: u64) {
        self.call(id, "wait", json!({ "milliseconds": milliseconds }))
            .await;
    }

    /// A call with what means nothing to the server.
    async fn call_with_more(&mut self, id: &Value, tool: &str, arguments: Value) {
        let mut message = message(id, tool, &arguments);
        message["params"]["arguments"]["more"] = json!([]);
        message["params"]["_meta"] = json!({"progressToken": 1, "traceparent": "00-1-1-00"});
        self.send(&message.to_string()).await;
    }

    async fn answer(&mut self) -> Option<Value> {
        let line = timeout(PATIENCE, self.output.next_line()).await;
        let line = line.expect("no answer").unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// The numbers of the next answers.
    async fn ids(&mut self, count: u64) -> Vec<u64> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.answer().await.unwrap()["id"].as_u64().unwrap());
        }
        ids
    }

    /// The server ends by itself, without another answer.
    async fn ends(&mut self) {
        assert_eq!(self.answer().await, None);
        let status = timeout(PATIENCE, self.server.wait()).await;
        assert!(status.expect("does not end").unwrap().success());
    }
}

fn message(id: &Value, tool: &str, arguments: &Value) -> Value {
    let mut message: Value = serde_json::from_str(&settings::call("faults", tool, arguments)).unwrap();
    message["id"] = id.clone();
    message
}

#[tokio::test]
async fn a_slow_call_holds_up_no_other_and_is_answered_after_the_end_of_input() {
    let mut client = Client::start(&[]);
    client.wait(&json!("slow"), 500).await;
    client.wait(&json!(7), 0).await;
    assert_eq!(client.answer().await.unwrap()["id"], 7);
    client.input = None;
    let slow = client.answer().await.unwrap();
    assert_eq!(slow["id"], "slow");
    assert_eq!(slow["result"]["isError"], false);
    client.ends().await;
}

#[tokio::test]
async fn what_takes_too_long_at_the_end_is_broken_off() {
    let mut client = Client::start(&[("PLUGINS_DRAIN_TIMEOUT", "0.1")]);
    client.wait(&json!(1), LONG).await;
    client.wait(&json!(2), 0).await;
    assert_eq!(client.answer().await.unwrap()["id"], 2);
    // The input stays open.
    signal("TERM", client.server.id().unwrap());
    client.ends().await;
}

/// One that is larger than what a pipe holds.
#[tokio::test]
async fn the_end_waits_for_an_answer_that_is_read_slowly() {
    let mut client = Client::start(&[]);
    let id = json!("x".repeat(200_000));
    let ping = json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    client.send(&ping.to_string()).await;
    client.input = None;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(client.answer().await.unwrap()["id"], id);
    client.ends().await;
}

#[tokio::test]
async fn whatever_a_client_says_it_can_go_on() {
    let mut client = Client::start(&[("PLUGINS_MAX_MESSAGE_SIZE", "2000")]);
    // Nothing needs to come first, and what is none of ours is passed over.
    client
        .send(r#"{"jsonrpc":"2.0","method":"notifications/unheard_of"}"#)
        .await;
    client.send("").await;
    let long = json!({"jsonrpc": "2.0", "id": "long", "method": "ping", "params": {"a": "x".repeat(5000)}});
    for (line, id, code) in [
        ("nonsense", Value::Null, -32700),
        ("[]", Value::Null, -32602),
        (r#"{"id":3,"method":"ping"}"#, 3.into(), -32602),
        (&long.to_string(), "long".into(), -32600),
        (r#"{"jsonrpc":"2.0","id":4,"method":"no/such"}"#, 4.into(), -32601),
    ] {
        client.send(line).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(code)),
            "{answer}"
        );
    }
    for id in [json!(0), json!(-1), json!("ä"), json!(1.5), json!(u64::MAX)] {
        let ping = json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        client.send(&ping.to_string()).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer, json!({"jsonrpc": "2.0", "id": id, "result": {}}));
    }
}

#[tokio::test]
async fn an_id_stands_for_one_request_at_a_time() {
    let mut client = Client::start(&[]);
    let id = json!(1);
    client.wait(&id, 500).await;
    client.wait(&id, 0).await;
    assert_eq!(client.answer().await.unwrap()["error"]["code"], -32600);
    assert!(client.answer().await.unwrap()["result"].is_object());
    client.wait(&id, 0).await;
    assert!(client.answer().await.unwrap()["result"].is_object());
}

#[tokio::test]
async fn a_request_that_is_taken_back_is_over() {
    let mut client = Client::start(&[]);
    for (id, over) in [(json!(1), 1), (json!("one"), 2)] {
        let taken_back = json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id},
        });
        // The log says when it is over.
        client
            .call(&id, "panic-in-drop", json!({ "milliseconds": LONG }))
            .await;
        client.wait(&json!(2), 100).await;
        assert_eq!(client.answer().await.unwrap()["id"], 2);
        client.send(&taken_back.to_string()).await;
        // The id is free at once.
        client.wait(&id, 50).await;
        assert_eq!(client.answer().await.unwrap()["id"], id);
        let log = || fs::read_to_string(client.log.path()).unwrap();
        let is_over = async {
            while log().matches("a destructor of a plugin panicked").count() < over {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let is_over = timeout(PATIENCE, is_over).await.is_ok();
        assert!(is_over, "{}", log());

        let arguments = json!({ "milliseconds": LONG });
        client.call_with_more(&id, "wait", arguments).await;
        client.send(&taken_back.to_string()).await;
        client.wait(&json!(2), 0).await;
        assert_eq!(client.answer().await.unwrap()["id"], 2);
    }
    client.input = None;
    client.ends().await;
}

#[tokio::test]
async fn what_means_nothing_to_the_server_changes_nothing() {
    let mut client = Client::start(&[]);
    // Whatever version a client asks for.
    for version in ["2025-11-25", "2026-07-28", "2025-11-25"] {
        for id in [json!(7), json!("a b"), json!(-1)] {
            client.call(&id, "echo", json!({"n": 1})).await;
            let plainly = client.answer().await.unwrap();
            client.call_with_more(&id, "echo", json!({"n": 1})).await;
            assert_eq!(plainly, client.answer().await.unwrap());
            assert_eq!(plainly["id"], id);
        }
        let hello = json!({
            "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {
                "protocolVersion": version, "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        });
        client.send(&hello.to_string()).await;
        assert!(client.answer().await.unwrap()["result"].is_object());
    }
}

/// More than pipes hold, in both directions.
#[tokio::test]
async fn a_client_may_write_much_before_it_reads() {
    const CALLS: u64 = 100;
    let mut client = Client::start(&[]);
    let arguments = json!({"text": "x".repeat(4000)});
    for id in 0..CALLS {
        if id % 3 == 0 {
            client.call_with_more(&id.into(), "echo", arguments.clone()).await;
        } else {
            client.call(&id.into(), "echo", arguments.clone()).await;
        }
    }
    let mut ids = client.ids(CALLS).await;
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..CALLS));
}

#[tokio::test]
async fn so_many_calls_run_at_one_time() {
    let mut client = Client::start(&[("PLUGINS_MAX_CONNECTIONS", "2")]);
    for id in 0..3 {
        client.wait(&json!(id), 300).await;
    }
    client.wait(&json!(3), 0).await;
    let mut order = client.ids(4).await;
    order[..2].sort_unstable();
    assert_eq!(order[..2], [0, 1]);
}
