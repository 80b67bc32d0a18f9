use plugin_sdk::prelude::*;

#[plugin(hooks(tool_pre_invoke))]
#[derive(Default)]
struct Words;

fn main() {}
