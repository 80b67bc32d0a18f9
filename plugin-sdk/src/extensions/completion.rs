//! The slot `completion`.

use serde::{Deserialize, Serialize};

use crate::value::Map;
use crate::{open_enum::open_enum, setters::setters};

/// How a model's answer came about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CompletionExtension {
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// How many tokens it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenUsage>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The format of the answer before it was converted, such as `chatml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_format: Option<String>,
    /// When the answer was made (ISO 8601).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    CompletionExtension {
        with_stop_reason(stop_reason: Option<StopReason>);
        with_tokens(tokens: Option<TokenUsage>);
        with_model(model: Option<String>);
        with_raw_format(raw_format: Option<String>);
        with_created_at(created_at: Option<String>);
        with_latency_ms(latency_ms: Option<u64>);
    }
}

/// How many tokens an answer took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenUsage {
    /// The tokens of the input.
    pub input_tokens: u64,
    /// The tokens of the output.
    pub output_tokens: u64,
    /// The tokens of both.
    pub total_tokens: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl TokenUsage {
    /// The counts as the model reported them.
    pub fn new(input_tokens: u64, output_tokens: u64, total_tokens: u64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            total_tokens,
            extra: Map::new(),
        }
    }
}

open_enum! {
    /// Why a model stopped.
    StopReason {
        /// It was done.
        End = "end",
        /// It returned a structured result.
        Return = "return",
        /// It called a tool.
        Call = "call",
        /// It reached the limit of tokens.
        MaxTokens = "max_tokens",
        /// It came to a sequence that it was told to stop at.
        StopSequence = "stop_sequence",
    }
}
