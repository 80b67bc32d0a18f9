//! The slot `request`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// The request that a message belongs to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestExtension {
    /// Where the host runs, such as `production`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When the request was made (ISO 8601).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The id of the OpenTelemetry trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The id of the OpenTelemetry span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    RequestExtension {
        with_environment(environment: Option<String>);
        with_request_id(request_id: Option<String>);
        with_timestamp(timestamp: Option<String>);
        with_trace_id(trace_id: Option<String>);
        with_span_id(span_id: Option<String>);
    }
}
