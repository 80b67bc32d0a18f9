//! What `tool_pre_invoke` does for which name of a tool.

use std::time::Duration;

use plugin_sdk::extensions::{DelegationExtension, Extensions, HttpExtension, SecurityExtension};
use plugin_sdk::{DenialMetadata, prelude::*};

use super::Vectors;
use super::python::{context_model, repr};

/// An integer that no double holds.
const BIG: i64 = (1 << 53) + 1;

type ToolResult = PluginResult<ToolPreInvokePayload>;

impl Vectors {
    pub(super) async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        match payload.name.as_str() {
            "modify" => {
                payload.name = "renamed".into();
                Ok(PluginResult::modify_payload(payload.with_arg("added", 1)))
            }
            "headers_mod" => Ok(PluginResult::modify_payload(payload.with_header("X-New", "1"))),
            "state" | "state_clear" | "gstate_only" => {
                change(context, &payload.name);
                Ok(PluginResult::allow())
            }
            "echoctx" => Ok(PluginResult::allow().with_metadata("ctx", context_model(context))),
            "echopayload" => echo(&payload),
            "sleep" => {
                let seconds = payload.args.get("s").and_then(Value::as_f64).unwrap_or_default();
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                Ok(PluginResult::allow())
            }
            "big" => {
                let length = payload.args.get("n").and_then(Value::as_u64).unwrap_or_default();
                let text = "x".repeat(usize::try_from(length)?);
                Ok(PluginResult::allow().with_metadata("x", text))
            }
            "meta" | "nan" | "retry" | "hdr" | "ext" | "ext_set" | "dm" | "dm_empty" | "dm17" => {
                Ok(allow(&payload.name))
            }
            "deny" | "deny_bare" | "deny_min" | "warn" => Ok(deny(&payload.name)),
            _ => fail(&payload.name),
        }
    }
}

fn change(context: &mut PluginContext, how: &str) {
    match how {
        "state" => {
            context.state_mut().insert("s".into(), 1.into());
            context.metadata_mut().insert("m".into(), "x".into());
            let global = context.global_context_mut();
            global
                .state_mut()
                .insert("g".into(), [Value::from(1), Value::Null].into());
            global.metadata_mut().insert("gm".into(), 1.into());
        }
        "state_clear" => {
            context.state_mut().clear();
            context.metadata_mut().clear();
            context.global_context_mut().state_mut().clear();
            context.global_context_mut().metadata_mut().clear();
        }
        _ => {
            context
                .global_context_mut()
                .state_mut()
                .insert("g".into(), 1.into());
        }
    }
}

fn echo(payload: &ToolPreInvokePayload) -> HookResult<ToolPreInvokePayload> {
    // An `args` that is null reads as empty, and is written as null again.
    let written = Value::from_serialize(payload)?;
    let args = match written.get("args") {
        Some(Value::Null) => Value::Null,
        _ => payload.args.clone().into(),
    };
    Ok(PluginResult::allow()
        .with_metadata("args_repr", repr(&args))
        .with_metadata("headers_repr", repr(&payload.headers.clone().into())))
}

fn allow(what: &str) -> ToolResult {
    let result = PluginResult::allow();
    let with_extensions = |change: fn(Extensions) -> Extensions| {
        PluginResult::allow().with_modified_extensions(change(Extensions::default()))
    };
    match what {
        "meta" => {
            let list: [Value; 5] = [1.into(), 2.5.into(), Value::Null, true.into(), "x".into()];
            result
                .with_metadata("a", Map::from([("b", list)]))
                .with_metadata("big", BIG)
        }
        // A `Value` can't hold it; a field that is a float can.
        "nan" => with_extensions(|extensions| {
            extensions.with_delegation(DelegationExtension::default().with_age_seconds(f64::NAN))
        }),
        "retry" => result.with_retry_delay_ms(1500),
        "hdr" => result.with_http_header("X-Foo", "bar"),
        "ext" => with_extensions(|extensions| {
            let headers: Map<String> = [("X", "1")].into_iter().collect();
            extensions
                .with_http(HttpExtension::default().with_headers(headers))
                .with_custom_value("k", 1)
        }),
        "ext_set" => with_extensions(|extensions| {
            extensions.with_security(SecurityExtension::default().with_labels(["PII"]))
        }),
        "dm" => result
            .with_denial_metadata("i", i64::MAX)
            .with_denial_metadata("neg", i64::MIN)
            .with_denial_metadata("z", 0)
            .with_denial_metadata("f", 1.5)
            .with_denial_metadata("t", true),
        "dm17" => (0..17).fold(result, |result, at| {
            result.with_denial_metadata(format!("k{at}"), at)
        }),
        _ => {
            let mut result = result;
            result.denial_metadata = Some(DenialMetadata::new());
            result
        }
    }
}

fn deny(how: &str) -> ToolResult {
    let minimal = || PluginViolation::new("r", "c").with_description("d");
    match how {
        "deny_min" => PluginResult::deny(minimal()),
        "deny_bare" => {
            let mut result = PluginResult::allow();
            result.continue_processing = false;
            result
        }
        "warn" => {
            let mut result = PluginResult::allow().with_metadata("w", true);
            result.violation = Some(minimal());
            result
        }
        _ => PluginResult::deny(
            PluginViolation::new("no", "DENY")
                .with_description("not allowed")
                .with_detail("k", 1)
                .with_detail("n", Value::Null)
                .with_mcp_error_code(-32602)
                .with_http_status_code(429)
                .with_http_header("Retry-After", "5"),
        )
        .with_metadata("note", "kept")
        .with_retry_delay_ms(5)
        .with_http_header("X-Denied", "1")
        .with_denial_metadata("count", BIG)
        .with_denial_metadata("score", 0.5)
        .with_denial_metadata("hit", true)
        .with_denial_metadata("a bad key", 1)
        .with_denial_metadata("nan", f64::NAN),
    }
}

#[expect(clippy::panic, reason = "it is the nearest to what the Python plugin does")]
fn fail(how: &str) -> HookResult<ToolPreInvokePayload> {
    match how {
        "error" => Err(std::io::Error::other("boom").into()),
        "plugerr" => Err(PluginError::new("custom")
            .with_code("E42")
            .with_detail("a", 1)
            .with_detail("z", Value::Null)
            .with_mcp_error_code(-32001)),
        "plugerr_min" => Err(PluginError::new("minimal")),
        "plugerr_nocode" => Err(PluginError::new("no code")),
        "violerr" => Err(PluginViolation::new("vmsg", "V").into()),
        // A Rust hook can't return anything but a result.
        "none" | "badtype" => panic!("no result"),
        _ => Ok(PluginResult::allow()),
    }
}
