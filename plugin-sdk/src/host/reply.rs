//! How an answer with a result is read.

use serde::de::DeserializeOwned;

use super::error::CallError;
use crate::{
    codec::{Encoding, message::Message},
    context::PluginContext,
    result::PluginResult,
    value::Document,
};

pub use crate::protocol::response::HookReply;

impl HookReply {
    /// Reads the result, and takes over what the plugin changed of the context. If the result can't be read, the context stays
    /// as it is.
    ///
    /// # Errors
    ///
    /// [`CallError::InvalidAnswer`] when the result does not fit.
    pub fn into_result<T: DeserializeOwned>(
        self,
        context: &mut PluginContext,
    ) -> Result<PluginResult<T>, CallError> {
        let document = match self.encoding {
            Encoding::Protobuf => Document::of_struct(Message::new(&self.result), self.nesting.levels),
            Encoding::Json => Document::of_json(&self.result, self.nesting.json.in_result()),
        };
        let mut result: PluginResult<T> = document
            .decode()
            .map_err(|error| CallError::invalid_answer(error.in_key("result")))?;
        if self.denial_metadata.is_some() {
            result.denial_metadata = self.denial_metadata;
        }
        if let Some(returned) = self.context {
            // Protobuf can't tell an empty state from one that was not sent (docs/protocol.md, section 6.4).
            context.take_over(*returned, self.encoding == Encoding::Json);
        }
        Ok(result)
    }
}
