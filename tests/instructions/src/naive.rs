//! The obvious way to handle a call: trees of `prost_types::Struct`, made into `serde_json::Value`, made into the type of the hook,
//! and all the way back.

use std::collections::HashMap;

use plugin_sdk_proto::cpex::{InvokeHookRequest, InvokeHookResponse};
use prost::Message;
use prost_types::{ListValue, Struct, Value as Node, value::Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

use crate::{
    Result,
    plugins::{REPLACEMENT, WORD},
};

/// The payload as an author would write it down.
#[derive(Deserialize, Serialize)]
pub struct ToolPreInvoke {
    name: String,
    #[serde(default)]
    args: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<HashMap<String, String>>,
}

impl ToolPreInvoke {
    /// What [`ReplaceWords`](crate::plugins::ReplaceWords) does.
    pub fn replace_words(&mut self) {
        for value in self.args.values_mut() {
            if let Value::String(text) = value
                && text.contains(WORD)
            {
                *text = text.replace(WORD, REPLACEMENT);
            }
        }
    }
}

/// An `InvokeHookRequest` in, an `InvokeHookResponse` out.
pub fn handle(request: &[u8]) -> Result<Vec<u8>> {
    let request = InvokeHookRequest::decode(request)?;
    let payload = to_json(request.payload.unwrap_or_default());
    let context = request.context.unwrap_or_default();
    let global = context.global_context.unwrap_or_default();
    // The context that a hook would get.
    let context = json!({
        "state": to_json(context.state.unwrap_or_default()),
        "metadata": to_json(context.metadata.unwrap_or_default()),
        "global_context": {
            "request_id": global.request_id,
            "server_id": global.server_id,
            "tenant_id": global.tenant_id,
            "state": to_json(global.state.unwrap_or_default()),
            "metadata": to_json(global.metadata.unwrap_or_default()),
        },
    });
    std::hint::black_box(&context);

    let mut payload: ToolPreInvoke = serde_json::from_value(payload)?;
    payload.replace_words();
    let result = json!({
        "continue_processing": true,
        "modified_payload": serde_json::to_value(payload)?,
    });
    let response = InvokeHookResponse {
        plugin_name: request.plugin_name,
        result: Some(to_struct(result)),
        ..Default::default()
    };
    Ok(response.encode_to_vec())
}

fn to_json(tree: Struct) -> Value {
    Value::Object(
        tree.fields
            .into_iter()
            .map(|(key, node)| (key, node_to_json(node)))
            .collect(),
    )
}

fn node_to_json(node: Node) -> Value {
    match node.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::NumberValue(number)) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::StructValue(tree)) => to_json(tree),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(node_to_json).collect()),
    }
}

fn to_struct(value: Value) -> Struct {
    match value {
        Value::Object(fields) => Struct {
            fields: fields
                .into_iter()
                .map(|(key, value)| (key, to_node(value)))
                .collect(),
        },
        _ => Struct::default(),
    }
}

fn to_node(value: Value) -> Node {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(ListValue {
            values: values.into_iter().map(to_node).collect(),
        }),
        object @ Value::Object(_) => Kind::StructValue(to_struct(object)),
    };
    Node { kind: Some(kind) }
}
