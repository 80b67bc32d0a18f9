//! Messages as the vectors write them down: JSON with the names of the proto file, what is not set left out. The messages
//! are those that prost generates from the public schema.

use plugin_sdk_proto::cpex;
use prost::Message;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct};
use serde_json::{Map, Value, json};

/// A message of the type that a vector names.
pub(super) fn message(message_type: &str, bytes: &[u8]) -> Result<Value, prost::DecodeError> {
    Ok(match message_type {
        "GetPluginConfigResponse" => {
            let message = cpex::GetPluginConfigResponse::decode(bytes)?;
            object([
                ("found", message.found.then_some(true.into())),
                ("config", message.config.map(struct_value)),
            ])
        }
        "GetPluginConfigsResponse" => {
            let message = cpex::GetPluginConfigsResponse::decode(bytes)?;
            json!({"configs": message.configs.into_iter().map(struct_value).collect::<Vec<_>>()})
        }
        "InvokeHookRequest" => {
            let message = cpex::InvokeHookRequest::decode(bytes)?;
            object([
                ("hook_type", string(message.hook_type)),
                ("plugin_name", string(message.plugin_name)),
                ("payload", message.payload.map(struct_value)),
                ("context", message.context.map(context)),
            ])
        }
        "InvokeHookResponse" => {
            let message = cpex::InvokeHookResponse::decode(bytes)?;
            object([
                ("plugin_name", string(message.plugin_name)),
                ("result", message.result.map(struct_value)),
                ("context", message.context.map(context)),
                ("error", message.error.map(error)),
                ("result_base", message.result_base.map(result_base)),
            ])
        }
        "HealthCheckResponse" => {
            let message = cpex::HealthCheckResponse::decode(bytes)?;
            object([(
                "status",
                (message.status != 0).then(|| message.status().as_str_name().into()),
            )])
        }
        other => panic!("no vector has a {other}"),
    })
}

pub(super) fn struct_value(message: Struct) -> Value {
    message
        .fields
        .into_iter()
        .map(|(key, value)| (key, kind(value.kind)))
        .collect::<Map<_, _>>()
        .into()
}

fn kind(value: Option<Kind>) -> Value {
    match value {
        None | Some(Kind::NullValue(_)) => Value::Null,
        // JSON has no number for NaN; a name keeps it apart from null.
        Some(Kind::NumberValue(number)) => {
            serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::StructValue(value)) => struct_value(value),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(|value| kind(value.kind)).collect(),
    }
}

/// The reverse of [`struct_value`], for documents that a host would write.
pub(crate) fn to_struct(document: &Value) -> Struct {
    let Value::Object(fields) = document else {
        panic!("{document} is not an object")
    };
    let value = |(key, value): (&String, &Value)| (key.clone(), to_value(value));
    Struct {
        fields: fields.iter().map(value).collect(),
    }
}

fn to_value(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(values) => Kind::ListValue(ListValue {
            values: values.iter().map(to_value).collect(),
        }),
        Value::Object(_) => Kind::StructValue(to_struct(value)),
    };
    prost_types::Value { kind: Some(kind) }
}

fn context(message: cpex::PluginContext) -> Value {
    object([
        ("global_context", message.global_context.map(global_context)),
        ("state", message.state.map(struct_value)),
        ("metadata", message.metadata.map(struct_value)),
    ])
}

fn global_context(message: cpex::GlobalContext) -> Value {
    use cpex::global_context::UserValue;
    let (name, structure) = match message.user_value {
        Some(UserValue::UserString(name)) => (Some(name.into()), None),
        Some(UserValue::UserStruct(user)) => (None, Some(struct_value(user))),
        None => (None, None),
    };
    object([
        ("request_id", string(message.request_id)),
        ("server_id", string(message.server_id)),
        ("tenant_id", string(message.tenant_id)),
        ("user_string", name),
        ("user_struct", structure),
        ("metadata", message.metadata.map(struct_value)),
        ("state", message.state.map(struct_value)),
    ])
}

fn error(message: cpex::PluginError) -> Value {
    object([
        ("message", string(message.message)),
        ("plugin_name", string(message.plugin_name)),
        ("code", string(message.code)),
        ("details", message.details.map(struct_value)),
        (
            "mcp_error_code",
            (message.mcp_error_code != 0).then(|| message.mcp_error_code.into()),
        ),
    ])
}

fn result_base(message: cpex::PluginResultBase) -> Value {
    let violation = message.violation.map(|violation| {
        object([
            ("reason", string(violation.reason)),
            ("description", string(violation.description)),
            ("code", string(violation.code)),
        ])
    });
    object([
        (
            "continue_processing",
            message.continue_processing.then_some(true.into()),
        ),
        ("violation", violation),
        ("metadata", message.metadata.map(struct_value)),
        ("denial_metadata", message.denial_metadata.map(denial_metadata)),
    ])
}

fn denial_metadata(message: cpex::DenialMetadata) -> Value {
    use cpex::denial_metric::Value as Metric;
    let metric = |metric: cpex::DenialMetric| match metric.value {
        None => json!({}),
        Some(Metric::Boolean(value)) => json!({ "boolean": value }),
        // 64-bit integers are strings in the JSON form of protobuf.
        Some(Metric::Integer(value)) => json!({ "integer": value.to_string() }),
        Some(Metric::Floating(value)) => json!({ "floating": value }),
    };
    let fields: Map<_, _> = message
        .fields
        .into_iter()
        .map(|(key, value)| (key, metric(value)))
        .collect();
    object([("fields", (!fields.is_empty()).then_some(fields.into()))])
}

fn string(text: String) -> Option<Value> {
    (!text.is_empty()).then_some(text.into())
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let set = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    set.collect::<Map<_, _>>().into()
}
