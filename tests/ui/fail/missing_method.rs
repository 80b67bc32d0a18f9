use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Words;

impl Words {}

fn main() {}
