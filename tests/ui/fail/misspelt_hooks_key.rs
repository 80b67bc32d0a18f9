use plugin_sdk::prelude::*;

#[plugin(hook = [tool_pre_invoke])]
#[derive(Default)]
struct Words;

fn main() {}
