//! The blocks of a PEM file.

use tokio_rustls::rustls::pki_types::{
    CertificateDer,
    pem::{self, PemObject},
};

use super::{
    TlsError,
    file::{File, Setting},
};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// The kinds of blocks in the file, in their order.
pub(super) fn labels(contents: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(contents)
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix(BEGIN)?.strip_suffix(DASHES))
        .map(str::to_owned)
        .collect()
}

/// The text of the first block of a kind, with its first and last line.
pub(super) fn block<'a>(contents: &'a str, label: &str) -> Option<&'a str> {
    let begin = contents.find(&format!("{BEGIN}{label}{DASHES}"))?;
    let end = format!("-----END {label}{DASHES}");
    let length = contents[begin..].find(&end)? + end.len();
    Some(&contents[begin..begin + length])
}

/// The certificates in the file; at least one.
pub(super) fn certificates(file: &File<'_>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let contents = file.contents()?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(contents)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(file, &error))?;
    if certificates.is_empty() {
        return Err(no_block(file, contents, "CERTIFICATE"));
    }
    Ok(certificates)
}

pub(super) fn damaged(file: &File<'_>, error: &pem::Error) -> TlsError {
    let problem = match error {
        pem::Error::MissingSectionEnd { .. } => "its last block has no END line".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is damaged".to_owned(),
        pem::Error::Base64Decode(_) => "a block is not base64".to_owned(),
        other => other.to_string(),
    };
    TlsError::file(
        file,
        format!("is damaged or only half written, {problem}: write it again"),
    )
}

/// The file is not what it should be. Says what it is instead, because files are easily mixed up.
pub(super) fn no_block(file: &File<'_>, contents: &[u8], wanted: &str) -> TlsError {
    let path = file.path.display();
    let found = labels(contents);
    let instead = match found.as_slice() {
        // The first byte of every certificate and key in DER.
        [] if contents.first() == Some(&0x30) => {
            let (command, options) = match file.setting {
                Setting::Keyfile => ("pkey", " -inform der"),
                Setting::Certfile | Setting::CaBundle => ("x509", " -inform der"),
            };
            format!("it looks like DER: convert it with `openssl {command}{options} -in {path} -out NEW.pem`")
        }
        [] => "it has no PEM block at all: name another file".to_owned(),
        _ => format!("only {}: name another file", found.join(", ")),
    };
    TlsError::file(file, format!("has no block BEGIN {wanted}, {instead}"))
}
