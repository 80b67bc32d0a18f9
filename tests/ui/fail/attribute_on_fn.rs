use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
pub async fn words() {}

fn main() {}
