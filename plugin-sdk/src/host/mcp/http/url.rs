//! `mcp.url`: where the server is, and how it is called there.

use http::{HeaderValue, Uri, uri::Scheme};

use crate::host::{config::target::HttpTarget, connect::Address};

#[derive(Debug)]
pub(super) struct Url {
    pub(super) address: Address,
    pub(super) is_secure: bool,
    /// The name, without a port.
    pub(super) name: String,
    /// As in the URL, which is what servers on sockets check too.
    pub(super) host: HeaderValue,
    pub(super) path: Uri,
}

impl Url {
    pub(super) fn read(target: &HttpTarget) -> Result<Self, String> {
        let problem = |what: &str| format!("mcp.url: {:?} {what}", target.url);
        let url: Uri = target
            .url
            .parse()
            .map_err(|error| problem(&format!("can't be read: {error}")))?;
        let is_secure = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(problem("can't be connected to: write http:// or https://")),
        };
        if is_secure && target.uds.is_some() {
            return Err(problem(
                "has TLS, which there is none of on the Unix socket in uds: write http://",
            ));
        }
        let authority = url.authority().ok_or_else(|| problem("names no server"))?;
        let name = authority.host().trim_matches(['[', ']']).to_owned();
        let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| problem(&error.to_string()))?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let path = path
            .parse()
            .map_err(|error| problem(&format!("can't be read: {error}")))?;
        let address = match &target.uds {
            Some(socket) => Address::Socket(socket.clone()),
            None => Address::Tcp {
                host: name.clone(),
                port,
            },
        };
        Ok(Self {
            address,
            is_secure,
            name,
            host,
            path,
        })
    }
}
