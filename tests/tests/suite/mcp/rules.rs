//! What MCP asks of messages and of the headers that repeat a part of them: each rule, with a request that breaks it.

use axum::body::{Body, to_bytes};
use plugin_sdk::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Nothing;

impl Nothing {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// The status and the body of an answer; null for an empty one.
async fn post(headers: Headers<'_>, body: String) -> (u16, Value) {
    let mut request = ::http::Request::post("/mcp")
        .header("accept", "*/*")
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let answer = Nothing.into_mcp_handler().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(Body::new(answer.into_body()), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn request(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string()
}

/// Parameters that name a version, as from revision 2026-07-28 on.
fn with_meta(version: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// Expects an error: its status, its code, and a part of its text.
async fn assert_refused(headers: Headers<'_>, body: String, (status, code, says): (u16, i32, &str)) -> Value {
    let (answered, answer) = post(headers, body.clone()).await;
    let what = format!("{headers:?} {body}: {answered} {answer}");
    assert_eq!(answered, status, "{what}");
    assert_eq!(answer["id"], 7, "{what}");
    assert_eq!(answer["error"]["code"], code, "{what}");
    assert!(
        answer["error"]["message"].as_str().unwrap().contains(says),
        "{what}"
    );
    answer["error"]["data"].clone()
}

const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

#[tokio::test]
async fn a_handshake_needs_its_parameters() {
    for (params, says) in [
        (json!({}), "protocolVersion must be a string"),
        (json!({"protocolVersion": 7}), "protocolVersion must be a string"),
        (
            json!({"protocolVersion": "2025-11-25"}),
            "capabilities must be an object",
        ),
        (
            json!({"protocolVersion": "2025-11-25", "capabilities": {}}),
            "clientInfo must be an object with name and version",
        ),
        (
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c"}}),
            "clientInfo must be an object with name and version",
        ),
    ] {
        assert_refused(&[], request("initialize", &params), (200, -32602, says)).await;
    }
    let whole = json!({
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"},
    });
    let whole = request("initialize", &whole);
    let other = (
        400,
        -32600,
        "is not the protocolVersion of initialize (2025-06-18)",
    );
    assert_refused(&[(VERSION, "2025-11-25")], whole.clone(), other).await;
    let (status, answer) = post(&[(VERSION, "2025-06-18")], whole).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{answer}");
}

#[tokio::test]
async fn the_version_of_a_header_is_one_that_is_served() {
    let ping = || request("ping", &json!({}));
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        // The other headers are of a later revision.
        let headers = [(VERSION, version), (METHOD, "tools/list"), (NAME, "other")];
        let (status, answer) = post(&headers, ping()).await;
        assert_eq!((status, &answer["result"]), (200, &json!({})), "{version}");
    }
    for version in ["", "1999-01-01", "2099-01-01"] {
        let unknown = (400, -32600, "Unsupported MCP-Protocol-Version");
        assert_refused(&[(VERSION, version)], ping(), unknown).await;
    }
    for second in ["2025-11-25", "1999-01-01"] {
        let twice = [(VERSION, "2025-11-25"), (VERSION, second)];
        assert_refused(&twice, ping(), (400, -32600, "is there more than once")).await;
    }
}

#[tokio::test]
async fn a_request_without_a_handshake_says_what_it_needs() {
    const NEWEST: (&str, &str) = (VERSION, "2026-07-28");
    let list = |params: &Value| request("tools/list", params);
    let newest = with_meta("2026-07-28", json!({}));
    for (headers, params, says) in [
        (&[][..], &newest, "needs the header MCP-Protocol-Version"),
        (
            &[(VERSION, "2025-11-25")],
            &newest,
            "is not the protocolVersion of the request's _meta",
        ),
        (&[NEWEST], &newest, "the header mcp-method is missing"),
        (
            &[NEWEST, (METHOD, "ping")],
            &newest,
            "is not the method of the request",
        ),
        (
            &[NEWEST, (METHOD, "tools/list"), (METHOD, "tools/list")],
            &newest,
            "is there more than once",
        ),
    ] {
        assert_refused(headers, list(params), (400, -32020, says)).await;
    }
    let headers = [NEWEST, (METHOD, "tools/list")];
    let version_alone = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}});
    for (params, missing) in [
        (json!({}), "io.modelcontextprotocol/protocolVersion"),
        (json!({"_meta": {}}), "io.modelcontextprotocol/protocolVersion"),
        (version_alone, "io.modelcontextprotocol/clientCapabilities"),
    ] {
        assert_refused(&headers, list(&params), (400, -32602, missing)).await;
    }
    let (status, answer) = post(&headers, list(&newest)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");

    for version in ["1999-01-01", "2099-01-01"] {
        let headers = [(VERSION, version), (METHOD, "tools/list")];
        let unsupported = (400, -32022, "Unsupported protocol version");
        let data = assert_refused(&headers, list(&with_meta(version, json!({}))), unsupported).await;
        assert_eq!(data["requested"], version);
        assert_eq!(data["supported"][4], "2026-07-28", "{data}");
    }
}

/// Only from revision 2026-07-28 on a method that is not there has a status of its own.
#[tokio::test]
async fn a_method_that_is_not_there_has_the_status_of_its_revision() {
    for method in ["logging/setLevel", "prompts/get", "ping", "initialize"] {
        let body = request(method, &with_meta("2026-07-28", json!({})));
        let headers = [(VERSION, "2026-07-28"), (METHOD, method)];
        assert_refused(&headers, body, (404, -32601, method)).await;
    }
    for method in ["logging/setLevel", "prompts/get"] {
        for params in [json!({}), with_meta("2025-11-25", json!({}))] {
            let body = request(method, &params);
            assert_refused(&[(VERSION, "2025-11-25")], body, (200, -32601, method)).await;
        }
    }
}

#[tokio::test]
async fn a_header_repeats_the_name() {
    let call = || {
        request(
            "tools/call",
            &with_meta("2026-07-28", json!({"name": "get_plugin_configs"})),
        )
    };
    let with = |name| [(VERSION, "2026-07-28"), (METHOD, "tools/call"), (NAME, name)];
    let without = &with("")[..2];
    assert_refused(without, call(), (400, -32020, "the header mcp-name is missing")).await;
    for (name, says) in [
        ("invoke_hook", "is not the name of the request"),
        ("=?base64?aW52b2tlX2hvb2s=?=", "is not the name of the request"),
        ("=?base64?!?=", "is not valid Base64"),
    ] {
        assert_refused(&with(name), call(), (400, -32020, says)).await;
    }
    for name in ["get_plugin_configs", "=?base64?Z2V0X3BsdWdpbl9jb25maWdz?="] {
        let (status, answer) = post(&with(name), call()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
    let uri = "file:///none";
    let headers = [(VERSION, "2026-07-28"), (METHOD, "resources/read"), (NAME, uri)];
    let read = request("resources/read", &with_meta("2026-07-28", json!({"uri": uri})));
    let data = assert_refused(&headers, read, (200, -32602, "Unknown resource")).await;
    assert_eq!(data, json!({"uri": uri}));
}

#[tokio::test]
async fn a_server_says_what_it_has() {
    let says = "io.modelcontextprotocol/protocolVersion";
    assert_refused(&[], request("server/discover", &json!({})), (400, -32602, says)).await;
    let headers = [(VERSION, "2026-07-28"), (METHOD, "server/discover")];
    let (status, mut answer) = post(
        &headers,
        request("server/discover", &with_meta("2026-07-28", json!({}))),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    let version = answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["version"].take();
    assert!(version.is_string(), "{answer}");
    let expected = json!({
        "supportedVersions": ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"],
        "capabilities": {
            "tools": {"listChanged": false}, "prompts": {"listChanged": false},
            "resources": {"listChanged": false, "subscribe": false},
        },
        "instructions": "External plugin server for ContextForge",
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "MCP Plugin Server", "version": null}},
    });
    assert_eq!(answer["result"], expected);
}

#[tokio::test]
async fn what_is_no_request_has_no_result() {
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    for (headers, status) in [
        (&[][..], 202),
        (&[(VERSION, "2025-11-25")], 202),
        (&[(VERSION, "1999-01-01")], 400),
        (&[(VERSION, "2025-11-25"), (VERSION, "2025-11-25")], 400),
        (&[(VERSION, "2026-07-28")], 400),
        (
            &[(VERSION, "2026-07-28"), (METHOD, "notifications/initialized")],
            202,
        ),
    ] {
        let (answered, answer) = post(headers, notification.clone()).await;
        assert_eq!(answered, status, "{headers:?}: {answer}");
    }
    let ping = request("ping", &json!({}));
    for (body, code) in [
        (String::new(), -32700),
        (format!("{ping}{ping}"), -32700),
        ("{}".to_owned(), -32602),
        (format!("[{ping}]"), -32602),
        (r#"{"jsonrpc":"2.0","id":7,"result":{}}"#.to_owned(), -32600),
    ] {
        let (status, answer) = post(&[], body.clone()).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!(code)),
            "{body}: {answer}"
        );
    }
}
