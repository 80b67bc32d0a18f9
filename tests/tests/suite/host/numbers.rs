//! Integers of any size, through a plugin and back.

use plugin_sdk::{
    Map, PluginContext, Value,
    hooks::{ToolPreInvoke, ToolPreInvokePayload},
    host::{CallError, HostedPlugin, InProcessPlugin, Invoke},
};
use plugin_sdk_tests::faults::Faults;
use serde_json::{Value as Json, json};

use super::{connect_with, everywhere};

/// Integers beyond 64 bits; the first two round to one double.
const LONG: [&str; 6] = [
    "18446744073709551616",
    "18446744073709551617",
    "-9223372036854775809",
    "340282366920938463463374607431768211455",
    "-170141183460469231731687303715884105728",
    "1234567890123456789012345678901234567890123456789012345678901234567890",
];

fn payload() -> ToolPreInvokePayload {
    let text = format!(
        r#"{{"long":[{}],"half":0.5,"text":"1e5","float":1e30}}"#,
        LONG.join(",")
    );
    let long: Value = text.parse().unwrap();
    let mut payload = ToolPreInvokePayload::new("deep").with_arg("long", long.clone());
    payload.args.insert("place".into(), "payload".into());
    payload.extra.insert("of a newer host".into(), long);
    payload
}

async fn modified(plugin: &impl HostedPlugin, payload: &ToolPreInvokePayload) -> Result<Map, CallError> {
    let mut context = PluginContext::new("r");
    context.state_mut().extend(payload.args.clone());
    let result = plugin.invoke::<ToolPreInvoke>(payload, &mut context).await?;
    let modified = result.modified_payload.unwrap();
    assert_eq!(modified.extra, payload.extra);
    Ok(modified.args)
}

#[tokio::test(flavor = "multi_thread")]
async fn integers_beyond_64_bits_stay_whole_in_json_and_are_never_rounded_in_silence() {
    let (_server, sections) = everywhere(
        env!("CARGO_BIN_EXE_fault-plugin"),
        "plugins: [{name: Faults, kind: faults}]",
    );
    let payload = payload();
    let mut expected = payload.args.clone();
    expected.insert("deep".into(), 1.into());
    let here = InProcessPlugin::new(Faults);
    assert_eq!(modified(&here, &payload).await.unwrap(), expected);
    for (transport, section) in &sections {
        let plugin = connect_with("Faults", section).await.unwrap();
        if matches!(*transport, "http" | "stdio") {
            let args = modified(&plugin, &payload).await.unwrap();
            assert_eq!(args, expected, "{transport}");
            for text in LONG {
                assert!(args.to_string().contains(text), "{transport}: {args}");
            }
            continue;
        }
        // Every number is a double here, which all hosts round to.
        let rounded = Json::from(payload.args["long"].clone());
        let args = modified_loosely(&plugin, &payload).await;
        let args = Json::from(args["long"].clone());
        assert_eq!(args["long"][0], rounded["long"][0], "{transport}");
        assert_eq!(args["long"][1], args["long"][0], "{transport}");
        // A plugin is told that its own integer would be.
        let error = super::call(&plugin, "long", json!({})).await.unwrap_err();
        assert!(
            error.to_string().contains("can't be sent"),
            "{transport}: {error}"
        );
    }
    let result = super::call(&here, "long", json!({})).await.unwrap();
    assert_eq!(result.metadata["long"].to_string(), u128::MAX.to_string());
}

async fn modified_loosely(plugin: &impl HostedPlugin, payload: &ToolPreInvokePayload) -> Map {
    let mut context = PluginContext::new("r");
    let result = plugin
        .invoke::<ToolPreInvoke>(payload, &mut context)
        .await
        .unwrap();
    result.modified_payload.unwrap().args
}
