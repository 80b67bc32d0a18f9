use plugin_sdk::Plugin as _;
use plugin_sdk::prelude::*;

mod billing {
    use plugin_sdk::hooks::Hook;
    use serde::{Deserialize, Serialize};

    pub struct InvoicePreSend;

    #[derive(Deserialize)]
    pub struct InvoicePreSendPayload {
        pub cents: u64,
    }

    #[derive(Serialize)]
    pub struct Discount {
        pub cents: u64,
    }

    impl Hook for InvoicePreSend {
        const NAME: &'static str = "billing.invoice_pre_send";
        type Payload = InvoicePreSendPayload;
        type Result = Discount;
    }

    /// Its method is named like a keyword.
    pub struct Match;

    impl Hook for Match {
        const NAME: &'static str = "match";
        type Payload = plugin_sdk::Value;
        type Result = plugin_sdk::Value;
    }
}

use billing::{Discount, InvoicePreSendPayload, Match};

#[plugin(hooks = [billing::InvoicePreSend, Match], blocking = [billing::InvoicePreSend])]
#[derive(Default)]
struct Billing;

impl Billing {
    async fn invoice_pre_send(
        &self,
        payload: InvoicePreSendPayload,
        _context: &mut PluginContext,
    ) -> HookResult<Discount> {
        Ok(PluginResult::modify_payload(Discount {
            cents: payload.cents / 10,
        }))
    }

    async fn r#match(&self, _payload: Value, _context: &mut PluginContext) -> HookResult<Value> {
        Ok(PluginResult::allow())
    }
}

fn main() {
    let hooks: Vec<_> = Billing::manifest()
        .hooks
        .iter()
        .map(|hook| (hook.name, hook.blocking))
        .collect();
    assert_eq!(hooks, [("billing.invoice_pre_send", true), ("match", false)]);
}
