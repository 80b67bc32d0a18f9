//! Calls from the same process.

use bytes::Bytes;

use super::{Answer, AnswerLimit, Dispatcher, ErrorAnswer, Invocation, RawContext, Written, call::Payload};
use crate::{context::PluginContext, denial_metadata::DenialMetadata, host::ReportedError};

/// A result as JSON, with what goes beside it.
pub(crate) type Here = (Vec<u8>, Option<DenialMetadata>, Option<Box<PluginContext>>);

impl Dispatcher {
    /// Calls a hook with a payload and a context of JSON.
    pub(crate) async fn invoke_here(
        &self,
        hook_type: &str,
        plugin_name: &str,
        payload: Bytes,
        context: Bytes,
    ) -> Result<Here, ReportedError> {
        let invocation = Invocation {
            hook_type: hook_type.into(),
            plugin_name: plugin_name.into(),
            payload: Payload::Json(payload),
            context: RawContext::Json(context),
        };
        let answer = self.invoke(invocation, Vec::new()).await;
        let limit = AnswerLimit::of_message(self.limits.max_message_size);
        Self::write_bounded(plugin_name, answer, limit, |answer| {
            Ok(match answer {
                Answer::Result {
                    written,
                    denial_metadata,
                    context,
                    ..
                } => Ok((written, denial_metadata, context)),
                Answer::Error(error) => Err(ReportedError::from(error)),
            })
        })
        .map_err(|error| ErrorAnswer::unsendable(plugin_name, hook_type, &error))?
    }
}

impl Written for Result<Here, ReportedError> {
    fn size(&self) -> usize {
        self.as_ref().map_or(0, |(written, ..)| written.len())
    }
}

impl From<ErrorAnswer> for ReportedError {
    fn from(error: ErrorAnswer) -> Self {
        Self {
            message: error.message,
            plugin_name: error.plugin_name,
            code: error.code,
            details: error.details,
            mcp_error_code: error.mcp_error_code,
        }
    }
}
