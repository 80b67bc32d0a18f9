//! A server on a pair of streams.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, duplex},
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::serve;
use crate::{dispatch::Dispatcher, limits::Limits, prelude::*, server::ServeError};

const PATIENCE: Duration = Duration::from_secs(20);

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Sleeping;

impl Sleeping {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let time = payload.args["ms"].as_u64().unwrap_or_default();
        let _long = (time > 10_000).then(Running::begin);
        sleep(Duration::from_millis(time)).await;
        Ok(PluginResult::allow())
    }
}

/// The long calls that run. Only one test has any that end early.
static LONG: AtomicUsize = AtomicUsize::new(0);

struct Running;

impl Running {
    fn begin() -> Self {
        LONG.fetch_add(1, Ordering::SeqCst);
        Self
    }

    async fn until(count: usize) {
        while LONG.load(Ordering::SeqCst) != count {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        LONG.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Client {
    input: Option<DuplexStream>,
    output: Lines<BufReader<DuplexStream>>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), ServeError>>,
}

impl Client {
    fn start(limits: Limits) -> Self {
        let (input, to) = duplex(1024);
        let (from, output) = duplex(1024);
        let dispatcher = Dispatcher::of_plugin(Sleeping).with_limits(limits);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { stopped.await.unwrap_or_default() };
        let streams = (Box::new(to) as super::Reader, Box::new(from) as super::Writer);
        let server = tokio::spawn(serve(streams, Arc::new(dispatcher), Box::pin(stopped)));
        Self {
            input: Some(input),
            output: BufReader::new(output).lines(),
            stop: Some(stop),
            server,
        }
    }

    async fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn call(&mut self, id: Value, milliseconds: u64) {
        self.send(&message(&id, milliseconds).to_string()).await;
    }

    /// The same with what means nothing to the server.
    async fn call_with_more(&mut self, id: Value, milliseconds: u64) {
        let mut message = message(&id, milliseconds);
        message["params"]["arguments"]["more"] = json!([]);
        message["params"]["_meta"] = json!({"progressToken": 1, "traceparent": "00-1-1-00"});
        self.send(&message.to_string()).await;
    }

    async fn answer(&mut self) -> Option<Value> {
        let line = timeout(PATIENCE, self.output.next_line())
            .await
            .expect("no answer")
            .unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    async fn ends(&mut self) {
        timeout(PATIENCE, &mut self.server)
            .await
            .expect("does not end")
            .unwrap()
            .unwrap();
    }
}

fn message(id: &Value, milliseconds: u64) -> Value {
    json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": "invoke_hook", "arguments": {
            "hook_type": "tool_pre_invoke", "plugin_name": "Sleeping",
            "payload": {"name": "t", "args": {"ms": milliseconds}},
            "context": {"global_context": {"request_id": "r"}},
        }},
    })
}

#[tokio::test]
async fn a_slow_call_holds_up_no_other_and_is_answered_after_the_end_of_input() {
    let mut client = Client::start(Limits::default());
    client.call("slow".into(), 500).await;
    client.call(7.into(), 0).await;
    assert_eq!(client.answer().await.unwrap()["id"], 7);
    client.input = None;
    let slow = client.answer().await.unwrap();
    assert_eq!(slow["id"], "slow");
    assert_eq!(slow["result"]["isError"], false);
    client.ends().await;
    assert_eq!(client.answer().await, None);
}

#[tokio::test]
async fn what_takes_too_long_at_the_end_is_broken_off() {
    let limits = Limits {
        drain_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let mut client = Client::start(limits);
    client.call(1.into(), 9_000).await;
    client.call(2.into(), 0).await;
    assert_eq!(client.answer().await.unwrap()["id"], 2);
    // The input stays open.
    drop(client.stop.take());
    timeout(Duration::from_secs(5), client.ends())
        .await
        .expect("goes on for too long");
}

#[tokio::test]
async fn the_end_waits_for_an_answer_that_is_read_slowly() {
    let mut client = Client::start(Limits::default());
    let id = json!("x".repeat(5000));
    client
        .send(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string())
        .await;
    client.input = None;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(client.answer().await.unwrap()["id"], id);
    client.ends().await;
}

#[tokio::test]
async fn whatever_a_client_says_it_can_go_on() {
    let limits = Limits {
        max_message_size: 2000,
        ..Limits::default()
    };
    let mut client = Client::start(limits);
    // Nothing needs to come first, and what is none of ours is passed over.
    client
        .send(r#"{"jsonrpc":"2.0","method":"notifications/unheard_of"}"#)
        .await;
    client.send("").await;
    for (line, id, code) in [
        ("nonsense".to_owned(), Value::Null, -32700),
        ("[]".to_owned(), Value::Null, -32602),
        (r#"{"id":3,"method":"ping"}"#.to_owned(), 3.into(), -32602),
        (
            format!(
                r#"{{"jsonrpc":"2.0","id":"long","method":"ping","params":{{"a":"{}"}}}}"#,
                "x".repeat(5000)
            ),
            "long".into(),
            -32600,
        ),
        (
            r#"{"jsonrpc":"2.0","id":4,"method":"no/such"}"#.to_owned(),
            4.into(),
            -32601,
        ),
    ] {
        client.send(&line).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(code)),
            "{answer}"
        );
    }
    for id in [json!(0), json!(-1), json!("ä"), json!(1.5), json!(u64::MAX)] {
        client
            .send(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string())
            .await;
        assert_eq!(
            client.answer().await.unwrap(),
            json!({"jsonrpc": "2.0", "id": id, "result": {}})
        );
    }
}

#[tokio::test]
async fn an_id_stands_for_one_request_at_a_time() {
    let mut client = Client::start(Limits::default());
    client.call(1.into(), 300).await;
    client.call(1.into(), 0).await;
    assert_eq!(client.answer().await.unwrap()["error"]["code"], -32600);
    assert!(client.answer().await.unwrap()["result"].is_object());
    client.call(1.into(), 0).await;
    assert!(client.answer().await.unwrap()["result"].is_object());
}

#[tokio::test]
async fn a_request_that_is_taken_back_is_over() {
    let mut client = Client::start(Limits::default());
    for id in [json!(1), json!("one")] {
        let taken_back = json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id},
        });
        client.call(id.clone(), 20_000).await;
        timeout(PATIENCE, Running::until(1)).await.unwrap();
        client.send(&taken_back.to_string()).await;
        // The id is free at once, and the call is over.
        client.call(id.clone(), 50).await;
        assert_eq!(client.answer().await.unwrap()["id"], id);
        timeout(PATIENCE, Running::until(0)).await.unwrap();
        client.call_with_more(id.clone(), 9_000).await;
        client.send(&taken_back.to_string()).await;
        client.call(2.into(), 0).await;
        assert_eq!(client.answer().await.unwrap()["id"], 2);
    }
    client.input = None;
    client.ends().await;
    assert_eq!(client.answer().await, None);
}

#[tokio::test]
async fn what_means_nothing_to_the_server_changes_nothing() {
    let mut client = Client::start(Limits::default());
    // Whatever version a client asks for.
    for version in ["2025-11-25", "2026-07-28", "2025-11-25"] {
        for id in [json!(7), json!("a b"), json!(-1)] {
            client.call(id.clone(), 0).await;
            let plainly = client.answer().await.unwrap();
            client.call_with_more(id.clone(), 0).await;
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

#[tokio::test]
async fn a_client_may_write_much_before_it_reads() {
    const CALLS: u64 = 100;
    let mut client = Client::start(Limits::default());
    for id in 0..CALLS {
        if id % 3 == 0 {
            client.call_with_more(id.into(), 0).await;
        } else {
            client.call(id.into(), id % 2).await;
        }
    }
    let mut ids = Vec::new();
    for _ in 0..CALLS {
        ids.push(client.answer().await.unwrap()["id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..CALLS));
}

#[tokio::test]
async fn so_many_calls_run_at_one_time() {
    let limits = Limits {
        max_connections: 2,
        ..Limits::default()
    };
    let mut client = Client::start(limits);
    for id in 0..3 {
        client.call(id.into(), 300).await;
    }
    client.call(3.into(), 0).await;
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(client.answer().await.unwrap()["id"].as_u64().unwrap());
    }
    order[..2].sort_unstable();
    assert_eq!(order[..2], [0, 1]);
}
