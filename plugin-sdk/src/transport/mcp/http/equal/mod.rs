//! What is answered without the library is answered as the library does it.

mod requests;

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
