//! The private key, encrypted or not.

use pkcs8::{EncryptedPrivateKeyInfoRef, der::SecretDocument, pkcs5};
use tokio_rustls::rustls::pki_types::{
    PrivateKeyDer, PrivatePkcs8KeyDer,
    pem::{Error, PemObject},
};

use super::{TlsError, file::File, pem};

const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
/// The line by which the older format says that a key is encrypted.
const OLD_ENCRYPTION: &str = "Proc-Type: 4,ENCRYPTED";

/// The first private key in the file.
pub(super) fn private_key(
    file: &File<'_>,
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>, TlsError> {
    let contents = file.contents()?;
    let text = String::from_utf8_lossy(contents);
    if text.contains(OLD_ENCRYPTION) {
        return Err(TlsError::file(
            file,
            format!(
                "is encrypted in the old OpenSSL format, which is too weak: {}",
                convert(file)
            ),
        ));
    }
    if pem::labels(contents).iter().any(|label| label == ENCRYPTED) {
        let block = pem::block(&text, ENCRYPTED).ok_or_else(|| {
            pem::damaged(
                file,
                &Error::MissingSectionEnd {
                    end_marker: Vec::new(),
                },
            )
        })?;
        return decrypt(file, block, password);
    }
    match PrivateKeyDer::from_pem_slice(contents) {
        Ok(key) => Ok(key),
        Err(Error::NoItemsFound) => Err(pem::no_block(file, contents, "PRIVATE KEY")),
        Err(error) => Err(pem::damaged(file, &error)),
    }
}

fn decrypt(file: &File<'_>, block: &str, password: Option<&str>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let (_, document) = SecretDocument::from_pem(block).map_err(|error| damaged(file, &error))?;
    // The block is whole, as its length shows: what is not understood in it is the kind of its encryption.
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|error| unsupported(file, &error))?;
    let password = password.filter(|password| !password.is_empty()).ok_or_else(|| {
        TlsError::file(
            file,
            format!(
                "is encrypted: give its password in keyfile_password ({})",
                file.side.password_variable()
            ),
        )
    })?;
    match encrypted.decrypt(password) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        Err(pkcs8::Error::EncryptedPrivateKey(
            error @ (pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. }
            | pkcs5::Error::NoPbes1CryptSupport),
        )) => Err(unsupported(file, &error)),
        // A wrong password shows in bad padding, and once in some hundred times in a key that makes no sense.
        Err(_) => Err(TlsError::file(
            file,
            format!(
                "can't be decrypted: keyfile_password ({}) is not its password",
                file.side.password_variable()
            ),
        )),
    }
}

fn damaged(file: &File<'_>, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::file(
        file,
        format!("is damaged or only half written ({error}): write it again"),
    )
}

fn unsupported(file: &File<'_>, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::file(
        file,
        format!(
            "is encrypted in a way that is not supported ({error}): {}",
            convert(file)
        ),
    )
}

fn convert(file: &File<'_>) -> String {
    format!(
        "convert it with `openssl pkcs8 -topk8 -v2 aes256 -in {} -out NEW.pem`",
        file.path.display()
    )
}
