//! A plugin behind a transport, in the same process.

use std::sync::Arc;

use super::plugin::TestPlugin;
use crate::{
    dispatch::Dispatcher,
    host::{ExternalPlugin, HostedPlugin},
    loopback::{Loopback, Way, host_settings},
    manifest::Manifest,
    plugin::Plugin,
};

/// The transports of this build, each with its name for messages.
pub(super) fn all() -> Vec<(&'static str, Way)> {
    vec![
        #[cfg(feature = "unix")]
        ("over a Unix socket", Way::Unix),
        #[cfg(feature = "grpc")]
        ("over gRPC", Way::Grpc(Box::default())),
        #[cfg(feature = "mcp")]
        ("over MCP with HTTP", Way::Http(Box::default())),
        #[cfg(feature = "mcp")]
        ("over MCP with standard input and output", Way::Stdio),
    ]
}

/// What runs a plugin behind a transport.
pub(super) struct Behind {
    pub(super) plugin: Arc<ExternalPlugin>,
    dispatcher: Arc<Dispatcher>,
    server: Loopback,
}

impl Behind {
    pub(super) fn start<P: Plugin>(way: Way, plugin: P) -> Result<Self, String> {
        let manifest: Manifest = P::manifest();
        let dispatcher = Arc::new(Dispatcher::of_plugin(plugin));
        let settings = host_settings(dispatcher.limits());
        let (server, transport) = Loopback::start(way, &manifest.name, &dispatcher, &settings)?;
        let plugin = Arc::new(ExternalPlugin::of_transport(&manifest, transport, &settings));
        Ok(Self {
            plugin,
            dispatcher,
            server,
        })
    }

    pub(super) fn test_plugin(&self, way: &'static str) -> TestPlugin {
        TestPlugin::of_hosted(way, Arc::clone(&self.plugin) as _)
    }

    /// Ends it as a server ends: the connection, the calls, the plugin.
    pub(super) async fn stop(self) -> Result<(), String> {
        self.plugin.close().await;
        self.server.stop().await?;
        self.dispatcher.shutdown().await;
        Ok(())
    }
}
