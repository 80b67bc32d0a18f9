//! What the operator sets.

use std::{fmt, path::PathBuf, str::FromStr};

use super::TlsError;

/// The files of a TLS server, and whether clients need a certificate.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct TlsSettings {
    /// The server's certificate in PEM, followed by the intermediate ones if there are any.
    pub(crate) certfile: PathBuf,
    /// The private key of that certificate in PEM.
    pub(crate) keyfile: PathBuf,
    /// The certificate authorities in PEM that client certificates are checked against.
    pub(crate) ca_bundle: Option<PathBuf>,
    /// The password of an encrypted private key.
    pub(crate) keyfile_password: Option<String>,
    /// Whether clients need a certificate; they do unless it says otherwise.
    pub(crate) client_auth: ClientAuth,
}

impl TlsSettings {
    /// A server with this certificate and key. Clients need a certificate, so that it starts only with a
    /// `ca_bundle`, or with another `client_auth`.
    #[must_use]
    pub(crate) fn new(certfile: impl Into<PathBuf>, keyfile: impl Into<PathBuf>) -> Self {
        Self {
            certfile: certfile.into(),
            keyfile: keyfile.into(),
            ca_bundle: None,
            keyfile_password: None,
            client_auth: ClientAuth::default(),
        }
    }

    /// A server with TLS switched on, of which certificate and key may have been forgotten: that is an error, as a server
    /// without TLS is not what was asked for.
    pub(crate) fn switched_on(certfile: Option<PathBuf>, keyfile: Option<PathBuf>) -> Result<Self, TlsError> {
        let missing = |setting: &str| {
            TlsError::new(format!(
                "{setting} is missing: TLS is switched on and needs a certificate and its key; to serve without TLS, leave \
                 out the flags of TLS, the tls section and …_SSL_ENABLED"
            ))
        };
        let certfile = certfile.ok_or_else(|| missing("certfile (…_SSL_CERTFILE)"))?;
        let keyfile = keyfile.ok_or_else(|| missing("keyfile (…_SSL_KEYFILE)"))?;
        Ok(Self::new(certfile, keyfile))
    }

    /// Client certificates are checked against the certificate authorities in this file.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_ca_bundle(mut self, ca_bundle: impl Into<PathBuf>) -> Self {
        self.ca_bundle = Some(ca_bundle.into());
        self
    }

    /// The private key is encrypted with this password.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_keyfile_password(mut self, password: impl Into<String>) -> Self {
        self.keyfile_password = Some(password.into());
        self
    }

    /// Whether clients need a certificate.
    #[must_use]
    pub(crate) fn with_client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
    }
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Settings end up in logs, the password must not.
        let password = self.keyfile_password.as_ref().map(|_| "(hidden)");
        formatter
            .debug_struct("TlsSettings")
            .field("certfile", &self.certfile)
            .field("keyfile", &self.keyfile)
            .field("ca_bundle", &self.ca_bundle)
            .field("keyfile_password", &password)
            .field("client_auth", &self.client_auth)
            .finish()
    }
}

/// Whether a client needs a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    /// No certificate is asked for.
    None,
    /// A client without a certificate is let in; a certificate that is offered must be good.
    Optional,
    /// Every client needs a good certificate.
    #[default]
    Require,
}

impl ClientAuth {
    const ALL: [Self; 3] = [Self::None, Self::Optional, Self::Require];

    /// The number that `ssl_cert_reqs` of an MCP server uses: 0 none, 1 optional, 2 required.
    ///
    /// # Errors
    /// Another number.
    pub(crate) fn from_cert_reqs(number: i64) -> Result<Self, TlsError> {
        let known = Self::ALL.into_iter().find(|known| known.cert_reqs() == number);
        known.ok_or_else(|| {
            TlsError::new(format!(
                "ssl_cert_reqs: {number} is not 0 (none), 1 (optional) or 2 (required)"
            ))
        })
    }

    /// That number.
    pub(crate) fn cert_reqs(self) -> i64 {
        self as i64
    }

    /// The word in the configuration.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Optional => "optional",
            Self::Require => "require",
        }
    }
}

impl FromStr for ClientAuth {
    type Err = TlsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| TlsError::new(format!("client_auth: {text:?} is not none, optional or require")))
    }
}

impl fmt::Display for ClientAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
