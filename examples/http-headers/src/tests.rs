//! A request and its response, through a host.

use plugin_sdk::{
    hooks::{HttpPostRequest, HttpPreRequest},
    host::{InProcessPlugin, Invoke},
};

use super::*;

async fn plugin(settings: Settings) -> InProcessPlugin {
    InProcessPlugin::new(HttpHeaders::configure(settings).await.unwrap())
}

/// The headers that the request gets, then those that the response gets.
async fn pass(plugin: &InProcessPlugin, id: Option<&str>) -> (Option<Map<String>>, Map<String>) {
    let mut context = PluginContext::new("gateway-1");
    let mut request = HttpPreRequestPayload::new("/tools", "GET");
    if let Some(id) = id {
        request = request.with_header("X-Request-ID", id);
    }
    let before = plugin
        .invoke::<HttpPreRequest>(&request, &mut context)
        .await
        .unwrap();
    let response = HttpPostRequestPayload::new("/tools", "GET")
        .with_response_header("X-Frame-Options", "SAMEORIGIN")
        .with_status_code(200_u16);
    let after = plugin
        .invoke::<HttpPostRequest>(&response, &mut context)
        .await
        .unwrap();
    (before.modified_payload, after.modified_payload.unwrap())
}

#[tokio::test]
async fn the_id_of_a_client_is_kept_and_comes_back() {
    let plugin = plugin(Settings::default()).await;
    let (request, response) = pass(&plugin, Some("client-7.b_2")).await;
    assert_eq!(request, None);
    assert_eq!(response["x-request-id"], "client-7.b_2");
}

#[tokio::test]
async fn without_one_or_with_a_bad_one_it_is_the_gateway_s() {
    let plugin = plugin(Settings::default()).await;
    let long = "x".repeat(129);
    for id in [None, Some(""), Some("a\nlevel=error"), Some(long.as_str())] {
        let (request, response) = pass(&plugin, id).await;
        assert_eq!(request.unwrap()["x-request-id"], "gateway-1");
        assert_eq!(response["x-request-id"], "gateway-1");
    }
}

#[tokio::test]
async fn ids_of_clients_can_be_replaced_always() {
    let settings = Settings {
        keep_client_ids: false,
        ..Settings::default()
    };
    let (request, response) = pass(&plugin(settings).await, Some("client-7")).await;
    assert_eq!(request.unwrap()["x-request-id"], "gateway-1");
    assert_eq!(response["x-request-id"], "gateway-1");
}

#[tokio::test]
async fn a_response_gets_what_it_does_not_have() {
    let (_, response) = pass(&plugin(Settings::default()).await, None).await;
    assert_eq!(response["x-content-type-options"], "nosniff");
    assert_eq!(response.get("x-frame-options"), None, "the gateway's own stays");
}

#[tokio::test]
async fn what_no_header_can_be_is_a_mistake() {
    let headers = |name: &str, value: &str| Settings {
        response_headers: [(name.to_owned(), value.to_owned())].into(),
        ..Settings::default()
    };
    let request_id = Settings {
        request_id_header: "request id".to_owned(),
        ..Settings::default()
    };
    for (settings, expected) in [
        (request_id, "config.request_id_header: \"request id\" is not"),
        (headers("", "x"), "config.response_headers: \"\" is not"),
        (
            headers("server", "a\r\nb"),
            "config.response_headers: what server",
        ),
    ] {
        let error = HttpHeaders::configure(settings).await.err().unwrap();
        assert!(error.message().starts_with(expected), "{error}");
    }
}
