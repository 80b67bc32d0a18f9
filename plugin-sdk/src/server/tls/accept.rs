//! One handshake.

use std::{fmt, io, pin::pin, sync::Arc, time::Duration};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, server::Acceptor},
    server::TlsStream,
};

use super::{HandshakeFailure, Tls};

/// How long a client may take for its handshake.
pub(crate) const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client that was refused may take to read why.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that did not come about. It is counted and logged already.
#[derive(Debug)]
pub(crate) struct HandshakeError {
    /// The reason, as it is counted.
    pub(super) failure: HandshakeFailure,
    message: String,
}

impl HandshakeError {
    fn new(failure: HandshakeFailure, message: impl Into<String>) -> Self {
        Self {
            failure,
            message: message.into(),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for HandshakeError {}

impl Tls {
    /// Makes a connection a TLS one. `peer` is who the log says is on the other side. The future stands for itself: it is
    /// meant for a task of its own, and what it uses of the files is settled when the client has begun.
    pub(crate) fn accept<S, P>(
        &self,
        stream: S,
        peer: P,
    ) -> impl Future<Output = Result<TlsStream<S>, HandshakeError>> + Send + use<S, P>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
        P: fmt::Display + Send,
    {
        let Self {
            shared,
            handshake_timeout,
        } = self.clone();
        async move {
            let handshake = async {
                let mut beginning = pin!(LazyConfigAcceptor::new(Acceptor::default(), stream));
                match beginning.as_mut().await {
                    Ok(begun) => {
                        let config = Arc::clone(&shared.current.borrow());
                        let handshake = begun.into_stream(config).into_fallible().await;
                        handshake.map_err(|(error, stream)| (describe(&error, true), Some(stream)))
                    }
                    Err(error) => Err((describe(&error, false), beginning.take_io())),
                }
            };
            let (error, refused) = match tokio::time::timeout(handshake_timeout, handshake).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(failed)) => failed,
                Err(_) => {
                    let message = format!("the client did not finish within {handshake_timeout:?}");
                    (HandshakeError::new(HandshakeFailure::Timeout, message), None)
                }
            };
            error.failure.record(&peer, &error);
            if let Some(stream) = refused {
                refuse(stream).await;
            }
            Err(error)
        }
    }
}

/// Lets the client read the alert that says why. When a socket is closed while it holds data that was not read, the system
/// drops what was written to it, and the client learns only that the connection was reset; a client of TLS 1.3 sends its first
/// request before it knows that it is refused.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let until_closed = async {
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    // Whatever comes of it, the client is refused.
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, until_closed).await;
}

/// `has_begun` says whether the client has greeted.
fn describe(error: &io::Error, has_begun: bool) -> HandshakeError {
    use HandshakeFailure::{Abandoned, Certificate, Disconnected, Protocol};

    let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        if has_begun {
            let message =
                format!("the client went away ({error}); it may not accept this server's certificate");
            return HandshakeError::new(Abandoned, message);
        }
        return HandshakeError::new(Disconnected, format!("the client went away ({error})"));
    };
    match cause {
        Error::NoCertificatesPresented => HandshakeError::new(
            Certificate,
            "the client sent no certificate, and one is required",
        ),
        Error::InvalidCertificate(problem) => HandshakeError::new(
            Certificate,
            format!(
                "the client's certificate is not good: {}",
                certificate_problem(problem)
            ),
        ),
        Error::AlertReceived(alert) if is_about_certificate(*alert) => HandshakeError::new(
            Certificate,
            format!(
                "the client does not accept this server's certificate ({alert:?}): its ca_bundle must hold the \
                     authority of certfile, and certfile name the host that it connects to"
            ),
        ),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            HandshakeError::new(Protocol, "the client does not speak TLS")
        }
        Error::PeerIncompatible(
            PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            // Asked for before the version; clients up to TLS 1.1 don't have it.
            | PeerIncompatible::SignatureAlgorithmsExtensionRequired,
        ) => HandshakeError::new(Protocol, "the client offers neither TLS 1.2 nor TLS 1.3"),
        other => HandshakeError::new(Protocol, other.to_string()),
    }
}

fn certificate_problem(problem: &CertificateError) -> String {
    match problem {
        CertificateError::UnknownIssuer => "no authority in ca_bundle has signed it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not for clients (its extended key usage lacks clientAuth)".to_owned()
        }
        other => other.to_string(),
    }
}

fn is_about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::UnrecognisedName
    )
}
