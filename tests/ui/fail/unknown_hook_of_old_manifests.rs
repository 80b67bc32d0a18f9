use plugin_sdk::prelude::*;

#[plugin(hooks = [prompt_pre_hook])]
#[derive(Default)]
struct Words;

fn main() {}
