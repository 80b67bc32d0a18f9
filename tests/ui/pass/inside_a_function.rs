//! A plugin may be declared where it is needed, with types that only exist there.

fn main() {
    use plugin_sdk::Plugin as _;
    use plugin_sdk::prelude::*;

    #[derive(serde::Deserialize)]
    struct Settings;

    #[plugin(hooks = [tool_pre_invoke], config = Settings)]
    struct Words;

    impl Words {
        async fn configure(_config: Settings) -> Result<Self, PluginError> {
            Ok(Self)
        }

        async fn tool_pre_invoke(
            &self,
            _payload: ToolPreInvokePayload,
            _context: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }
    }

    assert_eq!(Words::manifest().name, "Words");
}
