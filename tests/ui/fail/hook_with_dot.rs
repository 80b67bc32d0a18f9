use plugin_sdk::prelude::*;

#[plugin(
    hooks = [cmf.tool_pre_invoke, tool-pre-invoke, cmf.llm_inptu, http.requests.pre],
    blocking = [cmf.llm_input],
)]
#[derive(Default)]
struct Words;

fn main() {}
