use plugin_sdk::prelude::*;
use plugin_sdk::{Capability, Mode, OnError};

/// Counts words,
/// and says how many.
///
/// Twice.
#[plugin(
    hooks = [tool_pre_invoke, cmf_llm_input],
    name = "word-counter",
    kind = "plugins.words.WordCounter",
    version = "2.0.0",
    author = "Jane Doe",
    tags = ["words", "numbers"],
    mode = fire_and_forget,
    priority = -5,
    on_error = "ignore",
    capabilities = [read_subject, "append_labels"],
    config = Vec<String>,
    on_shutdown = close,
    blocking = [cmf_llm_input],
    crate = ::plugin_sdk,
)]
struct Words;

impl Words {
    async fn configure(_config: Vec<String>) -> Result<Self, PluginError> {
        Ok(Self)
    }

    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn cmf_llm_input(
        &self,
        _payload: CmfLlmInputPayload,
        _context: &mut PluginContext,
    ) -> HookResult<CmfLlmInputPayload> {
        Ok(PluginResult::allow())
    }

    async fn close(&self) -> Result<(), PluginError> {
        Ok(())
    }
}

#[plugin(hooks = [tool_pre_invoke], kind = "plugins.words.Plain")]
#[derive(Default)]
struct Plain;

impl Plain {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {
    let manifest = Words::manifest();
    assert_eq!(manifest.name, "word-counter");
    assert_eq!(manifest.kind, "plugins.words.WordCounter");
    assert_eq!(
        manifest.description,
        "Counts words,\nand says how many.\n\nTwice."
    );
    assert_eq!(manifest.version, "2.0.0");
    assert_eq!(manifest.author, "Jane Doe");
    assert_eq!(manifest.tags, ["words", "numbers"]);
    assert_eq!(manifest.mode, Mode::FireAndForget);
    assert_eq!(manifest.priority, -5);
    assert_eq!(manifest.on_error, OnError::Ignore);
    assert_eq!(
        manifest.capabilities,
        [Capability::ReadSubject, Capability::AppendLabels]
    );
    let hooks: Vec<_> = manifest
        .hooks
        .iter()
        .map(|hook| (hook.name, hook.blocking))
        .collect();
    assert_eq!(hooks, [("tool_pre_invoke", false), ("cmf.llm_input", true)]);

    let manifest = Plain::manifest();
    assert_eq!(manifest.name, "Plain");
    assert_eq!(manifest.kind, "plugins.words.Plain");
    assert_eq!(manifest.description, "");
    assert_eq!(manifest.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest.author, env!("CARGO_PKG_AUTHORS"));
}
