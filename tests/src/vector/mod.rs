//! The plugins behind the recorded vectors ([protocol, section
//! 15.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#152-plugins-of-the-vectors)),
//! written in Rust.
//!
//! The recordings were made with plugins in Python, which do what the name of the tool asks for. These do the same, so
//! that their answers can be compared. The attributes leave out what the Python plugins do not have: a description, a
//! version, an author.

mod hooks;
mod modes;
mod python;
mod tool;

use plugin_sdk::prelude::*;

pub use self::modes::{Bw, Ext3, Modes};

/// All hooks; what `tool_pre_invoke` does is in `tool`, the others are in `hooks`.
#[plugin(
    kind = "plugins.vec.Vec",
    description = "",
    version = "",
    author = "",
    hooks = [
        tool_pre_invoke, tool_post_invoke, prompt_pre_fetch, prompt_post_fetch, resource_pre_fetch,
        resource_post_fetch, agent_pre_invoke, agent_post_invoke, http_pre_request, http_post_request,
        http_auth_resolve_user, http_auth_check_permission, identity_resolve, token_delegate, evaluate,
        cmf_tool_pre_invoke, cmf_tool_post_invoke, cmf_llm_input, cmf_llm_output, cmf_resource_pre_fetch,
        cmf_resource_post_fetch, cmf_prompt_pre_fetch, cmf_prompt_post_fetch,
    ],
)]
#[derive(Default)]
pub struct Vectors;
