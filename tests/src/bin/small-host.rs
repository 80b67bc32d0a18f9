//! A host as its author begins: it calls what its environment says, and `main` returns the errors of the SDK.

use std::error::Error;

use plugin_sdk::{
    Map, PluginContext,
    host::{GatewayConfig, HostSettings, Invoke},
};

#[expect(clippy::print_stdout, reason = "it is what the tests read")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = HostSettings::from_environment()?;
    let plugins = GatewayConfig::from_environment()?.connect(&settings).await?;
    let payload = Map::from([("name", std::env::args().nth(1).unwrap_or_default())]);
    for plugin in plugins.of_hook("tool_pre_invoke") {
        let mut context = PluginContext::new("request");
        let result = plugin
            .invoke_by_name("tool_pre_invoke", &payload, &mut context)
            .await?;
        println!("{}: {}", plugin.config().name(), result.continue_processing);
    }
    plugins.close().await;
    Ok(())
}
