//! Tokens of an issuer that the tests make, good and bad, through both hooks.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::get_current_timestamp;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value as Json, json};
use tempfile::NamedTempFile;

use super::*;

const ISSUER: &str = "https://login.example.org";

struct Issuer {
    key: EcdsaKeyPair,
    jwks: NamedTempFile,
}

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        // As issuers publish them: with keys for other purposes, which must not come into question.
        let jwks = json!({"keys": [
            {"kty": "oct", "k": BASE64.encode("shared"), "kid": "shared"},
            {"kty": "EC", "crv": "P-256", "use": "enc", "kid": "letters", "x": BASE64.encode(x), "y": BASE64.encode(y)},
            {"kty": "EC", "crv": "P-256", "use": "sig", "kid": "k1", "x": BASE64.encode(x), "y": BASE64.encode(y)},
        ]});
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), jwks.to_string()).unwrap();
        Self { key, jwks: file }
    }

    fn sign(&self, header: &Json, claims: &Json) -> String {
        let encode = |part: &Json| BASE64.encode(part.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64.encode(signature))
    }

    /// A token with these claims in place of, or beside, those of a good one.
    fn token(&self, changes: Json) -> String {
        self.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims(changes))
    }

    async fn plugin(&self, changes: Json) -> Result<JwtIdentity, PluginError> {
        let mut settings = json!({
            "keys": {"jwks": self.jwks.path()},
            "algorithm": "ES256",
            "issuer": ISSUER,
            "audience": "contextforge",
            "admin_role": "admin",
        });
        merge(&mut settings, changes);
        JwtIdentity::configure(serde_json::from_value(settings).unwrap()).await
    }
}

fn merge(document: &mut Json, changes: Json) {
    let Json::Object(changes) = changes else { return };
    document.as_object_mut().unwrap().extend(changes);
}

fn claims(changes: Json) -> Json {
    let mut claims = json!({
        "iss": ISSUER,
        "aud": ["other", "contextforge"],
        "sub": "u-1",
        "email": "bob@example.org",
        "roles": "developer admin",
        "groups": ["search"],
        "exp": get_current_timestamp() + 600,
    });
    merge(&mut claims, changes);
    claims
}

async fn resolve_user(plugin: &JwtIdentity, token: &str) -> HookResult<Map> {
    let credentials = Map::from([("scheme", "Bearer"), ("credentials", token)]);
    let payload = HttpAuthResolveUserPayload::new(Map::new()).with_credentials(credentials);
    plugin
        .http_auth_resolve_user(payload, &mut PluginContext::new("test"))
        .await
}

async fn resolve_identity(
    plugin: &JwtIdentity,
    payload: IdentityResolvePayload,
) -> Option<IdentityResolveResultPayload> {
    let result = plugin
        .identity_resolve(payload, &mut PluginContext::new("test"))
        .await;
    result.unwrap().modified_payload
}

#[tokio::test]
async fn a_good_token_names_the_user() {
    let issuer = Issuer::new();
    let plugin = issuer.plugin(json!({})).await.unwrap();
    let token = issuer.token(json!({"name": "Bob", "email_verified": "true"}));
    let result = resolve_user(&plugin, &token).await.unwrap();
    assert_eq!(result.metadata["auth_method"], "jwt");
    let user = Json::from(Value::from(result.modified_payload.unwrap()));
    assert_eq!(
        user,
        json!({"email": "bob@example.org", "full_name": "Bob", "is_admin": true})
    );
    let result = resolve_user(&plugin, &issuer.token(json!({"roles": ["developer"]})))
        .await
        .unwrap();
    assert_eq!(result.modified_payload.unwrap()["is_admin"], false);
}

#[tokio::test]
async fn a_good_token_names_the_subject() {
    let issuer = Issuer::new();
    let plugin = issuer.plugin(json!({})).await.unwrap();
    let payload = IdentityResolvePayload::new(issuer.token(json!({})));
    let result = resolve_identity(&plugin, payload).await.unwrap();
    let subject = result.subject.unwrap();
    assert_eq!(
        (subject.id.as_str(), subject.subject_type),
        ("u-1", SubjectType::User)
    );
    assert_eq!(subject.roles, ["developer", "admin"]);
    assert_eq!(subject.teams, ["search"]);
    assert_eq!(subject.claims["email"], "bob@example.org");
    assert_eq!(result.raw_claims["aud"][1], "contextforge");
    assert!(!result.rejected);
}

#[tokio::test]
async fn a_token_that_the_host_hides_is_found_in_the_headers() {
    let issuer = Issuer::new();
    let plugin = issuer.plugin(json!({})).await.unwrap();
    let header = format!("bearer {}", issuer.token(json!({})));
    let payload = IdentityResolvePayload::new("**********").with_header("Authorization", header);
    assert!(
        resolve_identity(&plugin, payload)
            .await
            .unwrap()
            .subject
            .is_some()
    );

    assert_eq!(
        resolve_identity(&plugin, IdentityResolvePayload::new("**********")).await,
        None
    );
    let key = IdentityResolvePayload::new(issuer.token(json!({}))).with_source("api_key");
    assert_eq!(resolve_identity(&plugin, key).await, None);
}

#[tokio::test]
async fn a_bad_token_is_refused_for_its_reason() {
    let issuer = Issuer::new();
    let plugin = issuer.plugin(json!({})).await.unwrap();
    let now = get_current_timestamp();
    let good = issuer.token(json!({}));
    let (message, _) = good.rsplit_once('.').unwrap();
    let (_, other_signature) = Issuer::new()
        .token(json!({}))
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let cases = [
        (issuer.token(json!({"exp": now - 31})), "the token has expired"),
        (
            issuer.token(json!({"nbf": now + 60})),
            "the token is not valid yet",
        ),
        (
            issuer.token(json!({"aud": "somebody"})),
            "the token is for another audience",
        ),
        (issuer.token(json!({"sub": null})), "the token has no claim `sub`"),
        (
            format!("{message}.{other_signature}"),
            "the token's signature is wrong",
        ),
        (format!("{message}."), "the token's signature is wrong"),
        (
            issuer.sign(&json!({"alg": "ES256", "kid": "letters"}), &claims(json!({}))),
            "the token is signed with an unknown key",
        ),
        (
            // The public key used as if it were a shared secret, and no signature at all.
            issuer.sign(&json!({"alg": "HS256", "kid": "k1"}), &claims(json!({}))),
            "the token is signed with another algorithm",
        ),
        (
            issuer.sign(&json!({"alg": "none", "kid": "k1"}), &claims(json!({}))),
            "the token is no JWT",
        ),
        ("x".repeat(20_000), "the token is too long"),
    ];
    for (token, reason) in cases {
        let rejection = resolve_identity(&plugin, IdentityResolvePayload::new(&token))
            .await
            .unwrap();
        assert!(rejection.rejected && rejection.subject.is_none(), "{reason}");
        assert_eq!(
            (rejection.reject_status, rejection.reject_reason.as_str()),
            (401, reason)
        );
        let error = resolve_user(&plugin, &token).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{reason} (INVALID_TOKEN)"));
    }
}

#[tokio::test]
async fn a_gateway_needs_an_address_that_the_issuer_stands_for() {
    let issuer = Issuer::new();
    let plugin = issuer.plugin(json!({})).await.unwrap();
    for (changes, reason) in [
        (json!({"email": null}), "the token has no claim `email`"),
        (
            json!({"email_verified": false}),
            "the e-mail address in the token is not verified",
        ),
        (
            json!({"email_verified": "false"}),
            "the e-mail address in the token is not verified",
        ),
    ] {
        let error = resolve_user(&plugin, &issuer.token(changes)).await.unwrap_err();
        assert!(error.message().starts_with(reason), "{error}");
    }
}

#[tokio::test]
async fn the_tokens_of_others_are_left_to_the_gateway_unless_they_are_to_be_rejected() {
    let issuer = Issuer::new();
    let others = issuer.token(json!({"iss": "mcpgateway"}));
    for token in [others.as_str(), "an-api-key"] {
        let passing = issuer.plugin(json!({})).await.unwrap();
        assert_eq!(
            resolve_user(&passing, token).await.unwrap(),
            PluginResult::allow()
        );
        let rejecting = issuer.plugin(json!({"other_tokens": "reject"})).await.unwrap();
        assert!(resolve_user(&rejecting, token).await.is_err());
    }
    let plugin = issuer.plugin(json!({"other_tokens": "reject"})).await.unwrap();
    let nothing = HttpAuthResolveUserPayload::new(Map::new());
    let result = plugin
        .http_auth_resolve_user(nothing, &mut PluginContext::new("test"))
        .await;
    assert_eq!(result.unwrap(), PluginResult::allow());
}

#[tokio::test]
async fn settings_that_cannot_check_a_token_are_mistakes() {
    let issuer = Issuer::new();
    let missing = json!({"keys": {"pem": "/no/such/file.pem"}});
    let cases = [
        (missing, "config.keys: /no/such/file.pem: "),
        (json!({"algorithm": "RS256"}), "there is no public key for RS256"),
        (
            json!({"keys": {"pem": issuer.jwks.path()}}),
            "there is no public key for ES256",
        ),
        (json!({"issuer": ""}), "config.issuer is empty"),
        (json!({"leeway_seconds": 86400}), "config.leeway_seconds is 86400"),
    ];
    for (changes, expected) in cases {
        let error = issuer.plugin(changes).await.err().unwrap();
        assert!(error.message().contains(expected), "{error}");
    }
}
