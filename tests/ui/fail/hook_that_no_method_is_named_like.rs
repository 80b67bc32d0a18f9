use plugin_sdk::prelude::*;

mod hooks {
    pub struct Crate;
}

#[plugin(hooks = [hooks::Crate], on_shutdown = super)]
#[derive(Default)]
struct Words;

fn main() {}
