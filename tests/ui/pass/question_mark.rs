//! `?` in hooks works on whatever a boxed error can be made of.

use std::error::Error;

use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], configure, on_shutdown = close)]
struct Words;

fn parsed() -> Result<u8, std::num::ParseIntError> {
    "x".parse()
}

fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
    Err("boxed".into())
}

fn with_context() -> anyhow::Result<()> {
    anyhow::bail!("with context")
}

#[allow(clippy::result_large_err, reason = "it is what `?` takes")]
fn denied() -> Result<(), PluginViolation> {
    Ok(())
}

fn failed() -> Result<(), PluginError> {
    Err("a text".into())
}

impl Words {
    async fn configure() -> Result<Self, PluginError> {
        with_context()?;
        Ok(Self)
    }

    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        parsed()?;
        boxed()?;
        with_context()?;
        denied()?;
        failed()?;
        None::<u8>.ok_or("nothing there")?;
        Ok(PluginResult::allow())
    }

    async fn close(&self) -> Result<(), PluginError> {
        with_context()?;
        Ok(())
    }
}

fn main() {
    use anyhow::Context as _;

    assert_eq!(PluginError::from(boxed().unwrap_err()).message(), "boxed");
    let error = parsed().context("the limit").unwrap_err();
    assert_eq!(
        PluginError::from(error).message(),
        "the limit: invalid digit found in string"
    );
    assert_eq!(failed().unwrap_err().message(), "a text");
}
