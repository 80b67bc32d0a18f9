//! An answer with a result, and how it is read.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{error::CallError, transport::Encoding};
use crate::{
    codec::{Document, message::Message, nesting::Nesting},
    context::PluginContext,
    denial_metadata::DenialMetadata,
    extensions::Extensions,
    result::PluginResult,
    value::{Map, Number},
    violation::PluginViolation,
};

/// The answer of a plugin that has a result, before the result is read.
#[derive(Clone, Debug)]
pub struct HookReply {
    pub(crate) encoding: Encoding,
    /// The result, in the form of the encoding.
    pub(crate) result: Bytes,
    /// On protobuf transports the denial metadata has a message of its own.
    pub(crate) denial_metadata: Option<DenialMetadata>,
    pub(crate) context: Option<Box<PluginContext>>,
    pub(crate) nesting: Nesting,
}

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
        let fields: ResultFields<T> = document
            .decode()
            .map_err(|error| CallError::invalid_answer(error.in_key("result")))?;
        let mut result = fields.into_result();
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

/// A result as servers send it: nulls are explicit, and what is missing has the host's default.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct ResultFields<T> {
    #[serde(default = "allowed")]
    continue_processing: bool,
    #[serde(default = "none")]
    modified_payload: Option<T>,
    #[serde(default)]
    modified_extensions: Option<Box<Extensions>>,
    #[serde(default)]
    violation: Option<PluginViolation>,
    #[serde(default)]
    metadata: Option<Map>,
    #[serde(default, deserialize_with = "denial_metadata")]
    denial_metadata: Option<DenialMetadata>,
    #[serde(default)]
    http_headers: Option<Map<String>>,
    #[serde(default, deserialize_with = "whole")]
    retry_delay_ms: u64,
}

/// What hosts take for granted when the decision is missing.
fn allowed() -> bool {
    true
}

/// `Default` for any type of payload.
fn none<T>() -> Option<T> {
    None
}

/// A whole number, which hosts also take in the form of a double.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    /// Up to here a double tells whole numbers apart.
    const LARGEST: f64 = 9_007_199_254_740_992.0;

    let number = Number::deserialize(deserializer)?;
    let double = number
        .as_f64()
        .filter(|double| double.fract() == 0.0 && (0.0..=LARGEST).contains(double));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is in range"
    )]
    let whole = double.map(|double| double as u64);
    number.as_u64().or(whole).ok_or_else(|| {
        let found = serde::de::Unexpected::Float(double.unwrap_or_default());
        serde::de::Error::invalid_value(found, &"a whole number that is not negative")
    })
}

fn denial_metadata<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DenialMetadata>, D::Error> {
    let map: Option<Map> = Option::deserialize(deserializer)?;
    Ok(map.as_ref().map(DenialMetadata::of_map))
}

impl<T> ResultFields<T> {
    fn into_result(self) -> PluginResult<T> {
        PluginResult {
            continue_processing: self.continue_processing,
            modified_payload: self.modified_payload,
            modified_extensions: self.modified_extensions,
            violation: self.violation,
            metadata: self.metadata.unwrap_or_default(),
            denial_metadata: self.denial_metadata,
            http_headers: self.http_headers,
            retry_delay_ms: self.retry_delay_ms,
        }
    }
}
