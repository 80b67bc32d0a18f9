//! Where a gRPC server listens.

use std::{fmt, io, net::SocketAddr};

use tokio::net::{TcpListener, UnixListener};

use super::{authority::ValidAuthority, connection::Duplex, settings::GrpcSettings};
use crate::{
    plugin::BoxFuture,
    server::{ServeError, socket_file::SocketFile, tls::Tls},
};

/// A client that was accepted.
pub(super) enum Accepted {
    Ready(Box<dyn Duplex>),
    /// Nothing comes of a handshake that fails.
    Handshake(BoxFuture<'static, Option<Box<dyn Duplex>>>),
}

/// A socket that listens.
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr, Option<Tls>),
    /// The file is removed when it is dropped.
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Listens where the settings say. Must be called in a tokio runtime.
    pub(super) fn bind(settings: &GrpcSettings) -> Result<Self, ServeError> {
        if let Some(path) = &settings.uds {
            if settings.tls.is_some() {
                return Err(ServeError::new(format!(
                    "TLS and the Unix socket {} exclude each other, as no host uses TLS there: leave out either uds or tls",
                    path.display()
                )));
            }
            let (listener, file) = SocketFile::listen(path, settings.uds_mode)?;
            let listener = UnixListener::from_std(listener)
                .map_err(|error| ServeError::io("can't listen on the socket", path, error))?;
            return Ok(Self::Unix(listener, file));
        }
        let GrpcSettings { host, port, .. } = settings;
        let tls = settings.tls.clone();
        let tls = tls.map(|tls| Tls::load(tls, &["h2"])).transpose()?;
        let tls = tls.map(|tls| tls.with_handshake_timeout(settings.handshake_timeout));
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let bind = || {
            let listener = std::net::TcpListener::bind((host, *port))?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = bind().map_err(|error: io::Error| {
            ServeError::new(format!(
                "can't listen on {host} port {port}: {error}; choose another with --grpc-host and --grpc-port"
            ))
        })?;
        Ok(Self::Tcp(listener, address, tls))
    }

    /// What connections are encrypted with.
    pub(super) fn tls(&self) -> Option<&Tls> {
        match self {
            Self::Tcp(_, _, tls) => tls.as_ref(),
            Self::Unix(..) => None,
        }
    }

    /// The next client, and the handshake that is still to be made with it.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, _, tls) => {
                let (stream, peer) = listener.accept().await?;
                // An answer goes out at once, not when the client has acknowledged the one before.
                stream.set_nodelay(true)?;
                Ok(match tls {
                    Some(tls) => {
                        let handshake = tls.accept(stream, peer);
                        // A failed handshake is counted and logged already.
                        Accepted::Handshake(Box::pin(async move {
                            handshake
                                .await
                                .ok()
                                .map(|stream| Box::new(stream) as Box<dyn Duplex>)
                        }))
                    }
                    None => Accepted::Ready(Box::new(stream)),
                })
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted::Ready(Box::new(ValidAuthority::new(stream))))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(_, address, None) => write!(formatter, "grpc://{address}"),
            Self::Tcp(_, address, Some(_)) => write!(formatter, "grpc+tls://{address}"),
            Self::Unix(_, file) => write!(formatter, "grpc+unix:{}", file.path().display()),
        }
    }
}
