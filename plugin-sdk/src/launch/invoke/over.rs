//! A call over a transport, with the server at its other end in the same process. It is made as the host half makes it.

use std::{path::PathBuf, sync::Arc};

use super::{Call, directory::PrivateDirectory};
#[cfg(any(feature = "unix", feature = "mcp"))]
use crate::host::config::target::Reconnect;
#[cfg(feature = "unix")]
use crate::host::config::target::UnixTarget;
#[cfg(feature = "grpc")]
use crate::host::config::target::{GrpcEndpoint, GrpcTarget};
#[cfg(feature = "mcp")]
use crate::host::config::{address::Allowed, target::HttpTarget};
#[cfg(feature = "grpc")]
use crate::launch::serve::listen_grpc;
#[cfg(feature = "mcp")]
use crate::launch::serve::listen_http;
#[cfg(feature = "unix")]
use crate::launch::serve::listen_unix;
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::listener::ListenSettings;
use crate::{
    codec::{CodecError, Document, message::Message, nesting::Levels},
    context::PluginContext,
    dispatch::Dispatcher,
    host::{
        HookCall, HostSettings, ReportedError,
        config::target::Target,
        encoding::protobuf,
        open::open,
        reply::HookReply,
        transport::{self, Encoding, Method, Request},
    },
    launch::{cli::Transport, settings::Settings, transports::served},
    plugin::BoxFuture,
    value::{Map, Value},
};

/// Makes the call and gives its answer in the form that MCP has.
pub(super) async fn over(
    transport: Transport,
    dispatcher: &Arc<Dispatcher>,
    settings: &Settings,
    call: &Call<'_>,
) -> Result<String, String> {
    let limits = dispatcher.limits();
    let host = HostSettings {
        max_message_size: limits.max_message_size,
        max_nesting: limits.max_nesting,
        ..HostSettings::default()
    };
    #[cfg(feature = "mcp")]
    if transport == Transport::Stdio {
        return over_pipes(dispatcher, &host, call).await;
    }
    let directory = PrivateDirectory::new().map_err(|error| format!("no temporary directory: {error}"))?;
    let path = directory.file("plugin.sock");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let (target, server): (_, BoxFuture<'static, Result<(), String>>) = match transport {
        #[cfg(feature = "unix")]
        Transport::Unix => (
            unix(path.clone()),
            Box::pin(listen_unix(dispatcher, &path, 0o600, stopped)?),
        ),
        #[cfg(feature = "grpc")]
        Transport::Grpc => {
            let mut settings = settings.grpc.clone();
            settings.listen = ListenSettings::of_socket(path.clone());
            (grpc(path), Box::pin(listen_grpc(dispatcher, &settings, stopped)?))
        }
        #[cfg(feature = "mcp")]
        Transport::Http => {
            let mut settings = settings.http.clone();
            settings.listen = ListenSettings::of_socket(path.clone());
            (http(path), Box::pin(listen_http(dispatcher, &settings, stopped)?))
        }
        _ => {
            let _ = (settings, path, stopped);
            return served(transport).map(|()| String::new());
        }
    };
    let server = tokio::spawn(server);
    let host_side = open(call.plugin_name, &target, &host).map_err(|error| error.to_string())?;
    let answer = call.through(&*host_side, &host).await;
    host_side.close().await;
    drop(stop);
    server
        .await
        .map_err(|error| format!("the server ended unexpectedly: {error}"))??;
    answer
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

/// Standard input and output belong to whoever reads the answer, so there are two pipes in their place.
#[cfg(feature = "mcp")]
async fn over_pipes(
    dispatcher: &Arc<Dispatcher>,
    settings: &HostSettings,
    call: &Call<'_>,
) -> Result<String, String> {
    use tokio::net::unix::pipe;

    use crate::{
        host::{mcp::PipesTransport, transport::Transport as _},
        transport::mcp::serve_pipes,
    };

    let no_pipe = |error: std::io::Error| format!("no pipe: {error}");
    let (to_server, input) = pipe::pipe().map_err(no_pipe)?;
    let (output, from_server) = pipe::pipe().map_err(no_pipe)?;
    let server = tokio::spawn(serve_pipes((input, output), Arc::clone(dispatcher)));
    let transport = PipesTransport::new((from_server, to_server), settings);
    let answer = call.through(&transport, settings).await;
    transport.close().await;
    let server = server
        .await
        .map_err(|error| format!("the server ended unexpectedly: {error}"))?;
    server.map_err(|error| error.to_string())?;
    answer
}

impl Call<'_> {
    async fn through(
        &self,
        transport: &dyn transport::Transport,
        settings: &HostSettings,
    ) -> Result<String, String> {
        let levels = settings.levels();
        let encoding = transport.encoding();
        let request = self.encode(encoding, levels).map_err(|error| error.to_string())?;
        let request = Request::new(Method::InvokeHook, self.plugin_name, request);
        let answer = transport.exchange(&request).await;
        let answer = answer.map_err(|failure| format!("the call failed: {failure}"))?;
        match encoding {
            Encoding::Json => String::from_utf8(answer.into()).map_err(|error| error.to_string()),
            Encoding::Protobuf => in_json(&answer, levels),
        }
    }

    fn encode(&self, encoding: Encoding, levels: Levels) -> Result<bytes::Bytes, CodecError> {
        let payload: Map = Document::of_json(self.payload.as_bytes(), levels).decode()?;
        let context = PluginContext::of_json(self.context.as_bytes(), levels)?;
        encoding.invoke_hook(
            self.plugin_name,
            &HookCall::new(self.hook_type, &payload, &context),
            levels,
        )
    }
}

/// An `InvokeHookResponse` in the form that MCP has (`protocol.md`, section 4.2).
fn in_json(response: &bytes::Bytes, levels: Levels) -> Result<String, String> {
    let (plugin_name, answer) = protobuf::answer(response, levels)
        .map_err(|error| format!("the answer is not an InvokeHookResponse: {error}"))?;
    let mut json = Map::from([("plugin_name", plugin_name)]);
    match answer {
        Ok(reply) => {
            result(&mut json, &reply, levels)
                .map_err(|error| format!("the answer can't be read: {error}"))?;
        }
        Err(reported) => drop(json.insert("error".into(), error(reported).into())),
    }
    Ok(Value::Object(json).to_string())
}

/// Adds the result and the context.
fn result(json: &mut Map, reply: &HookReply, levels: Levels) -> Result<(), CodecError> {
    let mut result: Map = Document::of_struct(Message::new(&reply.result), levels).decode()?;
    if let Some(metadata) = &reply.denial_metadata {
        result.insert("denial_metadata".into(), Value::from_serialize(metadata)?);
    }
    json.insert("result".into(), result.into());
    if let Some(context) = &reply.context {
        json.insert("context".into(), Value::from_serialize(&**context)?);
    }
    Ok(())
}

fn error(error: ReportedError) -> Map {
    Map::from([
        ("message", Value::from(error.message)),
        ("plugin_name", error.plugin_name.into()),
        ("code", error.code.into()),
        ("details", error.details.into()),
        ("mcp_error_code", error.mcp_error_code.into()),
    ])
}
