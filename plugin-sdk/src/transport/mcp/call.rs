//! The call of a hook.

use std::{future::poll_fn, pin::pin};

use super::tools::{Tools, panicked};
use crate::{
    dispatch::guard,
    protocol::{
        mcp::{answer::Answer, id::Id, revision::Revision},
        request::InvokeHookRequest,
    },
};

/// A request that calls a hook.
pub(super) struct HookCall {
    pub(super) id: Id,
    pub(super) revision: Revision,
    pub(super) request: InvokeHookRequest,
}

impl HookCall {
    /// Calls the hook.
    pub(super) async fn answer(self, tools: &Tools) -> Answer {
        let Self {
            id,
            revision,
            request,
        } = self;
        let mut call = pin!(tools.dispatcher().respond(request));
        match poll_fn(|task| guard::poll(call.as_mut(), task)).await {
            Ok(text) => Answer::of_text(&id, &text, revision),
            Err(panic) => Answer::of_tool(&id, &panicked(&panic), revision),
        }
    }
}
