//! Values that nest deeper than anything may: where a hook can leave one, and what it can do with one.

use plugin_sdk::prelude::*;
use plugin_sdk::{List, PluginContext};

/// A value of so many levels.
fn value(shape: &str, depth: u64) -> Value {
    let mut value = Value::from(1);
    for level in 0..depth {
        value = match shape {
            "list" => List::from([value]).into(),
            "mixed" if level % 2 == 0 => List::from([value]).into(),
            _ => Map::from([("in", value)]).into(),
        };
    }
    value
}

/// Leaves a deep value where the arguments say.
pub(super) fn answer(
    mut payload: ToolPreInvokePayload,
    context: &mut PluginContext,
) -> HookResult<ToolPreInvokePayload> {
    let text = |key: &str| payload.args[key].as_str().unwrap_or_default().to_owned();
    let (shape, place) = (text("shape"), text("place"));
    let deep = value(&shape, payload.args["depth"].as_u64().unwrap_or_default());
    let allow = PluginResult::allow();
    let violation = || PluginViolation::new("denied", "DENIED");
    let key = || "deep".to_owned();
    match place.as_str() {
        "payload" => {
            payload.args.insert(key(), deep);
            Ok(PluginResult::modify_payload(payload))
        }
        "unknown field" => {
            payload.extra.insert(key(), deep);
            Ok(PluginResult::modify_payload(payload))
        }
        "metadata" => Ok(allow.with_metadata("deep", deep)),
        "violation" => Ok(PluginResult::deny(violation().with_detail("deep", deep))),
        "violation as error" => Err(violation().with_detail("deep", deep).into()),
        "error" => Err(PluginError::new("failed")
            .with_code("E42")
            .with_detail("deep", deep)),
        "state" => {
            context.state_mut().insert(key(), deep);
            Ok(allow)
        }
        "shared state" => {
            context.global_context_mut().state_mut().insert(key(), deep);
            Ok(allow)
        }
        "notes" => {
            context.metadata_mut().insert(key(), deep);
            Ok(allow)
        }
        "taken back" => {
            context.state_mut().insert(key(), deep);
            context.state_mut().clear();
            Ok(allow)
        }
        "used" => {
            let clone = deep.clone();
            let mut map = Map::from([("clone", clone.clone())]);
            let is_equal = map["clone"] == deep && clone == map["clone"];
            let is_cloned = map.clone() == map;
            map.insert("clone".into(), Value::Null);
            let is_written = serde_json::to_string(&deep).is_ok();
            let (shown, text) = (format!("{deep:?}"), deep.to_string());
            let known = is_equal && is_cloned && !is_written && shown.len() < 10_000;
            Ok(allow
                .with_metadata("length", text.len())
                .with_metadata("known", known))
        }
        _ => Ok(allow),
    }
}
