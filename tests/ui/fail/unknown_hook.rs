use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invok])]
#[derive(Default)]
struct Words;

fn main() {}
