//! Calls are counted by what their callers got, on every transport.

use std::os::unix::net::UnixStream;

use plugin_sdk::host::{CallOptions, HostedPlugin};
use plugin_sdk_tests::http;
use serde_json::json;

use crate::{
    host::call_with,
    ways::{WAYS, code_of},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_large_is_counted_as_an_error() {
    for way in WAYS {
        let (transports, socket) = match way.name {
            "http" => ("http".to_owned(), "plugin.sock"),
            name => (format!("{name},http"), "http.sock"),
        };
        let server = way.start_with(&[
            ("PLUGINS_TRANSPORT", &transports),
            ("PLUGINS_SERVER_UDS", socket),
            ("PLUGINS_MAX_MESSAGE_SIZE", "100000"),
            ("PLUGINS_GRPC_SERVER_MAX_REPLY_SIZE", "100000"),
        ]);
        let plugin = way.connect(&server).await;
        let size = json!({"size": 200_000});
        let refused = call_with(&plugin, "big", size.clone(), CallOptions::new()).await;
        assert!(
            refused.unwrap_err().to_string().contains("the answer has"),
            "{way:?}"
        );
        // Of a denial the denial is left.
        let denied = call_with(&plugin, "huge-denial", size, CallOptions::new())
            .await
            .unwrap();
        assert!(!denied.continue_processing, "{way:?}");
        assert_eq!(code_of(&plugin, "echo", json!({})).await, "", "{way:?}");
        plugin.close().await;
        let stream = UnixStream::connect(server.socket().with_file_name(socket)).unwrap();
        let host = [("host".to_owned(), "localhost".to_owned())];
        let metrics = http::exchange_on(stream, "GET /metrics/prometheus", &host, "")
            .unwrap()
            .body;
        for outcome in ["allow", "deny", "error"] {
            let line = format!(
                "plugin_calls_total{{plugin=\"Faults\",hook=\"tool_pre_invoke\",outcome=\"{outcome}\"}} 1"
            );
            assert!(
                metrics.lines().any(|found| found == line),
                "{way:?}: no {line} in\n{metrics}"
            );
        }
    }
}
