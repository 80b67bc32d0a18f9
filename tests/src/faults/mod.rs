//! A plugin that misbehaves on request: what a server must survive.

mod deep;

use std::time::Duration;

use plugin_sdk::prelude::*;

/// Panics, waits, blocks, prints and exaggerates, as the name of the tool says.
#[plugin(
    kind = "faults",
    hooks = [tool_pre_invoke, tool_post_invoke],
    blocking = [tool_post_invoke],
    configure,
    on_shutdown = stopped
)]
#[derive(Default)]
pub struct Faults;

/// A value whose destructor panics.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    #[expect(clippy::panic, reason = "it is what the test is about")]
    fn drop(&mut self) {
        panic!("dropped");
    }
}

impl Faults {
    #[expect(clippy::print_stdout, reason = "it is what the tests are about")]
    async fn configure() -> Result<Self, PluginError> {
        println!("faults: configure prints");
        Ok(Self)
    }

    #[expect(
        clippy::panic,
        clippy::print_stdout,
        reason = "it is what the tests are about"
    )]
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let number = |key: &str| payload.args.get(key).and_then(Value::as_u64).unwrap_or_default();
        let time = Duration::from_millis(number("milliseconds"));
        match payload.name.as_str() {
            "panic" => panic!("as asked"),
            "panic-later" => {
                tokio::time::sleep(time).await;
                panic!("{} ms later", time.as_millis());
            }
            "panic-in-drop" => {
                let _guard = PanicsWhenDropped;
                tokio::time::sleep(time).await;
            }
            "print" => {
                let text = payload
                    .args
                    .get("text")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                // The last line has no end, and stays in the buffer of the standard library.
                println!("{text}");
                print!("{text}");
            }
            "wait" => tokio::time::sleep(time).await,
            "wait-forever" => std::future::pending().await,
            "block" => std::thread::sleep(time),
            "error" => {
                let error = PluginError::new("failed as asked")
                    .with_code("E42")
                    .with_mcp_error_code(-32001);
                return Err(error.with_detail("tool", payload.name));
            }
            "violation" => return Err(PluginViolation::new("denied by `?`", "QUESTION_MARK").into()),
            "big" => {
                if !time.is_zero() {
                    tokio::time::sleep(time).await;
                }
                let blob = "x".repeat(usize::try_from(number("size"))?);
                return Ok(PluginResult::allow().with_metadata("blob", blob));
            }
            "nested" => {
                let mut value = Value::from(1);
                for _ in 0..number("depth") {
                    value = Map::from([("in", value)]).into();
                }
                return Ok(PluginResult::allow().with_metadata("nested", value));
            }
            "long" => return Ok(PluginResult::allow().with_metadata("long", u128::MAX)),
            "deep" => return deep::answer(payload, context),
            "nan" => {
                let mut payload = payload;
                payload.args.insert("big".into(), u64::MAX.into());
                return Ok(PluginResult::modify_payload(payload));
            }
            "unsendable-denial" => {
                let violation = PluginViolation::new("denied", "DENIED").with_detail("number", u64::MAX);
                return Ok(PluginResult::deny(violation).with_metadata("number", u64::MAX));
            }
            "huge-denial" => {
                let violation = PluginViolation::new("denied", "DENIED");
                let blob = "x".repeat(usize::try_from(number("size"))?);
                return Ok(PluginResult::deny(violation).with_metadata("blob", blob));
            }
            "unsendable-context" => {
                context.state_mut().insert("number".into(), u64::MAX.into());
                return Ok(PluginResult::deny(PluginViolation::new("denied", "DENIED")));
            }
            "read-context" => {
                // Asked for to be changed, and not changed.
                context.state_mut().remove("no such key");
                context.global_context_mut().state_mut().retain(|_, _| true);
            }
            "take-state" => drop(std::mem::take(context.state_mut())),
            "swap-maps" => {
                let state = context.state().clone();
                *context.metadata_mut() = state;
            }
            "new-global-context" => *context.global_context_mut() = plugin_sdk::GlobalContext::default(),
            "new-context" => *context = PluginContext::new("another"),
            "read-state" => {
                let seen = context.state().clone();
                return Ok(PluginResult::allow().with_metadata("state", seen));
            }
            _ => {}
        }
        Ok(PluginResult::allow().with_metadata("args", payload.args))
    }

    /// Blocks its thread, as declared.
    async fn tool_post_invoke(
        &self,
        payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        let time = payload.result["milliseconds"].as_u64().unwrap_or_default();
        std::thread::sleep(Duration::from_millis(time));
        Ok(PluginResult::allow())
    }

    #[expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "the output of the server process is what the tests read"
    )]
    async fn stopped(&self) {
        println!("faults: shutdown prints");
        eprintln!("faults: shutdown was called");
    }
}
