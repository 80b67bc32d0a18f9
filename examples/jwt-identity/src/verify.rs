//! The cryptography under `jsonwebtoken`: it checks signatures with `ring`, which TLS brings along anyway, and signs nothing.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{ErrorKind, new_error},
    signature::{Error, Verifier},
};
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// Has `jsonwebtoken` check signatures with this module, in this process. Further calls change nothing.
pub(crate) fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        verifier_factory: |algorithm, key| {
            Ok(Box::new(Signature {
                algorithm: *algorithm,
                key: key.clone(),
            }))
        },
        // For making keys and fingerprints of them. The library's stand-ins would panic.
        key_utils: KeyUtils {
            rsa_pub_components_from_private_key: |_| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
            rsa_pub_components_from_public_key: |_| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
            ec_pub_components_from_private_key: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
            ed_pub_components_from_private_key: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
            compute_digest: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        },
    };
    // Fails if it is there already, because another instance of the plugin was made before.
    let _ = PROVIDER.install_default();
}

struct Signature {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Signature {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Signature {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        if self.key.family() != self.algorithm.family() {
            return Err(Error::new());
        }
        let valid = match (self.key.kind(), rsa(self.algorithm), other(self.algorithm)) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, Some(rsa), _) => {
                // `ring` takes no leading zeros.
                let trimmed = |bytes: &[u8]| {
                    bytes
                        .iter()
                        .skip_while(|byte| **byte == 0)
                        .copied()
                        .collect::<Vec<u8>>()
                };
                let key = RsaPublicKeyComponents {
                    n: trimmed(n),
                    e: trimmed(e),
                };
                key.verify(rsa, message, signature)
            }
            (DecodingKeyKind::SecretOrDer(key), Some(rsa), _) => {
                UnparsedPublicKey::new(rsa, key).verify(message, signature)
            }
            (DecodingKeyKind::SecretOrDer(key), None, Some(algorithm)) => {
                UnparsedPublicKey::new(algorithm, key).verify(message, signature)
            }
            _ => return Err(Error::new()),
        };
        valid.map_err(|_| Error::new())
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn other(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDSA => &signature::ED25519,
        _ => return None,
    })
}
