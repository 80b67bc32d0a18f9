//! What a plugin answered in the course of a case.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

use super::difference::{comparable, difference};
use crate::{
    context::PluginContext,
    host::{CallError, ReportedError},
    result::PluginResult,
};

/// The calls of a case, in their order.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    hook: &'static str,
    answer: Value,
}

impl Journal {
    /// Notes a call: its answer, and the context as it is afterwards.
    pub(super) fn note<T: Serialize>(
        &self,
        hook: &'static str,
        answer: &Result<PluginResult<T>, CallError>,
        context: &PluginContext,
    ) {
        let answer = match answer {
            Ok(result) => {
                json!({"result": comparable(result), "context": {
                    "state": comparable(context.state()),
                    "metadata": comparable(context.metadata()),
                    "shared_state": comparable(context.global_context().state()),
                }})
            }
            Err(error) => json!({"error": described(error)}),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Entry { hook, answer });
    }

    /// Compares with what the same case got another way; the error says where they differ first.
    pub(super) fn compare(&self, way: &str, other: &Self, other_way: &str) -> Result<(), String> {
        let expected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = other.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, (expected, found)) in expected.iter().zip(found.iter()).enumerate() {
            let number = index + 1;
            if expected.hook != found.hook {
                return Err(format!(
                    "call {number} is to {} {other_way}, and to {} {way}",
                    found.hook, expected.hook
                ));
            }
            if expected.answer != found.answer {
                return Err(format!(
                    "call {number} ({}) is answered in another way {other_way} than {way}\n{}",
                    found.hook,
                    difference([way, other_way], &expected.answer, &found.answer)
                ));
            }
        }
        if expected.len() != found.len() {
            return Err(format!(
                "there are {} calls {other_way}, and {} {way}",
                found.len(),
                expected.len()
            ));
        }
        Ok(())
    }
}

fn described(error: &CallError) -> Value {
    match error {
        CallError::Plugin(error) | CallError::NotFound(error) | CallError::Refused(error) => reported(error),
        other => json!({"message": other.to_string()}),
    }
}

fn reported(error: &ReportedError) -> Value {
    json!({
        "message": error.message,
        "plugin_name": error.plugin_name,
        "code": error.code,
        "details": comparable(&error.details),
        "mcp_error_code": error.mcp_error_code,
    })
}
