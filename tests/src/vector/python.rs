//! Values as the Python plugins wrote them down.

use plugin_sdk::prelude::*;

/// A value as Python's `repr` writes it. Whole numbers are integers here and floats in Python.
pub(super) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(values) => format!("[{}]", values.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("'{key}': {}", repr(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A context as Python's model of it, with every key.
pub(super) fn context_model(context: &PluginContext) -> Value {
    let global = context.global_context();
    let global_model = Map::from([
        ("request_id", Value::from(global.request_id())),
        ("user", global.user().cloned().into()),
        (
            "user_context",
            global.user_context().map(|user| user.user_id.clone()).into(),
        ),
        ("tenant_id", global.tenant_id().into()),
        ("server_id", global.server_id().into()),
        ("content_type", global.content_type().into()),
        ("state", global.state().clone().into()),
        ("metadata", global.metadata().clone().into()),
    ]);
    Map::from([
        ("state", context.state().clone()),
        ("global_context", global_model),
        ("metadata", context.metadata().clone()),
    ])
    .into()
}

/// The name of a value's type in Python.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}
