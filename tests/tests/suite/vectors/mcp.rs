//! Recorded MCP messages over HTTP and pipes, and what comes back.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use plugin_sdk_tests::http;
use plugin_sdk_tests::process::without_settings;
use serde_json::{Value, json};

use super::differences::{Difference, MCP};
use super::{HOME, mcp_normal, path, server_with, text, texts};

/// A recorded request with its answer, in normal form.
struct Exchange {
    id: String,
    /// Method and path.
    line: String,
    headers: Vec<(String, String)>,
    body: Value,
    recorded: Value,
}

impl Exchange {
    /// The recorded answer with the known differences. Each must be one.
    fn expected(&self) -> Value {
        let mut answer = self.recorded.clone();
        for difference in MCP
            .iter()
            .filter(|it| it.concerns(&self.id, &self.body, &self.recorded))
        {
            let before = mcp_normal::answer(answer.clone(), &self.body);
            difference.apply(&mut answer);
            let after = mcp_normal::answer(answer.clone(), &self.body);
            assert_ne!(before, after, "{}: no difference: {}", self.id, difference.reason);
        }
        mcp_normal::answer(answer, &self.body)
    }

    /// What is wrong with an answer of ours.
    fn mismatch(&self, ours: Value) -> Option<String> {
        let mut expected = self.expected();
        let ours = mcp_normal::answer(ours, &self.body);
        let error = expected
            .pointer_mut("/says/0/error")
            .zip(ours.pointer("/says/0/error"));
        if error.is_some_and(|(expected, ours)| !texts::same(expected, ours)) {
            return Some(format!("{}: the error does not name the field: {ours}", self.id));
        }
        let [expected, ours] = [expected, ours].map(mcp_normal::without_nulls);
        (expected != ours).then(|| format!("{}: expected\n  {expected}\nbut it is\n  {ours}", self.id))
    }

    fn sent(&self, port: u16) -> http::Answer {
        let body = match &self.body {
            Value::Null => String::new(),
            // A recording that is too large for its file.
            Value::String(padding) => {
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{padding}"}}}}"#)
            }
            body => body.to_string(),
        };
        http::exchange(("127.0.0.1", port), &self.line, &self.headers, &body)
            .unwrap_or_else(|error| panic!("{}: {error}", self.id))
    }

    fn over_http(&self, port: u16) -> Value {
        let answer = self.sent(port);
        let kind = answer.header("content-type");
        let has_session = answer.header("mcp-session-id").is_some();
        mcp_normal::document(answer.status, kind, has_session, &answer.body)
    }
}

fn recordings(name: &str) -> Value {
    // Python writes and reads a word that is no JSON.
    let text = std::fs::read_to_string(path(name))
        .unwrap()
        .replace(": NaN", ": null");
    serde_json::from_str(&text).unwrap()
}

fn list<'a>(recordings: &'a Value, key: &str, number: usize) -> &'a Vec<Value> {
    let list = recordings[key].as_array().unwrap();
    assert_eq!(list.len(), number, "the number of {key}");
    list
}

/// What each host sent and was answered, from the handshake to the end.
fn of_hosts(recordings: &Value, port: u16) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    for (host, version, calls) in [(0, "0.1.4", 32), (1, "0.1.3", 6)] {
        let host = &list(recordings, "hosts", 2)[host];
        assert!(text(host, "host").contains(version));
        let control = list(host, "handshake_and_control", 6).iter().map(|exchange| {
            let line = text(exchange, "request_line").replace(" HTTP/1.1", "");
            let method = exchange["request_body"]["method"].as_str().unwrap_or(&line);
            (format!("{version} {method}"), exchange)
        });
        let calls = list(host, "invoke_hook", calls)
            .iter()
            .filter(|case| case["nothing_was_sent"] != true)
            .map(|case| (format!("{version} {}", text(case, "id")), &case["exchange"]));
        for (id, exchange) in control.chain(calls) {
            let body = match &exchange["response_json"] {
                Value::Null => text(exchange, "response_body_raw").to_owned(),
                message => message.to_string(),
            };
            let status = text(exchange, "response_line").split(' ').nth(1).unwrap();
            exchanges.push(Exchange {
                id,
                line: text(exchange, "request_line").replace(" HTTP/1.1", ""),
                headers: headers(&exchange["request_headers"], port),
                body: exchange["request_body"].clone(),
                recorded: mcp_normal::document(
                    status.parse().unwrap(),
                    exchange["response_headers"]["content-type"].as_str(),
                    exchange["response_headers"].get("mcp-session-id").is_some(),
                    &body,
                ),
            });
        }
    }
    exchanges
}

fn headers(recorded: &Value, port: u16) -> Vec<(String, String)> {
    let recorded = recorded.as_object().into_iter().flatten();
    recorded
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let value = value.as_str().unwrap().replace("50172", &port.to_string());
            (name.clone(), value.replace("PORT", &port.to_string()))
        })
        .collect()
}

/// Single messages, as they are sent after a handshake.
fn of_messages(recordings: &Value, port: u16) -> Vec<Exchange> {
    let usual = json!({
        "host": "127.0.0.1:PORT", "accept": "application/json, text/event-stream", "content-type": "application/json",
        "mcp-protocol-version": "2025-11-25",
    });
    let messages = list(recordings, "raw_rpc", 30).iter().map(|case| Exchange {
        id: text(case, "id").to_owned(),
        line: "POST /mcp".to_owned(),
        headers: headers(&usual, port),
        body: case["request"].clone(),
        recorded: mcp_normal::document(
            200,
            Some("text/event-stream"),
            false,
            &case["response"].to_string(),
        ),
    });
    messages.collect()
}

/// What is a matter of HTTP.
fn of_http(recordings: &Value, port: u16) -> Vec<Exchange> {
    let requests = list(recordings, "http", 26).iter().map(|case| {
        let id = text(case, "id");
        let mut sent = json!({"host": case["host_header"].as_str().unwrap_or("127.0.0.1:PORT")});
        if case["method"] == "POST /mcp" {
            sent["accept"] = "application/json, text/event-stream".into();
            sent["content-type"] = "application/json".into();
        }
        let changed = ["request_headers", "request_headers_changed"].map(|key| case[key].as_object());
        for (name, value) in changed.into_iter().flatten().flatten() {
            sent[name.to_lowercase()] = value.clone();
        }
        let mut body = case["body"].clone();
        match id {
            "session-unknown" => sent["mcp-session-id"] = "0123456789abcdef0123456789abcdef".into(),
            "body-over-4MiB" => body = "x".repeat(4 * 1024 * 1024).into(),
            _ => {}
        }
        let response = match &case["response"] {
            Value::String(text) => text.clone(),
            response => response.to_string(),
        };
        Exchange {
            id: id.to_owned(),
            line: text(case, "method").to_owned(),
            headers: headers(&sent, port),
            body,
            recorded: mcp_normal::document(
                u16::try_from(case["status"].as_u64().unwrap()).unwrap(),
                case["response_headers"]["content-type"].as_str(),
                case["response_headers"].get("mcp-session-id").is_some(),
                &response,
            ),
        }
    });
    requests.collect()
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_recorded_exchange_over_http_has_the_recorded_answer() {
    let port = plugin_sdk_tests::process::free_port().unwrap();
    let _server = server_with(|command| {
        command
            .env("PLUGINS_TRANSPORT", "http")
            .env("PLUGINS_SERVER_PORT", port.to_string());
    });
    let recordings = recordings("mcp_http.json");
    let kinds = [of_hosts, of_messages, of_http].map(|kind| kind(&recordings, port));
    let exchanges: Vec<_> = kinds.into_iter().flatten().collect();
    assert_eq!(
        exchanges.len(),
        12 + 31 + 6 + 30 + 26,
        "exchanges that are compared"
    );

    let met: HashSet<_> = exchanges.iter().map(|exchange| exchange.id.as_str()).collect();
    for id in MCP
        .iter()
        .flat_map(Difference::named)
        .filter(|id| !id.starts_with("stdio "))
    {
        assert!(
            met.contains(id),
            "the table of differences names {id}, which is not a case"
        );
    }
    let wrong: Vec<_> = exchanges
        .iter()
        .filter_map(|exchange| exchange.mismatch(exchange.over_http(port)))
        .collect();
    report(&wrong);
}

#[test]
fn the_recorded_conversation_over_pipes_goes_the_same_way() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vector-plugin"));
    let mut server = without_settings(&mut command)
        .env("HOME", HOME)
        .env("PLUGINS_CONFIG_PATH", path("vector.yaml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap()).lines();

    let recordings = recordings("mcp_stdio.json");
    let lines = list(&recordings, "lines", 14);
    let mut wrong = Vec::new();
    let mut request = Value::Null;
    let mut compared = 0;
    for recorded in lines.iter().filter(|line| line["line"].is_string()) {
        let line = text(recorded, "line");
        if recorded["direction"] == "host->server" {
            writeln!(input, "{line}").unwrap();
            request = serde_json::from_str(line).unwrap();
            continue;
        }
        let answered = |line: &str| mcp_normal::document(200, Some("application/json"), false, line);
        let exchange = Exchange {
            id: format!("stdio {}", request["params"]["name"].as_str().unwrap_or_default()),
            line: String::new(),
            headers: Vec::new(),
            body: request.clone(),
            recorded: answered(line),
        };
        wrong.extend(exchange.mismatch(answered(&output.next().unwrap().unwrap())));
        compared += 1;
    }
    assert_eq!(compared, 5, "answers that were compared");
    drop(input);
    assert!(output.next().is_none(), "nothing more is said");
    assert_eq!(server.wait().unwrap().code(), Some(0), "the end");
    report(&wrong);
}
