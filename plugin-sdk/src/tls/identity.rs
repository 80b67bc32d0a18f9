//! A certificate and the key that belongs to it.

use tokio_rustls::rustls::{Error, InconsistentKeys, crypto::CryptoProvider, sign::CertifiedKey};

use super::{
    TlsError,
    certificate::{self, Clock},
    file::File,
    key,
};

/// One's own certificate and its key. Both may be in one file.
pub(crate) fn identity(
    certfile: &File<'_>,
    keyfile: &File<'_>,
    password: Option<&str>,
    provider: &CryptoProvider,
    clock: &mut Clock,
) -> Result<CertifiedKey, TlsError> {
    let chain = certificate::chain(certfile, clock)?;
    let key = key::private_key(keyfile, password)?;
    let key = provider.key_provider.load_private_key(key).map_err(|_| {
        TlsError::file(
            keyfile,
            "has a key that is damaged or not supported: use RSA with 2048 to 4096 bits, ECDSA P-256 or P-384, or Ed25519",
        )
    })?;
    let identity = CertifiedKey::new(chain, key);
    match identity.keys_match() {
        // Not every kind of key can tell its public half; those of the provider in use can.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(identity),
        Err(Error::InconsistentKeys(_)) => Err(TlsError::file(
            keyfile,
            format!(
                "is not the key of the certificate in {}: name the two that belong together, {} own \
                     certificate first in its file",
                certfile,
                certfile.side.owner()
            ),
        )),
        Err(error) => Err(TlsError::file(
            certfile,
            format!("can't be used for TLS ({error}): make an X.509 certificate of version 3"),
        )),
    }
}
