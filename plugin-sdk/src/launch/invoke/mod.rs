//! `invoke`: one call of one hook, in process or over a transport, without any host.

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
mod over;

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    sync::Arc,
};

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
use self::over::over;
use super::{
    cli::InvokeArguments,
    configuration::Configuration,
    runtime::runtime,
    serve::start,
    settings::Transport,
    transports::{self, served},
};
use crate::{nearest::unknown, protocol::request::InvokeHookRequest, value::Value};

/// A context as a host sends it for the first plugin of a request.
const EMPTY_CONTEXT: &str = r#"{"state":{},"global_context":{"request_id":"invoke"},"metadata":{}}"#;

/// The call of one hook, with payload and context in JSON.
struct Call<'a> {
    hook_type: &'a str,
    plugin_name: &'a str,
    payload: &'a str,
    context: &'a str,
}

/// The answer of a call.
pub(crate) struct Answer {
    /// The answer as indented JSON.
    pub(crate) text: String,
    /// Whether it is a result; a denial is one.
    pub(crate) is_result: bool,
}

/// Calls the hook.
pub(crate) fn invoke(
    mut configuration: Configuration,
    transports: &[Transport],
    arguments: &InvokeArguments,
) -> Result<Answer, String> {
    let transport = transports::only(transports)?;
    transport.map(served).transpose()?;
    if arguments.payload == "-" && arguments.context.as_deref() == Some("-") {
        return Err("--payload and --context cannot both be read from stdin".to_owned());
    }
    let payload = json_object("--payload", &arguments.payload)?;
    let context = match &arguments.context {
        Some(source) => json_object("--context", source)?,
        None => EMPTY_CONTEXT.to_owned(),
    };
    let name = choose(&configuration, &arguments.hook, arguments.plugin.as_deref())?;
    // The others may need things that are not there, and would not be called anyway.
    configuration.instances.retain(|instance| instance.name == name);
    configuration.fail_on_plugin_error = true;
    let runtime = runtime(&configuration)?;
    let answer = runtime.block_on(async {
        let dispatcher = Arc::new(start(&configuration).await?);
        let call = Call {
            hook_type: &arguments.hook,
            plugin_name: &name,
            payload: &payload,
            context: &context,
        };
        let answer = match transport {
            None => {
                let (payload, context) = (payload.clone().into(), context.clone().into());
                let request =
                    InvokeHookRequest::of_json(call.hook_type.into(), name.as_str().into(), payload, context);
                String::from_utf8(dispatcher.respond(request).await).map_err(|error| error.to_string())
            }
            #[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
            Some(transport) => over(transport, &dispatcher, &configuration.settings, &call).await,
            #[cfg(not(any(feature = "unix", feature = "grpc", feature = "mcp")))]
            Some(transport) => served(transport).map(|()| String::new()),
        };
        dispatcher.shutdown().await;
        answer
    });
    runtime.shutdown_background();
    pretty(&answer?)
}

/// The instance to call: the named one, else the only one that has the hook.
fn choose(configuration: &Configuration, hook: &str, plugin: Option<&str>) -> Result<String, String> {
    let instances = &configuration.instances;
    let names = || {
        instances
            .iter()
            .map(|instance| instance.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(plugin) = plugin {
        let exact = instances.iter().find(|instance| instance.name == plugin);
        let found = exact.or_else(|| {
            instances
                .iter()
                .find(|instance| instance.name.eq_ignore_ascii_case(plugin))
        });
        return found.map(|instance| instance.name.clone()).ok_or_else(|| {
            format!(
                "--plugin: there is no plugin \"{plugin}\" (configured: {})",
                names()
            )
        });
    }
    let hooks: Vec<_> = instances
        .iter()
        .map(|instance| (instance, configuration.hooks_of(instance)))
        .collect();
    let having: Vec<_> = hooks
        .iter()
        .filter(|(_, hooks)| hooks.iter().any(|known| known == hook))
        .collect();
    match having.as_slice() {
        [(only, _)] => Ok(only.name.clone()),
        [] if instances.is_empty() => Err("no plugin is configured".to_owned()),
        [] => {
            let known: BTreeSet<_> = hooks
                .iter()
                .flat_map(|(_, hooks)| hooks.iter().map(String::as_str))
                .collect();
            Err(unknown("hook", hook, known.iter().copied()))
        }
        several => {
            let names = several
                .iter()
                .map(|(instance, _)| instance.name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            Err(format!(
                "several plugins have the hook {hook}; choose one with --plugin (they are: {names})"
            ))
        }
    }
}

/// Reads an argument of the form `JSON`, `@FILE` or `-`, and makes sure that it is an object.
fn json_object(flag: &str, source: &str) -> Result<String, String> {
    let text = if source == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| format!("{flag}: stdin cannot be read: {error}"))?;
        text
    } else if let Some(file) = source.strip_prefix('@') {
        fs::read_to_string(file).map_err(|error| format!("{flag}: {file} cannot be read: {error}"))?
    } else {
        source.to_owned()
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(text),
        Ok(_) => Err(format!(
            "{flag}: a JSON object is needed, such as '{{\"name\": \"search\", \"args\": {{}}}}'"
        )),
        Err(error) => Err(format!(
            "{flag}: this is not JSON: {error}; write it as JSON, @FILE, or - for stdin"
        )),
    }
}

fn pretty(answer: &str) -> Result<Answer, String> {
    let value: Value =
        serde_json::from_str(answer).map_err(|error| format!("the answer is not JSON: {error}"))?;
    let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())? + "\n";
    Ok(Answer {
        text,
        is_result: value.get("error").is_none_or(Value::is_null),
    })
}
