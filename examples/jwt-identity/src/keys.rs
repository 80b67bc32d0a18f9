//! The issuer's public keys, from a file.

use std::{fs::File, io::Read, path::Path};

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};

use crate::settings::KeyFile;

/// No key set comes near it.
const LARGEST_FILE: u64 = 1 << 20;

/// The keys by their names.
pub(crate) struct Keys(Vec<(Option<String>, DecodingKey)>);

impl Keys {
    /// Reads the keys for an algorithm; an error names the file.
    pub(crate) fn read(file: &KeyFile, algorithm: Algorithm) -> Result<Self, String> {
        let (path, keys) = match file {
            KeyFile::Jwks(path) => (path, from_jwks(&read(path)?, algorithm)),
            KeyFile::Pem(path) => (path, from_pem(&read(path)?, algorithm)),
        };
        keys.map(Self)
            .map_err(|error| format!("config.keys: {}: {error}", path.display()))
    }

    /// The key that a token names. A token that names none gets the only key.
    pub(crate) fn find(&self, name: Option<&str>) -> Option<&DecodingKey> {
        let named = |(key_name, _): &&(Option<String>, DecodingKey)| match (key_name, name) {
            (Some(key_name), Some(name)) => key_name == name,
            _ => self.0.len() == 1,
        };
        self.0.iter().find(named).map(|(_, key)| key)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let describe = |error| format!("config.keys: {}: {error}", path.display());
    let mut content = Vec::new();
    let file = File::open(path).map_err(describe)?;
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut content)
        .map_err(describe)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(format!("config.keys: {} is larger than 1 MiB", path.display()));
    }
    Ok(content)
}

fn from_pem(content: &[u8], algorithm: Algorithm) -> Result<Vec<(Option<String>, DecodingKey)>, String> {
    let key = match algorithm.family() {
        AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(content),
        AlgorithmFamily::Ec => DecodingKey::from_ec_pem(content),
        AlgorithmFamily::Ed => DecodingKey::from_ed_pem(content),
        AlgorithmFamily::Hmac => return Err(no_key_for(algorithm)),
    };
    let key = key.map_err(|error| format!("{}: {error}", no_key_for(algorithm)))?;
    if !fits(&key, algorithm) {
        return Err(no_key_for(algorithm));
    }
    Ok(vec![(None, key)])
}

fn from_jwks(content: &[u8], algorithm: Algorithm) -> Result<Vec<(Option<String>, DecodingKey)>, String> {
    let set: JwkSet =
        serde_json::from_slice(content).map_err(|error| format!("no JSON Web Key Set: {error}"))?;
    let mut keys = Vec::new();
    for jwk in set.keys.iter().filter(|jwk| is_meant(jwk, algorithm)) {
        let name = jwk.common.key_id.clone();
        let key = DecodingKey::from_jwk(jwk)
            .map_err(|error| format!("the key \"{}\": {error}", name.as_deref().unwrap_or_default()))?;
        if fits(&key, algorithm) {
            keys.push((name, key));
        }
    }
    if keys.is_empty() {
        return Err(no_key_for(algorithm));
    }
    Ok(keys)
}

/// Whether a key of a set says that it signs with the algorithm, or says nothing. Sets hold keys for other purposes, too.
fn is_meant(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => algorithm.family() == AlgorithmFamily::Rsa,
        AlgorithmParameters::EllipticCurve(key) => matches!(
            (algorithm, &key.curve),
            (Algorithm::ES256, EllipticCurve::P256) | (Algorithm::ES384, EllipticCurve::P384)
        ),
        AlgorithmParameters::OctetKeyPair(key) => {
            algorithm == Algorithm::EdDSA && key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    let common = &jwk.common;
    let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let says = common.key_algorithm.map(|says| format!("{says:?}"));
    kind && signs && says.is_none_or(|says| says == format!("{algorithm:?}"))
}

/// Whether the key is as long as the algorithm's curve has it.
fn fits(key: &DecodingKey, algorithm: Algorithm) -> bool {
    let length = match algorithm {
        Algorithm::ES256 => 65,
        Algorithm::ES384 => 97,
        Algorithm::EdDSA => 32,
        _ => return true,
    };
    key.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == length)
}

fn no_key_for(algorithm: Algorithm) -> String {
    format!("there is no public key for {algorithm:?}")
}
