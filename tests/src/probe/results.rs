//! The results of the hooks whose result is not their payload.

use plugin_sdk::Map;
use plugin_sdk::extensions::{DelegationExtension, DelegationHop, SubjectExtension, SubjectType};
use plugin_sdk::prelude::*;

/// The user whom credentials of the form `probe:<email>` name.
pub(super) fn user(payload: &HttpAuthResolveUserPayload) -> Option<HttpAuthResolveUserResultPayload> {
    let credentials = payload.credentials.as_ref()?.get("credentials")?.as_str()?;
    let mut user = Map::from([
        ("email", credentials.strip_prefix("probe:")?),
        ("full_name", "Probe User"),
    ]);
    user.insert("is_admin".into(), false.into());
    user.insert("is_active".into(), true.into());
    Some(user)
}

/// The decision about one of the probe's own permissions.
pub(super) fn permission(
    payload: &HttpAuthCheckPermissionPayload,
) -> Option<HttpAuthCheckPermissionResultPayload> {
    let (granted, reason) = match payload.permission.as_str() {
        "probe.grant" => (true, "granted by probe"),
        "probe.revoke" => (false, "revoked by probe"),
        _ => return None,
    };
    Some(HttpAuthCheckPermissionResultPayload::new(granted).with_reason(reason))
}

/// The identity that the probe's own headers claim.
pub(super) fn identity(payload: IdentityResolvePayload) -> Option<IdentityResolveResultPayload> {
    let result = IdentityResolveResultPayload::new();
    if let Some(reason) = payload.headers.get("x-probe-reject") {
        return Some(result.with_rejection(403, reason));
    }
    let subject = SubjectExtension::new(payload.headers.get("x-probe-user")?, SubjectType::User)
        .with_roles(["probe"])
        .with_claims([("src", payload.source)].into_iter().collect::<Map<String>>());
    Some(
        result
            .with_subject(subject)
            .with_raw_claim("n", 1)
            .with_raw_claim("token", payload.raw_token),
    )
}

/// The token for one of the probe's own targets.
pub(super) fn token(payload: TokenDelegatePayload) -> Option<TokenDelegateResultPayload> {
    let target = payload.target_name;
    if !target.starts_with("probe-") {
        return None;
    }
    let mut delegation = DelegationExtension::default().with_age_seconds(0.5);
    delegation.depth = 1;
    delegation.origin_subject_id = Some("alice".into());
    delegation.actor_subject_id = Some("probe".into());
    delegation.delegated = true;
    if target.starts_with("probe-hop") {
        let mut hop = DelegationHop::new("alice", "user")
            .with_scopes_granted(payload.required_permissions)
            .with_timestamp("2026-01-02T03:04:05Z")
            .with_ttl_seconds(60_u64)
            .with_strategy("token_exchange");
        hop.audience = payload.target_audience;
        delegation.chain.push(hop);
    }
    let mut result = TokenDelegateResultPayload::default()
        .with_delegated_token(format!("tok-{target}"))
        .with_delegation_update(delegation)
        .with_cache_key(target.as_str())
        .with_cache_ttl(60_u64);
    result.forwarded_headers.insert("x-delegated-for".into(), target);
    Some(result)
}
