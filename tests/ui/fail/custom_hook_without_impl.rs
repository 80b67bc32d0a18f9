use plugin_sdk::prelude::*;

#[plugin(hooks = [InvoicePreSend])]
#[derive(Default)]
struct Words;

impl Words {
    async fn invoice_pre_send(&self, _payload: Value, _context: &mut PluginContext) -> HookResult<Value> {
        Ok(PluginResult::allow())
    }
}

struct InvoicePreSend;

fn main() {}
