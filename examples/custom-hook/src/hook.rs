//! The hook, as the host of the mail service declares it: its name, what it hands over and what it takes back. A crate of its
//! own where the host is written in Rust as well.

use plugin_sdk::{Map, hooks::Hook};
use serde::{Deserialize, Serialize};

/// Called before a mail goes out.
pub(crate) struct MailPreSend;

impl Hook for MailPreSend {
    const NAME: &'static str = "mail_pre_send";
    type Payload = MailPreSendPayload;
    type Result = MailPreSendResult;
}

/// A mail that is about to go out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct MailPreSendPayload {
    /// The addresses it goes to.
    pub(crate) to: Vec<String>,
    /// Its subject.
    #[serde(default)]
    pub(crate) subject: String,
    /// How many bytes each attachment has, by its name.
    #[serde(default)]
    pub(crate) attachments: Map,
}

/// What the host changes about the mail: another type than the payload, since a plugin has no say in the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct MailPreSendResult {
    /// The new subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// Headers to add.
    pub(crate) headers: Map<String>,
}
