//! Checks outgoing mail at a hook that is none of the gateway's: its host, a mail service, declares it.

mod hook;

use plugin_sdk::prelude::*;
use serde::Deserialize;

use crate::hook::{MailPreSend, MailPreSendPayload, MailPreSendResult};

/// The settings, from `config` in the YAML.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// The domains of the house; mail to others is marked.
    own_domains: Vec<String>,
    /// The domains that get no mail.
    denied_domains: Vec<String>,
    /// The most recipients of a mail.
    max_recipients: usize,
    /// The most bytes of all attachments of a mail to others.
    max_attachment_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            own_domains: Vec::new(),
            denied_domains: Vec::new(),
            max_recipients: 50,
            max_attachment_bytes: 10 << 20,
        }
    }
}

/// Checks outgoing mail, and marks mail that leaves the house.
#[plugin(hooks = [MailPreSend], config = Settings, tags = ["mail"])]
struct MailGuard {
    settings: Settings,
}

impl MailGuard {
    async fn configure(mut settings: Settings) -> Result<Self, PluginError> {
        let lists = [
            ("own_domains", &mut settings.own_domains),
            ("denied_domains", &mut settings.denied_domains),
        ];
        for (key, domains) in lists {
            for domain in domains {
                if domain.is_empty() || domain.contains(['@', ' ']) {
                    return Err(PluginError::new(format!(
                        "config.{key}: \"{domain}\" is no domain: write what stands behind the @ of an address"
                    )));
                }
                domain.make_ascii_lowercase();
            }
        }
        if settings.own_domains.is_empty() {
            return Err(PluginError::new(
                "config.own_domains is empty: write the domains of the house, such as example.com",
            ));
        }
        Ok(Self { settings })
    }

    async fn mail_pre_send(
        &self,
        payload: MailPreSendPayload,
        _context: &mut PluginContext,
    ) -> HookResult<MailPreSendResult> {
        let settings = &self.settings;
        if payload.to.len() > settings.max_recipients {
            return Ok(PluginResult::deny(
                PluginViolation::new("Too many recipients", "TOO_MANY_RECIPIENTS")
                    .with_detail("recipients", payload.to.len())
                    .with_detail("max_recipients", settings.max_recipients),
            ));
        }
        let mut leaves = false;
        for address in &payload.to {
            // A violation that is returned as an error is a denial.
            let domain = domain(address)?;
            if settings.denied_domains.contains(&domain) {
                return Ok(PluginResult::deny(
                    PluginViolation::new("Denied domain", "DENIED_DOMAIN").with_detail("domain", domain),
                ));
            }
            leaves |= !settings.own_domains.contains(&domain);
        }
        if !leaves {
            return Ok(PluginResult::allow());
        }
        // A size that is no number counts as the largest: what cannot be read does not leave.
        let sizes = payload
            .attachments
            .values()
            .map(|size| size.as_u64().unwrap_or(u64::MAX));
        let bytes = sizes.fold(0, u64::saturating_add);
        if bytes > settings.max_attachment_bytes {
            let violation = PluginViolation::new("Too large to leave the house", "ATTACHMENTS_TOO_LARGE")
                .with_detail("max_attachment_bytes", settings.max_attachment_bytes);
            return Ok(PluginResult::deny(violation));
        }
        Ok(PluginResult::modify_payload(MailPreSendResult {
            subject: Some(format!("[External] {}", payload.subject)),
            headers: Map::from_iter([("X-External-Recipients", "yes")]),
        }))
    }
}

/// What stands behind the last `@` of an address, in lower case.
fn domain(address: &str) -> Result<String, PluginError> {
    match address.trim().rsplit_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() => Ok(domain.to_ascii_lowercase()),
        _ => Err(PluginViolation::new("Not an address", "INVALID_ADDRESS")
            .with_detail("address", address)
            .into()),
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<MailGuard>()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn plugin() -> MailGuard {
        let settings = Settings {
            own_domains: vec!["Example.com".to_owned()],
            denied_domains: vec!["example.net".to_owned()],
            max_recipients: 2,
            max_attachment_bytes: 100,
        };
        MailGuard::configure(settings).await.unwrap()
    }

    /// The mail as it comes from the host.
    async fn send(mail: serde_json::Value) -> HookResult<MailPreSendResult> {
        let payload = serde_json::from_value(mail).unwrap();
        plugin()
            .await
            .mail_pre_send(payload, &mut PluginContext::new("test"))
            .await
    }

    fn code(result: &PluginResult<MailPreSendResult>) -> Option<&str> {
        result.violation.as_ref().map(|violation| violation.code.as_str())
    }

    #[tokio::test]
    async fn mail_that_stays_in_the_house_passes() {
        let mail = serde_json::json!({"to": ["bob@EXAMPLE.com"], "attachments": {"film.mp4": 5000}});
        assert_eq!(send(mail).await.unwrap(), PluginResult::allow());
    }

    #[tokio::test]
    async fn mail_that_leaves_the_house_is_marked() {
        let mail = serde_json::json!({"to": ["bob@example.com", "eve@example.org"], "subject": "Hello"});
        let changes = send(mail).await.unwrap().modified_payload.unwrap();
        assert_eq!(changes.subject.as_deref(), Some("[External] Hello"));
        assert_eq!(changes.headers["X-External-Recipients"], "yes");
    }

    #[tokio::test]
    async fn mail_that_may_not_go_out_is_denied() {
        let cases = [
            (
                serde_json::json!({"to": vec!["a@example.com"; 3]}),
                "TOO_MANY_RECIPIENTS",
            ),
            (serde_json::json!({"to": ["a@Example.NET"]}), "DENIED_DOMAIN"),
            (
                serde_json::json!({"to": ["a@example.org"], "attachments": {"a": 60, "b": 41}}),
                "ATTACHMENTS_TOO_LARGE",
            ),
            (
                serde_json::json!({"to": ["a@example.org"], "attachments": {"a": "?"}}),
                "ATTACHMENTS_TOO_LARGE",
            ),
        ];
        for (mail, expected) in cases {
            let result = send(mail).await.unwrap();
            assert!(!result.continue_processing);
            assert_eq!(code(&result), Some(expected));
        }
    }

    #[tokio::test]
    async fn what_is_no_address_is_a_violation() {
        let error = send(serde_json::json!({"to": ["bob"]})).await.unwrap_err();
        assert!(error.message().contains("INVALID_ADDRESS"), "{error}");
    }

    #[tokio::test]
    async fn a_list_of_domains_holds_domains() {
        for (own_domains, expected) in [
            (vec![], "config.own_domains is empty"),
            (
                vec!["bob@example.com".to_owned()],
                "config.own_domains: \"bob@example.com\"",
            ),
        ] {
            let settings = Settings {
                own_domains,
                ..Settings::default()
            };
            let error = MailGuard::configure(settings).await.err().unwrap();
            assert!(error.message().starts_with(expected), "{error}");
        }
    }
}
