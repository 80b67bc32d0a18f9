//! Finds out from a JWT who makes a request.

mod keys;
mod settings;
#[cfg(test)]
mod tests;
mod token;
mod verify;

use plugin_sdk::{
    extensions::{SubjectExtension, SubjectType},
    prelude::*,
};

use crate::{
    settings::{ClaimNames, Settings},
    token::{Tokens, Verdict},
};

/// What Python hosts send in place of a secret.
const HIDDEN: &str = "**********";

/// Finds out from a JWT who makes a request.
#[plugin(
    hooks = [identity_resolve, http_auth_resolve_user],
    config = Settings,
    tags = ["identity", "jwt"],
)]
struct JwtIdentity {
    tokens: Tokens,
    names: ClaimNames,
    admin_role: Option<String>,
}

impl JwtIdentity {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        verify::install();
        Ok(Self {
            tokens: Tokens::new(&settings)?,
            names: settings.claims,
            admin_role: settings.admin_role,
        })
    }

    /// CPEX hosts: the token, or the header where the host hides it, becomes a subject. A bad token is a rejection, which is a
    /// result of its own here and no denial.
    async fn identity_resolve(
        &self,
        payload: IdentityResolvePayload,
        _context: &mut PluginContext,
    ) -> HookResult<IdentityResolveResultPayload> {
        let hidden = payload.raw_token.is_empty() || payload.raw_token == HIDDEN;
        let token = if hidden {
            bearer(&payload.headers)
        } else {
            // Certificates and API keys are none of this plugin's business.
            Some(payload.raw_token.as_str()).filter(|_| payload.source == "bearer")
        };
        let Some(token) = token else {
            return Ok(PluginResult::allow());
        };
        let result = IdentityResolveResultPayload::new();
        Ok(match self.tokens.check(token) {
            Verdict::NotOurs => PluginResult::allow(),
            Verdict::Rejected(reason) => PluginResult::modify_payload(result.with_rejection(401, reason)),
            Verdict::Claims(claims) => {
                let mut result = result.with_subject(self.subject(&claims));
                result.raw_claims = claims;
                PluginResult::modify_payload(result)
            }
        })
    }

    /// The gateway: the credentials become the user; a bad token is a denial, which it answers with 401. Without credentials,
    /// or with other ones, the gateway authenticates as usual.
    async fn http_auth_resolve_user(
        &self,
        payload: HttpAuthResolveUserPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpAuthResolveUserResultPayload> {
        let credentials = payload.credentials.as_ref().and_then(|credentials| {
            let scheme = credentials.get("scheme")?.as_str()?;
            let token = credentials.get("credentials")?.as_str()?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        });
        let Some(token) = credentials.or_else(|| bearer(&payload.headers)) else {
            return Ok(PluginResult::allow());
        };
        let claims = match self.tokens.check(token) {
            Verdict::Claims(claims) => claims,
            Verdict::NotOurs => return Ok(PluginResult::allow()),
            Verdict::Rejected(reason) => return Err(invalid(reason).into()),
        };
        let user = self.user(&claims)?;
        Ok(PluginResult::modify_payload(user).with_metadata("auth_method", "jwt"))
    }

    fn subject(&self, claims: &Map) -> SubjectExtension {
        let text = claims
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .collect::<Map<String>>();
        SubjectExtension::new(text.get("sub").cloned().unwrap_or_default(), SubjectType::User)
            .with_roles(strings(claims, &self.names.roles))
            .with_teams(strings(claims, &self.names.teams))
            .with_claims(text)
    }

    /// The user as the gateway looks it up: by an e-mail address that the issuer stands for.
    fn user(&self, claims: &Map) -> Result<Map, PluginError> {
        let claim = &self.names.email;
        let email = claims.get(claim).and_then(Value::as_str);
        let email = email.ok_or_else(|| invalid(format!("the token has no claim `{claim}`")))?;
        // Some issuers write it as a string.
        let verified = |claim: &Value| claim.as_bool() == Some(true) || claim.as_str() == Some("true");
        if claims.get("email_verified").is_some_and(|claim| !verified(claim)) {
            return Err(invalid("the e-mail address in the token is not verified").into());
        }
        let name = claims
            .get(&self.names.name)
            .and_then(Value::as_str)
            .unwrap_or(email);
        let roles = strings(claims, &self.names.roles);
        let is_admin = self
            .admin_role
            .as_ref()
            .is_some_and(|admin| roles.contains(admin));
        Ok(Map::from([
            ("email", Value::from(email)),
            ("full_name", Value::from(name)),
            ("is_admin", Value::from(is_admin)),
        ]))
    }
}

fn invalid(reason: impl Into<String>) -> PluginViolation {
    PluginViolation::new("Invalid token", "INVALID_TOKEN")
        .with_description(reason)
        .with_http_status_code(401)
        .with_http_header("WWW-Authenticate", "Bearer error=\"invalid_token\"")
}

/// The token of the header, whatever the letter case of the header's name.
fn bearer(headers: &Map<String>) -> Option<&str> {
    let (_, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A claim that is a list of strings, or one string with spaces between them, as `scope` is.
fn strings(claims: &Map, claim: &str) -> Vec<String> {
    match claims.get(claim) {
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(values)) => values
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<JwtIdentity>()
}
