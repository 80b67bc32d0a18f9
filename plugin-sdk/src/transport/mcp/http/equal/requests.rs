//! Requests and headers of every kind.

use bytes::Bytes;

use super::{asked, call, head, protocol};

fn plain() -> String {
    call(r#"{"name":"t","args":{}}"#)
}

/// The plain call with one part of it replaced.
fn with(from: &str, to: &str) -> String {
    let plain = plain();
    assert!(plain.contains(from), "{from}");
    plain.replacen(from, to, 1)
}

#[tokio::test]
async fn whatever_the_id_is() {
    let protocol = protocol(false);
    let (is_direct, answer) = asked(&protocol, &[], &plain()).await;
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
}

#[tokio::test]
async fn whatever_is_odd_about_a_message() {
    let protocol = protocol(false);
    let plain = plain();
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
}

#[tokio::test]
async fn whatever_is_not_odd_about_a_message() {
    let protocol = protocol(false);
    let plain = plain();
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
    let plain = plain();
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
