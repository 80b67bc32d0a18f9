//! Where a gRPC server listens.

use std::{fmt, io, net::SocketAddr};

use tokio::net::{TcpListener, UnixListener};

use super::{authority::ValidAuthority, connection::Duplex, settings::GrpcSettings};
use crate::server::{ServeError, socket_file::SocketFile};

/// A socket that listens.
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr),
    /// The file is removed when it is dropped.
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Listens where the settings say. Must be called in a tokio runtime.
    pub(super) fn bind(settings: &GrpcSettings) -> Result<Self, ServeError> {
        if let Some(path) = &settings.uds {
            let (listener, file) = SocketFile::listen(path, settings.uds_mode)?;
            let listener = UnixListener::from_std(listener)
                .map_err(|error| ServeError::io("can't listen on the socket", path, error))?;
            return Ok(Self::Unix(listener, file));
        }
        let GrpcSettings { host, port, .. } = settings;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let bind = || -> io::Result<Self> {
            let listener = std::net::TcpListener::bind((host, *port))?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            let address = listener.local_addr()?;
            Ok(Self::Tcp(listener, address))
        };
        bind().map_err(|error| {
            ServeError::new(format!(
                "can't listen on {host} port {port}: {error}; choose another with --grpc-host and --grpc-port"
            ))
        })
    }

    /// The next client.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // An answer goes out at once, not when the client has acknowledged the one before.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Box::new(ValidAuthority::new(stream)))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(_, address) => write!(formatter, "grpc://{address}"),
            Self::Unix(_, file) => write!(formatter, "grpc+unix:{}", file.path().display()),
        }
    }
}
