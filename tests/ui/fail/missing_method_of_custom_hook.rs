use plugin_sdk::prelude::*;

#[plugin(hooks = [InvoicePreSend])]
#[derive(Default)]
struct Words;

impl Words {}

struct InvoicePreSend;

impl plugin_sdk::hooks::Hook for InvoicePreSend {
    const NAME: &'static str = "invoice_pre_send";
    type Payload = Value;
    type Result = Value;
}

fn main() {}
