//! Connecting to a server, over TCP or a Unix socket, with TLS or without.

mod tls;
mod verify;

use std::{fmt, io, net::SocketAddr, path::PathBuf, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use super::{
    config::address::{self, Allowed},
    transport::Failure,
};
use crate::stream::Duplex;
pub(super) use tls::{Authorities, Tls, is_refusal};

/// A connection on which nothing happens is asked after this long whether the other side is still there, and given up when
/// there was no answer to this number of questions. The kernel does that.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);

/// Where a server is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Address {
    Tcp { host: String, port: u16 },
    Socket(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(formatter, "{host}:{port}"),
            Self::Socket(path) => write!(formatter, "{}", path.display()),
        }
    }
}

/// Makes connections to one server.
pub(super) struct Connector {
    pub(super) address: Address,
    pub(super) tls: Option<Tls>,
    /// For all of it: name, TCP, TLS.
    pub(super) timeout: Duration,
    pub(super) allowed: Allowed,
}

impl Connector {
    pub(super) async fn connect(&self) -> Result<Box<dyn Duplex>, Failure> {
        match tokio::time::timeout(self.timeout, self.open()).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(message)) => Err(self.failure(message)),
            Err(_) => Err(self.failure(format_args!(
                "no connection within {} s",
                self.timeout.as_secs_f64()
            ))),
        }
    }

    /// A failure that says where.
    pub(super) fn failure(&self, message: impl fmt::Display) -> Failure {
        Failure::Connection(format!("{}: {message}", self.address))
    }

    async fn open(&self) -> Result<Box<dyn Duplex>, String> {
        match &self.address {
            Address::Socket(path) => {
                let stream = UnixStream::connect(path).await;
                self.secure(stream.map_err(|error| error.to_string())?).await
            }
            Address::Tcp { host, port } => self.secure(self.open_tcp(host, *port).await?).await,
        }
    }

    /// Tries the addresses of a name one after the other; each has its share of the time.
    async fn open_tcp(&self, host: &str, port: u16) -> Result<TcpStream, String> {
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| format!("the name can't be resolved: {error}"))?
            .collect();
        if let Some(refused) = addresses.iter().find(|found| self.allowed.refuses(found.ip())) {
            return Err(address::refusal(host, refused.ip()));
        }
        let share = self.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut problem = "the name has no address".to_owned();
        for address in addresses {
            problem = match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => match tune(&stream) {
                    Ok(()) => return Ok(stream),
                    Err(error) => error.to_string(),
                },
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no connection to {address} within {} s", share.as_secs_f64()),
            };
        }
        Err(problem)
    }

    async fn secure(&self, stream: impl Duplex + 'static) -> Result<Box<dyn Duplex>, String> {
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => Ok(Box::new(tls.connect(stream).await?)),
        }
    }
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    // A call is one message each way: waiting for more would only make it late.
    stream.set_nodelay(true)?;
    let (time, interval, retries) = KEEPALIVE;
    let keepalive = TcpKeepalive::new()
        .with_time(time)
        .with_interval(interval)
        .with_retries(retries);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
