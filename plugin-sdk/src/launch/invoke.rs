//! `invoke`: one call of one hook, in process or over a transport, without any host.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::sync::Arc;

use super::cli::{InvokeArguments, Transport};
use super::configuration::Configuration;
use super::runtime::runtime;
#[cfg(feature = "grpc")]
use super::serve::listen_grpc;
#[cfg(feature = "unix")]
use super::serve::listen_unix;
use super::serve::start;
use super::settings::Settings;
use super::transports::served;
use crate::dispatch::Dispatcher;
use crate::nearest::unknown;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
use crate::plugin::BoxFuture;
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::listener::ListenSettings;
use crate::transport::JsonCall;
#[cfg(feature = "grpc")]
use crate::transport::grpc;
#[cfg(feature = "unix")]
use crate::transport::unix;
use crate::value::Value;

/// A context as a host sends it for the first plugin of a request.
const EMPTY_CONTEXT: &str = r#"{"state":{},"global_context":{"request_id":"invoke"},"metadata":{}}"#;

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
    arguments: &InvokeArguments,
) -> Result<Answer, String> {
    if let Some(transport) = arguments.transport {
        served(transport)?;
    }
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
    let runtime = runtime(&configuration.settings.limits)?;
    let answer = runtime.block_on(async {
        let dispatcher = Arc::new(start(&configuration).await?);
        let call = JsonCall {
            hook_type: &arguments.hook,
            plugin_name: &name,
            payload: &payload,
            context: &context,
            limits: dispatcher.limits(),
        };
        let answer = match arguments.transport {
            None => Ok(dispatcher
                .invoke_json(
                    call.hook_type,
                    &name,
                    payload.clone().into(),
                    context.clone().into(),
                )
                .await),
            Some(transport) => over(transport, &dispatcher, &configuration.settings, &call).await,
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

/// Without a transport in the build there is none to make a call over.
#[cfg(not(any(feature = "unix", feature = "grpc", feature = "mcp")))]
async fn over(
    transport: Transport,
    _: &Arc<Dispatcher>,
    _: &Settings,
    _: &JsonCall<'_>,
) -> Result<String, String> {
    served(transport).map(|()| String::new())
}

/// Makes the call over a socket of a transport, with the server on the other side of it.
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
async fn over(
    transport: Transport,
    dispatcher: &Arc<Dispatcher>,
    settings: &Settings,
    call: &JsonCall<'_>,
) -> Result<String, String> {
    #[cfg(feature = "mcp")]
    if transport == Transport::Stdio {
        return crate::transport::mcp::client::invoke_over_pipes(dispatcher, call).await;
    }
    let directory = PrivateDirectory::new().map_err(|error| format!("no temporary directory: {error}"))?;
    let path = directory.0.join("plugin.sock");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let (server, answer): (_, BoxFuture<'_, _>) = match transport {
        #[cfg(feature = "unix")]
        Transport::Unix => (
            listen_unix(dispatcher, &path, 0o600, stopped)?,
            Box::pin(unix::client::invoke(&path, call)),
        ),
        #[cfg(feature = "grpc")]
        Transport::Grpc => {
            let mut settings = settings.grpc.clone();
            settings.listen = ListenSettings::of_socket(path.clone());
            (
                listen_grpc(dispatcher, &settings, stopped)?,
                Box::pin(grpc::client::invoke(&path, call)),
            )
        }
        #[cfg(feature = "mcp")]
        Transport::Http => {
            let mut settings = settings.http.clone();
            settings.listen = ListenSettings::of_socket(path.clone());
            (
                super::serve::listen_http(dispatcher, &settings, stopped)?,
                Box::pin(crate::transport::mcp::client::invoke(&path, call)),
            )
        }
        _ => {
            let _ = settings;
            return served(transport).map(|()| String::new());
        }
    };
    let server = tokio::spawn(server);
    let answer = answer.await;
    drop(stop);
    server
        .await
        .map_err(|error| format!("the server ended unexpectedly: {error}"))??;
    answer
}

/// A directory that only this user can enter, removed in the end.
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
struct PrivateDirectory(std::path::PathBuf);

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
impl PrivateDirectory {
    fn new() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        use std::time::SystemTime;

        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let name = format!("plugin-invoke-{}-{}", std::process::id(), now.subsec_nanos());
        let path = std::env::temp_dir().join(name);
        // It fails if the directory exists already, so nobody can prepare it.
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        // What cannot be removed is empty, private and in the directory for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
