//! A plugin in another process.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

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
        let options = CallOptions::new().with_repeatable(true);
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

#[async_trait]
impl HostedPlugin for ExternalPlugin {
    fn config(&self) -> &PluginConfig {
        &self.config
    }

    async fn call(&self, call: HookCall<'_>) -> Result<HookReply, CallError> {
        let encoding = self.calls.transport.encoding();
        let name = self.config.name();
        let message = call
            .outgoing(name)
            .write(encoding, self.nesting)
            .map_err(|error| CallError::invalid_request(&error))?;
        let answer = self
            .calls
            .make(Method::InvokeHook, name, message, call.options())
            .await?;
        answer::read(encoding, name, &answer, self.nesting)
    }

    async fn check_health(&self) -> Result<bool, CallError> {
        let encoding = self.calls.transport.encoding();
        let options = CallOptions::new().with_repeatable(true);
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
    }

    async fn close(&self) {
        self.calls.closed.store(true, Ordering::Release);
        self.calls.transport.close().await;
    }
}
