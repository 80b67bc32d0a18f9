//! The context goes back when a hook changed it, however it did, and only then.

use plugin_sdk_proto::wire::{GlobalContext, InvokeHookRequest, InvokeHookResponse, PluginContext};
use prost::Message;
use serde_json::{Value, json};

use crate::frames::server;

fn structure(value: &Value) -> bytes::Bytes {
    plugin_sdk::codec::to_struct(value).unwrap().into()
}

fn read(bytes: &[u8]) -> Value {
    plugin_sdk::codec::from_struct(bytes).unwrap()
}

/// The context that comes back from a call with a context in which everything is set.
fn context_after(client: &mut plugin_sdk_tests::frames::FrameClient, name: &str) -> Option<PluginContext> {
    let request = InvokeHookRequest {
        hook_type: "tool_pre_invoke".into(),
        plugin_name: "Faults".into(),
        payload: structure(&json!({"name": name})),
        context: Some(PluginContext {
            global_context: Some(GlobalContext {
                request_id: "r".into(),
                server_id: "s".into(),
                state: structure(&json!({"shared": [1, null]})),
                metadata: structure(&json!({"note": "n"})),
                ..GlobalContext::default()
            }),
            state: structure(&json!({"own": 1})),
            metadata: structure(&json!({"remark": true})),
        }),
    };
    let response = client.call(&request.encode_to_vec()).unwrap();
    let response = InvokeHookResponse::decode(response.as_slice()).unwrap();
    assert_eq!(response.error, None);
    response.context
}

#[test]
fn an_unchanged_context_does_not_go_back() {
    let server = server();
    let mut client = server.connect().unwrap();
    for name in ["echo", "read-state", "read-context"] {
        assert_eq!(context_after(&mut client, name), None, "{name}");
    }
}

#[test]
fn a_replaced_map_goes_back_with_everything_else() {
    let server = server();
    let mut client = server.connect().unwrap();

    let context = context_after(&mut client, "take-state").unwrap();
    assert!(context.state.is_empty());
    assert_eq!(read(&context.metadata), json!({"remark": true}));
    let global = context.global_context.unwrap();
    assert_eq!(
        (global.request_id.as_str(), global.server_id.as_str()),
        ("r", "s")
    );
    assert_eq!(read(&global.state), json!({"shared": [1, null]}));

    let context = context_after(&mut client, "swap-maps").unwrap();
    assert_eq!(read(&context.state), json!({"own": 1}));
    assert_eq!(read(&context.metadata), json!({"own": 1}));
}

#[test]
fn a_replaced_context_goes_back() {
    let server = server();
    let mut client = server.connect().unwrap();

    let context = context_after(&mut client, "new-global-context").unwrap();
    assert_eq!(context.global_context.unwrap(), GlobalContext::default());
    assert_eq!(read(&context.state), json!({"own": 1}));

    let context = context_after(&mut client, "new-context").unwrap();
    assert!(context.state.is_empty() && context.metadata.is_empty());
    assert_eq!(context.global_context.unwrap().request_id, "another");
}
