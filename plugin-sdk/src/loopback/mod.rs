//! A server in this process and the host's side of it, over a real transport: what `invoke --transport` and the test kit call
//! plugins through.

mod directory;

use std::{path::PathBuf, sync::Arc};

use tokio::{sync::oneshot, task::JoinHandle};

use self::directory::PrivateDirectory;
#[cfg(any(feature = "unix", feature = "mcp"))]
use crate::host::config::target::Reconnect;
#[cfg(feature = "unix")]
use crate::host::config::target::UnixTarget;
#[cfg(feature = "grpc")]
use crate::host::config::target::{GrpcEndpoint, GrpcTarget};
#[cfg(feature = "mcp")]
use crate::host::config::{address::Allowed, target::HttpTarget};
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::listener::ListenSettings;
#[cfg(feature = "grpc")]
use crate::transport::grpc::GrpcSettings;
#[cfg(feature = "mcp")]
use crate::transport::mcp::McpSettings;
use crate::{
    dispatch::Dispatcher,
    host::{HostSettings, config::target::Target, open::open, transport::Transport},
    limits::Limits,
    transport::listen::{self, Serving},
};

/// A transport, and how its server is set up. The address is not of interest: sockets are in a directory of their own.
pub(crate) enum Way {
    #[cfg(feature = "unix")]
    Unix,
    #[cfg(feature = "grpc")]
    Grpc(Box<GrpcSettings>),
    #[cfg(feature = "mcp")]
    Http(Box<McpSettings>),
    #[cfg(feature = "mcp")]
    Stdio,
}

/// A server in this process. It stops when it is dropped, and is waited for with [`stop`](Self::stop).
pub(crate) struct Loopback {
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    _directory: Option<PrivateDirectory>,
}

/// The settings of a host that takes what a server with these limits takes.
pub(crate) fn host_settings(limits: &Limits) -> HostSettings {
    HostSettings {
        max_message_size: limits.max_message_size,
        max_nesting: limits.max_nesting,
        max_json_nesting: limits.max_json_nesting,
        ..HostSettings::default()
    }
}

impl Loopback {
    /// Starts a server, and makes the host's side of it. Nothing is connected yet.
    #[cfg_attr(
        not(any(feature = "grpc", feature = "mcp")),
        allow(
            clippy::needless_pass_by_value,
            reason = "a Unix socket alone has no settings"
        )
    )]
    pub(crate) fn start(
        way: Way,
        plugin_name: &str,
        dispatcher: &Arc<Dispatcher>,
        host: &HostSettings,
    ) -> Result<(Self, Box<dyn Transport>), String> {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { stopped.await.unwrap_or_default() };
        #[cfg(feature = "mcp")]
        if matches!(way, Way::Stdio) {
            return Self::over_pipes(dispatcher, host, stop);
        }
        let directory =
            PrivateDirectory::new().map_err(|error| format!("no temporary directory: {error}"))?;
        let path = directory.file("plugin.sock");
        let (target, serving): (Target, Serving) = match way {
            #[cfg(feature = "unix")]
            Way::Unix => (
                unix(path.clone()),
                listen::unix(dispatcher, &path, 0o600, stopped)?,
            ),
            #[cfg(feature = "grpc")]
            Way::Grpc(mut settings) => {
                settings.listen = ListenSettings::of_socket(path.clone());
                (grpc(path), listen::grpc(dispatcher, &settings, stopped)?)
            }
            #[cfg(feature = "mcp")]
            Way::Http(mut settings) => {
                settings.listen = ListenSettings::of_socket(path.clone());
                (http(path), listen::http(dispatcher, &settings, stopped)?)
            }
            #[cfg(feature = "mcp")]
            Way::Stdio => return Err("standard input and output have no socket".to_owned()),
        };
        let server = tokio::spawn(serving);
        let transport = open(plugin_name, &target, host).map_err(|error| error.to_string())?;
        Ok((
            Self {
                stop,
                server,
                _directory: Some(directory),
            },
            transport,
        ))
    }

    /// Standard input and output belong to the process, so there are two pipes in their place.
    #[cfg(feature = "mcp")]
    fn over_pipes(
        dispatcher: &Arc<Dispatcher>,
        host: &HostSettings,
        stop: oneshot::Sender<()>,
    ) -> Result<(Self, Box<dyn Transport>), String> {
        use tokio::net::unix::pipe;

        use crate::{host::mcp::PipesTransport, transport::mcp::serve_pipes};

        let no_pipe = |error: std::io::Error| format!("no pipe: {error}");
        let (to_server, input) = pipe::pipe().map_err(no_pipe)?;
        let (output, from_server) = pipe::pipe().map_err(no_pipe)?;
        let serving = serve_pipes((input, output), Arc::clone(dispatcher));
        let server = tokio::spawn(async move { serving.await.map_err(|error| error.to_string()) });
        let loopback = Self {
            stop,
            server,
            _directory: None,
        };
        Ok((
            loopback,
            Box::new(PipesTransport::new((from_server, to_server), host)),
        ))
    }

    /// Stops the server. The host's side must be closed.
    pub(crate) async fn stop(self) -> Result<(), String> {
        drop(self.stop);
        self.server
            .await
            .map_err(|error| format!("the server ended unexpectedly: {error}"))?
    }
}

#[cfg(feature = "unix")]
fn unix(path: PathBuf) -> Target {
    Target::Unix(UnixTarget {
        path,
        reconnect: Reconnect::default(),
        timeout: None,
    })
}

#[cfg(feature = "grpc")]
fn grpc(path: PathBuf) -> Target {
    Target::Grpc(GrpcTarget {
        endpoint: GrpcEndpoint::Socket(path),
        tls: None,
    })
}

#[cfg(feature = "mcp")]
fn http(path: PathBuf) -> Target {
    Target::Http(HttpTarget {
        url: "http://localhost/mcp".to_owned(),
        uds: Some(path),
        tls: None,
        reconnect: Reconnect::default(),
        addresses: Allowed::All,
    })
}
