//! How an answer with a result is read.

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::error::CallError;
use crate::{
    codec::{
        Encoding,
        message::Message,
        nesting::{JsonLevels, Levels, Nesting},
        write_json,
    },
    context::PluginContext,
    result::PluginResult,
    value::Document,
};

pub use crate::protocol::response::HookReply;

impl HookReply {
    /// The answer of a wrapper that does not ask the plugin. It changes nothing of the context.
    ///
    /// # Errors
    ///
    /// [`CallError::InvalidAnswer`] when the result has no form on the wire.
    pub fn new<T: Serialize>(result: &PluginResult<T>) -> Result<Self, CallError> {
        let reply = Self {
            encoding: Encoding::Json,
            result: Bytes::new(),
            denial_metadata: None,
            context: None,
            empty_counts: true,
            nesting: Nesting::DEFAULT,
        };
        reply.with_result(result)
    }

    /// Sets the result, and keeps what the plugin changed of the context.
    ///
    /// ```
    /// use plugin_sdk::{Map, PluginResult, host::{CallError, HookReply}};
    ///
    /// /// Lets a call go on that the plugin denies, and says so.
    /// fn without_denial(reply: HookReply) -> Result<HookReply, CallError> {
    ///     let result: PluginResult<Map> = reply.result()?;
    ///     match result.violation {
    ///         Some(violation) => reply.with_result(&PluginResult::<Map>::allow().with_metadata("denied", violation.code)),
    ///         None => Ok(reply),
    ///     }
    /// }
    /// # let violation = plugin_sdk::PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL");
    /// # let reply = without_denial(HookReply::new(&PluginResult::<Map>::deny(violation)).unwrap()).unwrap();
    /// # let result = reply.result::<Map>().unwrap();
    /// # assert!(result.continue_processing);
    /// # assert_eq!(result.metadata["denied"], "FORBIDDEN_TOOL");
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::InvalidAnswer`] when the result has no form on the wire.
    pub fn with_result<T: Serialize>(self, result: &PluginResult<T>) -> Result<Self, CallError> {
        let nesting = Nesting::new(Levels::DEFAULT_OBJECTS, JsonLevels::MAX);
        let mut text = Vec::new();
        write_json(&mut text, result, nesting.json.in_result())
            .map_err(|error| CallError::invalid_answer(error.in_key("result")))?;
        Ok(Self {
            encoding: Encoding::Json,
            result: text.into(),
            denial_metadata: None,
            nesting,
            ..self
        })
    }

    /// What the caller takes over into its context. `None` if the plugin changed nothing.
    pub fn context(&self) -> Option<&PluginContext> {
        self.context.as_deref()
    }

    /// Sets what the caller takes over into its context: the state and the metadata of the plugin, and the state that plugins share.
    #[must_use]
    pub fn with_context(mut self, context: PluginContext) -> Self {
        self.context = Some(Box::new(context));
        self.empty_counts = true;
        self
    }

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
        let result = self.result()?;
        if let Some(returned) = self.context {
            context.take_over(*returned, self.empty_counts);
        }
        Ok(result)
    }

    /// Reads the result: as the type of the hook, or as a [`Map`](crate::Map).
    ///
    /// # Errors
    ///
    /// [`CallError::InvalidAnswer`] when the result does not fit.
    pub fn result<T: DeserializeOwned>(&self) -> Result<PluginResult<T>, CallError> {
        let document = match self.encoding {
            Encoding::Protobuf => Document::of_struct(Message::new(&self.result), self.nesting.levels),
            Encoding::Json => Document::of_json(&self.result, self.nesting.json.in_result()),
        };
        let mut result: PluginResult<T> = document
            .decode()
            .map_err(|error| CallError::invalid_answer(error.in_key("result")))?;
        if self.denial_metadata.is_some() {
            result.denial_metadata.clone_from(&self.denial_metadata);
        }
        Ok(result)
    }
}
