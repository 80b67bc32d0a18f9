//! Where a server listens: on TCP, with or without TLS, or on a Unix socket.

use std::{fmt, io, net::SocketAddr, path::PathBuf, time::Duration};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::{
    ServeError,
    incoming::{Accepted, Listen},
    socket_file::SocketFile,
    tls::{DEFAULT_RELOAD_INTERVAL, Heard, Tls, TlsSettings},
};
use crate::{
    plugin::BoxFuture,
    socket,
    stream::{Duplex, watched::Watched},
};

/// Where the server listens.
#[derive(Clone, Debug)]
pub(crate) struct ListenSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// A Unix socket instead of host and port.
    pub(crate) uds: Option<PathBuf>,
    /// The mode of the socket file.
    pub(crate) uds_mode: u32,
    pub(crate) tls: Option<TlsSettings>,
    /// How often the files of the certificates are looked at.
    pub(crate) reload_interval: Duration,
    /// How long a new connection may take until it speaks the protocol, TLS included.
    pub(crate) handshake_timeout: Duration,
}

impl ListenSettings {
    /// The defaults of a server with this port.
    pub(crate) fn of_port(port: u16) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            uds: None,
            uds_mode: socket::DEFAULT_MODE,
            tls: None,
            reload_interval: DEFAULT_RELOAD_INTERVAL,
            handshake_timeout: Duration::from_secs(10),
        }
    }

    /// A socket at this path, with the other defaults.
    pub(crate) fn of_socket(path: PathBuf) -> Self {
        Self {
            uds: Some(path),
            ..Self::of_port(0)
        }
    }

    /// Whether the settings go together.
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        match &self.uds {
            Some(uds) if self.tls.is_some() => Err(ServeError::new(format!(
                "TLS and the Unix socket {} exclude each other, as no host uses TLS there: leave out either uds or tls",
                uds.display()
            ))),
            _ => Ok(()),
        }
    }

    /// The host without the brackets that an IPv6 address may stand in.
    pub(crate) fn bare_host(&self) -> &str {
        let host = self.host.as_str();
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
    }
}

/// What the listeners of one protocol have of their own.
pub(crate) struct Protocol {
    /// The beginning of addresses in the log.
    pub(crate) scheme: &'static str,
    /// What TLS agrees on.
    pub(crate) alpn: &'static [&'static str],
    /// The settings of host and port, for errors.
    pub(crate) address_settings: &'static str,
    /// The setting of the socket's path, for errors.
    pub(crate) uds_setting: &'static str,
    /// What stands between an accepted Unix stream and the server.
    pub(crate) over_unix: fn(UnixStream) -> Box<dyn Duplex>,
}

/// A socket that listens.
pub(crate) struct Listener {
    protocol: &'static Protocol,
    socket: ListeningSocket,
    reload_interval: Duration,
}

enum ListeningSocket {
    Tcp(TcpListener, SocketAddr, Option<Tls>),
    /// The file is removed when it is dropped.
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Listens where the settings say. Must be called in a tokio runtime.
    pub(crate) fn bind(settings: &ListenSettings, protocol: &'static Protocol) -> Result<Self, ServeError> {
        settings.check()?;
        let socket = match &settings.uds {
            Some(path) => {
                let (listener, file) = SocketFile::listen(path, settings.uds_mode, protocol.uds_setting)?;
                let listener = UnixListener::from_std(listener)
                    .map_err(|error| ServeError::io("can't listen on the socket", path, error))?;
                ListeningSocket::Unix(listener, file)
            }
            None => Self::bind_tcp(settings, protocol)?,
        };
        Ok(Self {
            protocol,
            socket,
            reload_interval: settings.reload_interval,
        })
    }

    fn bind_tcp(settings: &ListenSettings, protocol: &Protocol) -> Result<ListeningSocket, ServeError> {
        let tls = settings.tls.clone();
        let tls = tls.map(|tls| Tls::load(tls, protocol.alpn)).transpose()?;
        let tls = tls.map(|tls| tls.with_handshake_timeout(settings.handshake_timeout));
        let (host, port) = (settings.bare_host(), settings.port);
        let bind = || {
            let listener = std::net::TcpListener::bind((host, port))?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = bind().map_err(|error: io::Error| {
            ServeError::new(format!(
                "can't listen on {host} port {port}: {error}; choose another with {}",
                protocol.address_settings
            ))
        })?;
        Ok(ListeningSocket::Tcp(listener, address, tls))
    }

    /// What connections are encrypted with.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        match &self.socket {
            ListeningSocket::Tcp(_, _, tls) => tls.as_ref(),
            ListeningSocket::Unix(..) => None,
        }
    }

    /// The address, on TCP.
    #[cfg(feature = "mcp")]
    pub(crate) fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.socket {
            ListeningSocket::Tcp(_, address, _) => Some(*address),
            ListeningSocket::Unix(..) => None,
        }
    }
}

impl Listen for Listener {
    type Stream = Box<dyn Duplex>;

    const HAVE_WAIT: bool = true;

    /// Reads the certificates again when they change.
    fn watch(&self) -> Option<BoxFuture<'static, ()>> {
        let (tls, interval) = (self.tls().cloned()?, self.reload_interval);
        Some(Box::pin(async move {
            tls.watch(interval, std::future::pending()).await;
        }))
    }

    async fn accept(&self) -> io::Result<Accepted<Self::Stream>> {
        match &self.socket {
            ListeningSocket::Tcp(listener, _, tls) => {
                let (stream, peer) = listener.accept().await?;
                // An answer goes out at once, not when the client has acknowledged the one before.
                stream.set_nodelay(true)?;
                Ok(match tls {
                    Some(tls) => {
                        let handshake = tls.accept(stream, peer);
                        // A failed handshake is counted and logged already.
                        Accepted::Handshake(Box::pin(async move {
                            let stream = Watched::new(handshake.await.ok()?, Heard::new(peer));
                            Some(Box::new(stream) as Box<dyn Duplex>)
                        }))
                    }
                    None => Accepted::Ready(Box::new(stream)),
                })
            }
            ListeningSocket::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted::Ready((self.protocol.over_unix)(stream)))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.protocol.scheme;
        match &self.socket {
            ListeningSocket::Tcp(_, address, None) => write!(formatter, "{scheme}://{address}"),
            ListeningSocket::Tcp(_, address, Some(_)) => write!(formatter, "{scheme}+tls://{address}"),
            ListeningSocket::Unix(_, file) => write!(formatter, "{scheme}+unix:{}", file.path().display()),
        }
    }
}
