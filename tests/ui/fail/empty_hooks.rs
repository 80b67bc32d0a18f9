use plugin_sdk::prelude::*;

#[plugin(hooks = [])]
#[derive(Default)]
struct Words;

fn main() {}
