//! Decides permissions by Cedar policies, and which calls may get a token of their own.

mod policies;
mod settings;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use cedar_policy::{EntityTypeName, RestrictedExpression};
use plugin_sdk::prelude::*;

use crate::{
    policies::{Answer, Facts, Policies, entity_type},
    settings::{Settings, Undecided},
};

/// The action at which policies permit tokens.
const DELEGATE: &str = "delegate";

/// Decides permissions by Cedar policies.
#[plugin(
    hooks = [http_auth_check_permission, token_delegate],
    config = Settings,
    tags = ["permissions", "cedar"],
)]
struct CedarPermissions {
    policies: Policies,
    undecided: Undecided,
    resource: EntityTypeName,
    target: EntityTypeName,
}

impl CedarPermissions {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        Ok(Self {
            policies: Policies::read(&settings).map_err(PluginError::new)?,
            undecided: settings.undecided,
            resource: entity_type("Resource").map_err(PluginError::new)?,
            target: entity_type("Target").map_err(PluginError::new)?,
        })
    }

    /// The user's e-mail address is the principal, the permission the action, and the kind of resource the resource. The answer
    /// is a decision, not a denial: the gateway wants to know, and logs the reason.
    async fn http_auth_check_permission(
        &self,
        payload: HttpAuthCheckPermissionPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpAuthCheckPermissionResultPayload> {
        let kind = payload.resource_type.as_deref().unwrap_or("gateway");
        let (user, permission) = (payload.user_email.as_str(), payload.permission.as_str());
        let answer = self.policies.ask(
            user,
            permission,
            (&self.resource, kind),
            facts_of_request(&payload),
        );
        let (granted, reason) = match answer {
            Answer::Permitted(policies) => (true, format!("permitted by {policies}")),
            Answer::Forbidden(policies) => (false, format!("forbidden by {policies}")),
            Answer::Undecided if self.undecided == Undecided::Pass => return Ok(PluginResult::allow()),
            Answer::Undecided => (false, "no policy permits it".to_owned()),
            Answer::Failed(error) => (false, format!("the policies cannot be asked: {error}")),
        };
        let decision = HttpAuthCheckPermissionResultPayload::new(granted).with_reason(reason);
        Ok(PluginResult::modify_payload(decision))
    }

    /// Denies the token where policies do not permit it. Where they do, another plugin makes it.
    async fn token_delegate(
        &self,
        payload: TokenDelegatePayload,
        context: &mut PluginContext,
    ) -> HookResult<TokenDelegateResultPayload> {
        let user = context.user_email().unwrap_or_default();
        let target = (&self.target, payload.target_name.as_str());
        let answer = self
            .policies
            .ask(user, DELEGATE, target, facts_of_delegation(&payload));
        let reason = match answer {
            Answer::Permitted(_) => return Ok(PluginResult::allow()),
            Answer::Undecided if self.undecided == Undecided::Pass => return Ok(PluginResult::allow()),
            Answer::Undecided => "no policy permits it".to_owned(),
            Answer::Forbidden(policies) => format!("forbidden by {policies}"),
            Answer::Failed(error) => format!("the policies cannot be asked: {error}"),
        };
        let violation = PluginViolation::new("No token for this call", "DELEGATION_DENIED")
            .with_description(format!(
                "No token for a call of {}: {reason}",
                payload.target_name
            ))
            .with_detail("target", payload.target_name)
            .with_http_status_code(403);
        Ok(PluginResult::deny(violation))
    }
}

fn facts_of_request(payload: &HttpAuthCheckPermissionPayload) -> Facts {
    let mut facts = vec![(
        "is_admin".to_owned(),
        RestrictedExpression::new_bool(payload.is_admin),
    )];
    add(&mut facts, "team", payload.team_id.as_ref());
    add(&mut facts, "auth_method", payload.auth_method.as_ref());
    add(&mut facts, "user_agent", payload.user_agent.as_ref());
    // Policies compare it with ranges, so a name is as good as no address.
    let address = payload
        .client_host
        .as_ref()
        .filter(|host| host.parse::<IpAddr>().is_ok());
    if let Some(address) = address {
        facts.push(("client".to_owned(), RestrictedExpression::new_ip(address)));
    }
    facts
}

fn facts_of_delegation(payload: &TokenDelegatePayload) -> Facts {
    let permissions = payload.required_permissions.iter().cloned();
    let permissions = RestrictedExpression::new_set(permissions.map(RestrictedExpression::new_string));
    let mut facts = vec![("permissions".to_owned(), permissions)];
    add(&mut facts, "target_type", Some(&payload.target_type));
    add(&mut facts, "audience", payload.target_audience.as_ref());
    add(&mut facts, "trust_domain", payload.trust_domain.as_ref());
    facts
}

fn add(facts: &mut Facts, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        facts.push((name.to_owned(), RestrictedExpression::new_string(value.clone())));
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<CedarPermissions>()
}
