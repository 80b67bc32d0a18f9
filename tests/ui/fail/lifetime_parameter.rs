use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Words<'a> {
    words: Vec<&'a str>,
}

impl Words<'_> {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

#[plugin(hooks = [tool_pre_invoke], config = Vec<String>)]
struct Bounded<'a, 'b: 'a, T: AsRef<&'a str> = &'a str, const N: usize = 1>
where
    T: Into<&'b str>,
{
    words: [&'a T; N],
    others: Vec<&'b T>,
}

fn main() {
    fn is_plugin<P: plugin_sdk::Plugin>() {}
    is_plugin::<Words>();
}
