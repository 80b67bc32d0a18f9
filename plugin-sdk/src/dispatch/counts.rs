//! Calls by what came of them, for whatever recorder of metrics the program has.

use metrics::{Counter, counter, describe_counter};

use crate::plugin::call::Effect;

const NAME: &str = "plugin_calls_total";

/// The counters of one hook of one plugin. They are looked up once; a call adds to one of them.
#[derive(Debug)]
pub(crate) struct Counts {
    allow: Counter,
    modify: Counter,
    deny: Counter,
    error: Counter,
    timeout: Counter,
    panic: Counter,
    refused: Counter,
    cancelled: Counter,
}

impl Counts {
    /// The counters of a hook. They count for the recorder that is there now.
    pub(super) fn of(plugin: &str, hook: &str) -> Self {
        describe_counter!(NAME, "Calls of hooks by plugin, hook and outcome");
        let of = |outcome: &'static str| counter!(NAME, "plugin" => plugin.to_owned(), "hook" => hook.to_owned(), "outcome" => outcome);
        Self {
            allow: of("allow"),
            modify: of("modify"),
            deny: of("deny"),
            error: of("error"),
            timeout: of("timeout"),
            panic: of("panic"),
            refused: of("refused"),
            cancelled: of("cancelled"),
        }
    }

    pub(super) fn result(&self, effect: Effect) {
        match effect {
            Effect::Allow => self.allow.increment(1),
            Effect::Modify => self.modify.increment(1),
            Effect::Deny => self.deny.increment(1),
        }
    }

    pub(super) fn error(&self) {
        self.error.increment(1);
    }

    pub(super) fn timeout(&self) {
        self.timeout.increment(1);
    }

    pub(super) fn panic(&self) {
        self.panic.increment(1);
    }

    pub(super) fn refused(&self) {
        self.refused.increment(1);
    }

    /// Counts a call as cancelled if it is dropped before its end.
    pub(super) fn unfinished(&self) -> Unfinished<'_> {
        Unfinished(Some(self))
    }
}

/// A call that has not ended.
pub(super) struct Unfinished<'a>(Option<&'a Counts>);

impl Unfinished<'_> {
    pub(super) fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(counts) = self.0 {
            counts.cancelled.increment(1);
        }
    }
}
