//! Runs a hook through the external plugins of a gateway's file.

mod chain;
mod table;

use std::process::ExitCode;

use plugin_sdk::{
    Map, PluginContext,
    host::{GatewayConfig, HostSettings},
};

const USAGE: &str = "usage: host GATEWAY.yaml HOOK PAYLOAD\n\n\
                     example: host gateway.yaml tool_pre_invoke '{\"name\": \"search\", \"args\": {}}'";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, hook, payload] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match run(file, hook, payload).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(file: &str, hook: &str, payload: &str) -> Result<String, Box<dyn std::error::Error>> {
    let payload: Map =
        serde_json::from_str(payload).map_err(|error| format!("the payload is not an object: {error}"))?;
    let plugins = GatewayConfig::load(file)?
        .connect(&HostSettings::from_environment()?)
        .await?;
    let mut context = PluginContext::new("request-1");
    let outcome = chain::run(&plugins, hook, payload, &mut context).await;
    plugins.close().await;
    let mut rows = outcome.steps;
    rows.extend(plugins.failures().iter().map(chain::Step::of_failure));
    Ok(format!("{}\n{}", table::of(&rows), outcome.verdict))
}
