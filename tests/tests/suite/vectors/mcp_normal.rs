//! Answers of an MCP server in one form: prose is left out, what means the same to a host is equal.

use serde_json::{Map, Value, json};

use super::normal;

/// An answer as it came, over HTTP or as a line.
pub(super) fn document(status: u16, kind: Option<&str>, has_session: bool, body: &str) -> Value {
    let body = body.rsplit_once("data: ").map_or(body, |(_, data)| data);
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    let mut document = json!({"status": status, "session": has_session});
    let fields = document.as_object_mut().unwrap();
    fields.insert("type".into(), kind.into());
    if message["jsonrpc"] != "2.0" {
        // Of other answers only health is for machines.
        fields.insert("health".into(), message["status"].clone());
        return document;
    }
    fields.insert("id".into(), message["id"].clone());
    fields.insert("error".into(), message["error"]["code"].clone());
    let mut result = message["result"].clone();
    if let Some(content) = result.get_mut("content").map(Value::take) {
        let says = content.as_array().unwrap().iter().map(|block| {
            assert_eq!(block["type"], "text", "{block}");
            let text = block["text"].as_str().unwrap();
            serde_json::from_str(text).unwrap_or_else(|_| Value::from("prose"))
        });
        fields.insert("says".into(), says.collect());
        fields.insert(
            "is_error".into(),
            result["isError"].as_bool().unwrap_or_default().into(),
        );
        fields.insert("structured".into(), result["structuredContent"].take());
    } else {
        fields.insert("result".into(), result);
    }
    document
}

/// The normal form of a document, by what was asked for.
pub(super) fn answer(mut answer: Value, request: &Value) -> Value {
    let arguments = &request["params"]["arguments"];
    match (request["method"].as_str(), request["params"]["name"].as_str()) {
        (Some("initialize"), _) => {
            // Everybody has a version of their own.
            if let Some(version) = answer.pointer_mut("/result/serverInfo/version") {
                *version = Value::Null;
            }
        }
        (Some("tools/list"), _) => {
            let tools = answer.pointer_mut("/result/tools").and_then(Value::as_array_mut);
            for tool in tools.into_iter().flatten() {
                *tool = what_matters_of(tool);
            }
        }
        (_, Some("invoke_hook")) => {
            let hook = arguments["hook_type"].as_str().unwrap_or_default();
            for says in answer["says"].as_array_mut().into_iter().flatten() {
                if let Some(result) = says.get_mut("result") {
                    normal::result(result, hook);
                    defaults(result, &["denial_metadata"], &Value::Null);
                }
                if let Some(found) = says.get_mut("context") {
                    context(found);
                }
                // Both have none.
                for key in ["code", "details"] {
                    if says["error"][key] == json!("") || says["error"][key] == json!({}) {
                        says["error"][key] = Value::Null;
                    }
                }
            }
        }
        (_, Some("get_plugin_config" | "get_plugin_configs")) => {
            let (says, structured) = (answer["says"].take(), answer["structured"].take());
            let of = |configurations: Value| {
                let mut configurations = configurations;
                let known = configurations.as_array_mut().into_iter().flatten();
                known
                    .filter(|it| it.as_object().is_some_and(|fields| fields.contains_key("name")))
                    .for_each(configuration);
                configurations
            };
            answer["structured"] = of(structured["result"].clone());
            answer["says"] = of(says);
        }
        _ => {}
    }
    answer
}

/// What a configuration means to a newer host, which reads the modes of older ones as well.
fn configuration(value: &mut Value) {
    normal::config(value);
    let newer = match value["mode"].as_str() {
        Some("enforce" | "enforce_ignore_error") => "sequential",
        Some("permissive") => "transform",
        _ => return,
    };
    value["mode"] = newer.into();
}

/// What hosts look at: the name, and the types of the arguments.
fn what_matters_of(tool: &Value) -> Value {
    let mut types = Map::new();
    for (name, schema) in tool["inputSchema"]["properties"]
        .as_object()
        .into_iter()
        .flatten()
    {
        types.insert(name.clone(), schema["type"].clone());
    }
    json!({
        "name": tool["name"], "input": types, "required": tool["inputSchema"]["required"],
        "output": tool["outputSchema"]["required"],
    })
}

/// A context whose fields are all there ([protocol, section
/// 6.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#61-fields-of-a-context)).
pub(super) fn context(value: &mut Value) {
    if !value.is_object() {
        return;
    }
    defaults(value, &["state", "metadata"], &json!({}));
    let global = &mut value["global_context"];
    defaults(global, &["state", "metadata"], &json!({}));
    let optional = ["user", "user_context", "tenant_id", "server_id", "content_type"];
    defaults(global, &optional, &Value::Null);
    if let Some(user) = global.get_mut("user_context").filter(|it| it.is_object()) {
        defaults(user, &["groups", "roles", "delegation_chain"], &json!([]));
        defaults(user, &["attributes"], &json!({}));
        defaults(user, &["is_admin"], &json!(false));
        *user = without_nulls(user.take());
    }
}

fn defaults(value: &mut Value, keys: &[&str], default: &Value) {
    for key in keys {
        if let Some(fields) = value.as_object_mut() {
            fields.entry(*key).or_insert_with(|| default.clone());
        }
    }
}

/// The fields of an object that have a value.
pub(super) fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        for says in fields
            .get_mut("says")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            *says = without_nulls(says.take());
            if let Some(error) = says.get_mut("error") {
                *error = without_nulls(error.take());
            }
        }
    }
    value
}
