//! What is answered without the library is answered as the library does it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, request::Parts};
use http_body_util::BodyExt;
use serde_json::Value;

use super::{protocol::Protocol, reply::Body};
use crate::{
    dispatch::Dispatcher,
    limits::Limits,
    prelude::*,
    transport::mcp::{settings::McpSettings, tools::Tools},
};

#[plugin(hooks = [tool_pre_invoke, tool_post_invoke])]
#[derive(Default)]
struct Example;

impl Example {
    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        match payload.name.as_str() {
            "panic" => panic!("on \"purpose\"\n"),
            "fail" => Err(PluginError::new("no")
                .with_code("E42")
                .with_detail("a", "\u{1}\"é")),
            "deny" => Ok(PluginResult::deny(
                PluginViolation::new("no", "NO").with_detail("args", payload.args),
            )),
            "context" => {
                let seen = format!("{context:?}").len();
                context.state_mut().insert("seen".into(), seen.into());
                context
                    .global_context_mut()
                    .state_mut()
                    .insert("more".into(), true.into());
                Ok(PluginResult::allow())
            }
            "large" => {
                payload.args.insert("more".into(), "x".repeat(5000).into());
                Ok(PluginResult::modify_payload(payload))
            }
            "wait" => std::future::pending().await,
            "allow" => Ok(PluginResult::allow()),
            _ => {
                payload.args.insert("added".into(), "\u{7f}\t\\\"".into());
                Ok(PluginResult::modify_payload(payload))
            }
        }
    }

    async fn tool_post_invoke(
        &self,
        payload: ToolPostInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        Ok(PluginResult::modify_payload(payload))
    }
}

fn protocol(sessions: bool) -> Protocol {
    let limits = Limits {
        max_message_size: 4000,
        ..Limits::default()
    };
    let dispatcher = Dispatcher::of_plugin(Example).unwrap().with_limits(limits);
    let settings = McpSettings {
        sessions,
        ..McpSettings::default()
    };
    Protocol::new(Tools::new(Arc::new(dispatcher)), &settings)
}

fn head(headers: &[(&'static str, &'static str)]) -> Parts {
    let usual = [
        ("host", "localhost:1"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    let mut request = Request::post("/mcp");
    for (name, value) in usual
        .iter()
        .filter(|(name, _)| headers.iter().all(|it| it.0 != *name))
    {
        request = request.header(*name, *value);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// An answer, as far as a client looks at it.
async fn shown(answer: http::Response<Body>) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = answer.into_parts();
    let body = body
        .collect()
        .await
        .unwrap_or_else(|never| match never {})
        .to_bytes();
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    (parts.status, parts.headers, body)
}

/// Asks both ways. Returns whether the library was done without.
async fn asked(protocol: &Protocol, headers: &[(&'static str, &'static str)], body: &str) -> (bool, Value) {
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    let is_direct = protocol.direct_call(&head(headers), &bytes).is_some();
    let ours = shown(protocol.answer(head(headers), bytes.clone()).await).await;
    let theirs = shown(protocol.by_library(head(headers), bytes).await).await;
    assert_eq!(ours, theirs, "{headers:?} {body}");
    // The one thing in the answer that is JSON once more.
    let text = ours.2["result"]["content"][0]["text"].as_str().unwrap_or("null");
    (is_direct, serde_json::from_str(text).unwrap())
}

fn call(payload: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"invoke_hook","arguments":{{"hook_type":"tool_pre_invoke","plugin_name":"Example","payload":{payload},"context":{{"global_context":{{"request_id":"r"}},"state":{{"a":1}},"metadata":{{}}}}}}}}}}"#
    )
}

fn nested(depth: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

#[tokio::test]
async fn whatever_a_payload_holds() {
    let protocol = protocol(false);
    let deep = |depth: usize| format!(r#"{{"name":"t", "args":{{"deep":{}}}}}"#, nested(depth));
    for payload in [
        r#"{"name":"t","args":{"s":"what","n":3,"f":2.5,"nothing":null,"l":[1,[],{}],"o":{"a":null}}}"#.to_owned(),
        r#" { "name" : "t" , "args" : { "a" : [ 1 , 2 ] } } "#.to_owned(),
        r#"{"name":"allow"}"#.to_owned(),
        r#"{"name":"deny","args":{"x":[1,"\"\\\/\b\f\n\r\t\u0000\u001f\u007f\ud83d\ude00é"]}}"#.to_owned(),
        r#"{"name":"fail"}"#.to_owned(),
        r#"{"name":"panic"}"#.to_owned(),
        r#"{"name":"context"}"#.to_owned(),
        r#"{"name":"large"}"#.to_owned(),
        "{}".to_owned(),
        r#"{"name":7}"#.to_owned(),
        r#"{ "name" : null , "args" : 1.50 }"#.to_owned(),
        r#"{"name":"t","args":[1]}"#.to_owned(),
        r#"{"name":"t","args":null,"more":{"unknown":true}}"#.to_owned(),
        // Numbers that have another form as a double, or none.
        r#"{"name":"t","args":{"n":[1.0,1e2,-0,-0.0,1E-7,0.1,1e308,9007199254740993,18446744073709551615]}}"#.to_owned(),
        r#"{"name":"t","args":{"n":[18446744073709551616,-9223372036854775809,123456789012345678901234567890]}}"#.to_owned(),
        r#"{"name":"t","args":{"n":1e400}}"#.to_owned(),
        r#"{"name":1e400}"#.to_owned(),
        r#"{"name":"t","args":{"s":"\ud800"}}"#.to_owned(),
        r#"{"name":"t","args":{"\ud800":1}}"#.to_owned(),
        // The last of several entries counts.
        r#"{"name":"a","args":{},"name":"t"}"#.to_owned(),
        r#"{"name":5,"name":"t"}"#.to_owned(),
        r#"{"name":"t", "name":5}"#.to_owned(),
        r#"{"name":"t","args":{"k":1,"l":2,"k":{"a":1,"b":2,"a":3}}}"#.to_owned(),
        r#"{"name":"t","args":{"k":1},"args":{"l":1}}"#.to_owned(),
        r#"{"n\u0061me":"t","\u0061rgs":{"\u006b":"\u0041"}}"#.to_owned(),
        deep(5),
        deep(30),
        deep(31),
        deep(32),
        deep(60),
        deep(110),
        deep(126),
        deep(150),
        format!(r#"{{"name":"t","name":"u", "args":{{"deep":{}}}}}"#, nested(80)),
        format!(r#"{{"name":"t","args":{{"s":"{}"}}}}"#, "\u{e9}\\n".repeat(300)),
        format!(r#"{{"name":"t","args":{{"s":"{}"}}}}"#, "x".repeat(4000)),
    ] {
        let (is_direct, _) = asked(&protocol, &[], &call(&payload)).await;
        assert!(is_direct, "{payload}");
        let (is_direct, _) = asked(&protocol, &[], &call(&payload).replace("tool_pre", "tool_post")).await;
        assert!(is_direct, "{payload}");
        // As text, which is the library's.
        let (is_direct, _) = asked(&protocol, &[], &call(&Value::from(payload).to_string())).await;
        assert!(!is_direct);
    }
}

#[tokio::test]
async fn whatever_a_context_holds() {
    let protocol = protocol(false);
    let global =
        r#""global_context":{"request_id":"r","user":"alice","tenant_id":"t","state":{"g":1},"metadata":{}}"#;
    for context in [
        "{}".to_owned(),
        r#"{"global_context":{}}"#.to_owned(),
        r#"{"global_context":null}"#.to_owned(),
        r#"{"global_context":[1]}"#.to_owned(),
        format!("{{{global}}}"),
        format!(r#"{{{global},"state":null}}"#),
        format!(r#"{{{global},"state":[]}}"#),
        format!(r#"{{{global},"state":{{"a":1,"b":2,"a":3}},"unknown":{{"x":1,"x":2}}}}"#),
        format!("{{{global},{global}}}"),
        r#"{"global_context":{"request_id":"r","request_id":"s","user":{"email":"a","email":"b"}}}"#
            .to_owned(),
        r#"{"global_context":{"request_id":"r","user_context":{"user_id":"u","roles":["a"]}}}"#.to_owned(),
        r#"{ "global_context" : { "request_id" : 7 } }"#.to_owned(),
        format!(r#"{{{global}, "state":{}}}"#, nested(50)),
        format!(r#"{{{global}, "state":{}}}"#, nested(140)),
        format!(r#"{{{global}, "state":{{"n":[1e400,-0,1.0]}}}}"#),
    ] {
        let plain = call(r#"{"name":"context","args":{}}"#);
        let start = plain.find(r#"{"global_context""#).unwrap();
        let body = format!("{}{context}}}}}}}", &plain[..start]);
        let (is_direct, _) = asked(&protocol, &[], &body).await;
        assert!(is_direct, "{context}");
    }
}

#[tokio::test]
async fn whatever_a_request_is() {
    let protocol = protocol(false);
    let plain = call(r#"{"name":"t","args":{}}"#);
    let with = |from: &str, to: &str| {
        assert!(plain.contains(from), "{from}");
        plain.replacen(from, to, 1)
    };
    let (is_direct, answer) = asked(&protocol, &[], &plain).await;
    assert!(is_direct);
    assert_eq!(answer["result"]["modified_payload"]["name"], "t");

    for id in [
        "0",
        "-7",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-0",
        "1.0",
        "1e2",
        "0.5",
        "1e400",
        "\"\"",
        "\"a b\"",
        "\"\\u0061\\n\\\"\"",
        "\"é\u{7f}\"",
        "\"\\ud800\"",
        "null",
        "true",
        "[7]",
        "{}",
        &"9".repeat(300),
        &format!("\"{}\"", "i".repeat(3000)),
    ] {
        asked(&protocol, &[], &with("\"id\":7", &format!("\"id\":{id}"))).await;
    }

    for odd in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        format!("[{plain}]"),
        format!("{plain}{plain}"),
        format!("{plain} x"),
        format!("{plain}]"),
        format!("\u{feff}{plain}"),
        plain[..plain.len() - 1].to_owned(),
        plain[..plain.len() / 2].to_owned(),
        with("\"id\":7,", ""),
        with("\"id\":7", "\"id\":7,\"id\":8"),
        with("\"jsonrpc\":\"2.0\",", ""),
        with("\"2.0\"", "\"1.0\""),
        with("\"2.0\"", "2.0"),
        with("\"method\":\"tools/call\",", ""),
        with("tools/call", "tools/list"),
        with("tools/call", "tools/call "),
        with("\"method\":", "\"method\":\"ping\",\"method\":"),
        with("\"id\":7", "\"id\":7,\"more\":{}"),
        with("\"id\":7", "\"id\":7,\"result\":{}"),
        with("\"id\":7", "\"id\":7,\"error\":{\"code\":1,\"message\":\"\"}"),
        with("\"params\":{", "\"params\":{\"_meta\":{\"progressToken\":1},"),
        with("\"params\":{", "\"params\":{\"_meta\":{},"),
        with("\"params\":{", "\"params\":{\"_meta\":7,"),
        with("\"params\":{", "\"params\":{\"task\":{\"ttl\":1},"),
        with("\"params\":{", "\"params\":{\"name\":\"other\","),
        with("\"params\":", "\"params\":null,\"params\":"),
        with("invoke_hook", "get_plugin_config"),
        with("invoke_hook", "get_plugin_configs"),
        with("invoke_hook", "invoke_hok"),
        with("\"invoke_hook\"", "7"),
        with("\"arguments\":{", "\"arguments\":{\"more\":[],"),
        with("\"arguments\":{", "\"arguments\":{\"hook_type\":\"x\","),
        with("\"arguments\":{", "\"arguments\":{\"payload\":{\"name\":\"u\"},"),
        with("\"arguments\":", "\"arguments\":null,\"arguments\":"),
        with("\"arguments\":", "\"argument\":"),
        with("\"hook_type\":\"tool_pre_invoke\",", ""),
        with("\"plugin_name\":\"Example\",", ""),
        with("\"payload\":", "\"payloads\":"),
        with("\"context\":", "\"contexts\":"),
        with("\"tool_pre_invoke\"", "null"),
        with("\"Example\"", "{}"),
        with("{\"name\":\"t\",\"args\":{}}", "null"),
        with("{\"name\":\"t\",\"args\":{}}", "[]"),
        with("{\"name\":\"t\",\"args\":{}}", "\"words\""),
        with("{\"name\":\"t\",\"args\":{}}", "7"),
        with("{\"name\":\"t\",\"args\":{}}", "{\"name\":}"),
        with("{\"name\":\"t\",\"args\":{}}", "{\"name\":\"\u{1}\"}"),
        with("{\"name\":\"t\",\"args\":{}}", "{\"name\":nan}"),
        r#"{"jsonrpc":"2.0","id":7,"result":{}}"#.to_owned(),
        r#"["2.0",7,"tools/call",["invoke_hook",["tool_pre_invoke","Example",{"name":"t"},{}]]]"#.to_owned(),
        with("\"params\":{", "\"params\":[{").replacen("}}}}}", "}}}}]}", 1),
    ] {
        let (is_direct, _) = asked(&protocol, &[], &odd).await;
        assert!(!is_direct, "{odd}");
    }

    for usual in [
        with("{\"jsonrpc\"", " \r\n\t{ \"jsonrpc\""),
        format!("{plain} \n"),
        with("Example", "EXAMPLE"),
        with("Example", "Nobody"),
        with("Example", ""),
        with("Example", "é"),
        with("tool_pre_invoke", "no_such_hook"),
        with("tool_pre_invoke", &"h".repeat(2000)),
        with("\"jsonrpc\"", "\"\\u006asonrpc\""),
        with("\"hook_type\"", "\"hook\\u005ftype\""),
    ] {
        let (is_direct, _) = asked(&protocol, &[], &usual).await;
        assert!(is_direct, "{usual}");
    }
    // An escape in one of the strings that are compared or passed on.
    for odd in [
        with("tools/call", "tools\\/call"),
        with("Example", "\\u0045xample"),
        with("tool_pre_invoke", "tool\\u005fpre_invoke"),
        with("Example", "\\ud800"),
    ] {
        let (is_direct, _) = asked(&protocol, &[], &odd).await;
        assert!(!is_direct, "{odd}");
    }
    let broken = Bytes::from_static(b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\"}");
    assert!(protocol.direct_call(&head(&[]), &broken).is_none());
}

#[tokio::test]
async fn whatever_the_headers_say() {
    const META: &str = r#""params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},"#;
    let protocol = protocol(false);
    let plain = call(r#"{"name":"t","args":{}}"#);
    let newest = plain.replace("\"params\":{", META);
    for (headers, is_plain) in [
        (&[][..], true),
        (&[("mcp-protocol-version", "2025-11-25")], true),
        (&[("mcp-protocol-version", "2025-06-18")], true),
        (&[("mcp-protocol-version", "2025-03-26")], true),
        (&[("mcp-protocol-version", "2024-11-05")], true),
        (
            &[("mcp-session-id", "7f"), ("origin", "http://localhost:1")],
            true,
        ),
        (
            &[
                ("accept", "TEXT/event-stream;q=0.1"),
                ("accept", "Application/JSON; x=1"),
            ],
            true,
        ),
        (&[("content-type", "application/json; charset=utf-8")], true),
        (&[("mcp-method", "tools/list"), ("mcp-name", "other")], true),
        (&[("mcp-protocol-version", "")], false),
        (&[("mcp-protocol-version", "1999-01-01")], false),
        (&[("mcp-protocol-version", "\u{e9}")], false),
        (&[("mcp-protocol-version", "2099-01-01")], false),
        (
            &[
                ("mcp-protocol-version", "2025-11-25"),
                ("mcp-protocol-version", "2025-11-25"),
            ],
            false,
        ),
        (
            &[
                ("mcp-protocol-version", "2025-11-25"),
                ("mcp-protocol-version", "1999-01-01"),
            ],
            false,
        ),
        (&[("mcp-protocol-version", "2026-07-28")], false),
        (
            &[
                ("mcp-protocol-version", "2026-07-28"),
                ("mcp-method", "tools/call"),
            ],
            false,
        ),
        (
            &[
                ("mcp-protocol-version", "2026-07-28"),
                ("mcp-method", "tools/call"),
                ("mcp-name", "invoke_hook"),
            ],
            false,
        ),
        (
            &[("accept", "x;y=\", application/json, text/event-stream, \"")],
            false,
        ),
    ] {
        let (is_direct, _) = asked(&protocol, headers, &plain).await;
        assert_eq!(is_direct, is_plain, "{headers:?}");
        let (is_direct, _) = asked(&protocol, headers, &newest).await;
        assert!(!is_direct, "{headers:?}");
    }
}

#[tokio::test]
async fn in_a_session_all_is_the_librarys() {
    let protocol = protocol(true);
    let plain = Bytes::from(call(r#"{"name":"t"}"#));
    assert!(
        protocol
            .direct_call(&head(&[("mcp-session-id", "7f")]), &plain)
            .is_none()
    );
    assert!(protocol.direct_call(&head(&[]), &plain).is_none());
}

#[tokio::test]
async fn a_call_that_is_broken_off_says_so_either_way() {
    let protocol = protocol(false);
    let waits = Bytes::from(call(r#"{"name":"wait"}"#));
    let end = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        protocol.end();
    };
    let (directly, by_library, ()) = tokio::join!(
        protocol.answer(head(&[]), waits.clone()),
        protocol.by_library(head(&[]), waits.clone()),
        end
    );
    let (directly, by_library) = (shown(directly).await, shown(by_library).await);
    assert_eq!(directly, by_library);
    assert_eq!(directly.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        (&directly.2["id"], &directly.2["error"]["code"]),
        (&7.into(), &(-32603).into())
    );
}
