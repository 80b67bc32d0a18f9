//! The policies of the example, and others, through both hooks.

use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::*;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn settings() -> Settings {
    Settings {
        policies: file("policies.cedar"),
        schema: file("schema.cedarschema"),
        entities: Some(file("entities.json")),
        undecided: Undecided::Deny,
    }
}

async fn plugin(settings: Settings) -> CedarPermissions {
    CedarPermissions::configure(settings).await.unwrap()
}

/// The example's plugin with other policies.
fn with_policies(text: &str) -> (Settings, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let settings = Settings {
        policies: file.path().to_owned(),
        ..settings()
    };
    (settings, file)
}

fn question(user: &str, permission: &str) -> HttpAuthCheckPermissionPayload {
    HttpAuthCheckPermissionPayload::new(user, permission).with_resource_type("tool")
}

async fn decide(
    plugin: &CedarPermissions,
    payload: HttpAuthCheckPermissionPayload,
) -> Option<(bool, String)> {
    let mut context = PluginContext::new("test");
    let result = plugin
        .http_auth_check_permission(payload, &mut context)
        .await
        .unwrap();
    assert!(result.continue_processing);
    result
        .modified_payload
        .map(|decision| (decision.granted, decision.reason.unwrap()))
}

#[tokio::test]
async fn a_decision_names_its_policy() {
    let plugin = plugin(settings()).await;
    let admin = |permission: &str| question("root@example.com", permission).with_is_admin(true);
    let cases = [
        (
            question("alice@example.com", "tools.execute"),
            true,
            "permitted by developers-use-tools",
        ),
        (
            question("bob@example.com", "tools.execute"),
            false,
            "no policy permits it",
        ),
        (
            question("alice@example.com", "tools.delete"),
            false,
            "forbidden by deletion-only-from-inside",
        ),
        (admin("tools.create"), true, "permitted by administrators"),
        (
            admin("tools.delete"),
            false,
            "forbidden by deletion-only-from-inside",
        ),
        (
            admin("tools.delete").with_client_host("192.0.2.1"),
            false,
            "forbidden by deletion-only-from-inside",
        ),
        (
            admin("tools.delete").with_client_host("10.1.2.3"),
            true,
            "permitted by administrators",
        ),
        (
            admin("tools.delete").with_client_host("not-an-address"),
            false,
            "forbidden by deletion-only-from-inside",
        ),
    ];
    for (payload, granted, reason) in cases {
        let shown = format!("{payload:?}");
        assert_eq!(
            decide(&plugin, payload).await,
            Some((granted, reason.to_owned())),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_permission_that_the_schema_does_not_know_is_not_granted() {
    let plugin = plugin(settings()).await;
    let payload = question("root@example.com", "moon.land").with_is_admin(true);
    let (granted, reason) = decide(&plugin, payload).await.unwrap();
    assert!(!granted);
    assert!(
        reason.contains("cannot be asked") && reason.contains("moon.land"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_policy_that_cannot_be_reckoned_denies() {
    // Passes every check at the start, and overflows for this one user.
    let (settings, _file) = with_policies(
        r#"permit (principal, action, resource);
           forbid (principal == User::"eve@example.com", action, resource)
           when { 9223372036854775807 + (if context has is_admin then 1 else 0) > 0 };"#,
    );
    let plugin = plugin(settings).await;
    assert!(
        decide(&plugin, question("alice@example.com", "tools.read"))
            .await
            .unwrap()
            .0
    );
    let (granted, reason) = decide(&plugin, question("eve@example.com", "tools.read"))
        .await
        .unwrap();
    assert!(!granted && reason.contains("overflow"), "{reason}");
}

#[tokio::test]
async fn what_no_policy_is_about_can_be_left_to_the_gateway() {
    let settings = Settings {
        undecided: Undecided::Pass,
        ..settings()
    };
    let plugin = plugin(settings).await;
    assert_eq!(
        decide(&plugin, question("bob@example.com", "tools.read")).await,
        None
    );
    assert!(
        !decide(&plugin, question("bob@example.com", "tools.delete"))
            .await
            .unwrap()
            .0
    );
}

#[tokio::test]
async fn a_token_needs_a_policy() {
    let plugin = plugin(settings()).await;
    let payload = || TokenDelegatePayload::new("search").with_trust_domain("internal");
    let cases = [
        ("alice@example.com", payload(), None),
        (
            "bob@example.com",
            payload(),
            Some("No token for a call of search: no policy permits it"),
        ),
        (
            "alice@example.com",
            payload().with_required_permissions(["read", "admin"]),
            Some("No token for a call of search: no policy permits it"),
        ),
        (
            "alice@example.com",
            TokenDelegatePayload::new("search"),
            Some("No token for a call of search: no policy permits it"),
        ),
    ];
    for (user, payload, expected) in cases {
        let mut context = PluginContext::new("test").with_global_context(|global| global.with_user(user));
        let result = plugin.token_delegate(payload, &mut context).await.unwrap();
        assert_eq!(result.continue_processing, expected.is_none());
        let violation = result.violation.as_ref();
        assert_eq!(
            violation.map(|violation| violation.description.as_str()),
            expected
        );
        assert_eq!(
            violation.and_then(|violation| violation.http_status_code),
            expected.map(|_| 403)
        );
    }
}

#[tokio::test]
async fn policies_with_mistakes_do_not_start() {
    let cases = [
        ("permit (principal, action, resource", "config.policies: "),
        (
            "permit (principal, action == Action::\"tools.raed\", resource);",
            "tools.raed",
        ),
        (
            "permit (principal, action, resource) when { context.is_amdin };",
            "is_amdin",
        ),
        ("// nothing\n", "there is no policy in it"),
    ];
    for (text, expected) in cases {
        let (settings, file) = with_policies(text);
        let error = CedarPermissions::configure(settings).await.err().unwrap();
        assert!(error.message().contains(expected), "{error}");
        assert!(error.message().contains(file.path().to_str().unwrap()), "{error}");
    }
    let missing = Settings {
        entities: Some("/no/such/file.json".into()),
        ..settings()
    };
    let error = CedarPermissions::configure(missing).await.err().unwrap();
    assert!(
        error
            .message()
            .starts_with("config.entities: /no/such/file.json: "),
        "{error}"
    );
}
