//! A plugin in another process.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    answer,
    call::{CallOptions, HookCall},
    calls::Calls,
    config::{ExternalPluginConfig, PluginConfig},
    error::{CallError, HostError},
    hosted::HostedPlugin,
    open::open,
    reply::HookReply,
    settings::HostSettings,
    transport::Method,
};
use crate::{
    codec::nesting::Nesting,
    plugin::BoxFuture,
    protocol::{health, plugin_config},
};

/// A plugin in another process, called over the transport that its entry in the gateway's file names.
///
/// It connects when it needs to, and again when a connection is lost. Any number of calls may be made at the same time.
pub struct ExternalPlugin {
    config: PluginConfig,
    calls: Calls,
    nesting: Nesting,
}

impl ExternalPlugin {
    /// Connects to the plugin's server, fetches what it reports about the plugin, and merges that with the entry.
    ///
    /// # Errors
    ///
    /// When the server can't be reached in as many attempts as the entry has, does not know the plugin, or reports a
    /// configuration that does not go with the entry.
    pub async fn connect(entry: ExternalPluginConfig, settings: &HostSettings) -> Result<Self, HostError> {
        let plugin = entry.local().name().to_owned();
        let calls = Calls {
            transport: open(&plugin, entry.target(), settings)?,
            reconnect: entry.target().reconnect(),
            timeout: entry.target().timeout().unwrap_or(settings.call_timeout),
            settings: settings.clone(),
            closed: AtomicBool::new(false),
        };
        let nesting = settings.nesting();
        let encoding = calls.transport.encoding();
        // Fetching a configuration does no harm, however often the server sees it.
        let options = CallOptions::new().repeatable();
        let answer = calls
            .make(
                Method::GetPluginConfig,
                &plugin,
                plugin_config::write_request(encoding, &plugin),
                options,
            )
            .await;
        let remote = answer
            .and_then(|answer| {
                plugin_config::read_response(encoding, &answer, nesting).map_err(CallError::invalid_answer)
            })
            .map_err(|error| HostError::Connect {
                plugin: plugin.clone(),
                error,
            });
        let config = match remote {
            Ok(Some(remote)) => entry.merged_with(&remote),
            Ok(None) => Err(HostError::NotFound { plugin }),
            Err(error) => Err(error),
        };
        match config {
            Ok(config) => Ok(Self {
                config,
                calls,
                nesting,
            }),
            Err(error) => {
                calls.transport.close().await;
                Err(error)
            }
        }
    }

    /// A plugin behind a transport that is there already, without asking the server about it.
    #[cfg(feature = "testing")]
    pub(crate) fn of_transport(
        manifest: &crate::manifest::Manifest,
        transport: Box<dyn super::transport::Transport>,
        settings: &HostSettings,
    ) -> Self {
        Self {
            config: PluginConfig::of_manifest(manifest),
            calls: Calls {
                transport,
                reconnect: super::config::target::Reconnect::default(),
                timeout: settings.call_timeout,
                settings: settings.clone(),
                closed: AtomicBool::new(false),
            },
            nesting: settings.nesting(),
        }
    }
}

impl HostedPlugin for ExternalPlugin {
    fn config(&self) -> &PluginConfig {
        &self.config
    }

    fn call<'a>(&'a self, call: HookCall<'a>) -> BoxFuture<'a, Result<HookReply, CallError>> {
        let encoding = self.calls.transport.encoding();
        let message = call.outgoing(self.config.name()).write(encoding, self.nesting);
        let options = call.options();
        Box::pin(async move {
            let message = message.map_err(|error| CallError::invalid_request(&error))?;
            let name = self.config.name();
            let answer = self
                .calls
                .make(Method::InvokeHook, name, message, options)
                .await?;
            answer::read(encoding, name, &answer, self.nesting)
        })
    }

    fn check_health(&self) -> BoxFuture<'_, Result<bool, CallError>> {
        Box::pin(async {
            let encoding = self.calls.transport.encoding();
            let options = CallOptions::new().repeatable();
            let answer = self
                .calls
                .make(
                    Method::Health,
                    self.config.name(),
                    health::request(encoding),
                    options,
                )
                .await?;
            health::read(encoding, &answer).map_err(CallError::invalid_answer)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.calls.closed.store(true, Ordering::Release);
            self.calls.transport.close().await;
        })
    }
}
