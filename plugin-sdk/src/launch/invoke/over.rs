//! A call over a transport, with the server at its other end in the same process. It is made as the host half makes it.

use std::sync::Arc;

use super::Call;
use crate::{
    codec::{
        CodecError, Document,
        message::Message,
        nesting::{Levels, Nesting},
    },
    context::PluginContext,
    dispatch::Dispatcher,
    host::{
        HookCall, HostSettings, ReportedError,
        encoding::protobuf,
        reply::HookReply,
        transport::{self, Encoding, Method, Request},
    },
    launch::{cli::Transport, settings::Settings, transports::served},
    loopback::{Loopback, Way, host_settings},
    value::{Map, Value},
};

/// Makes the call and gives its answer in the form that MCP has.
pub(super) async fn over(
    transport: Transport,
    dispatcher: &Arc<Dispatcher>,
    settings: &Settings,
    call: &Call<'_>,
) -> Result<String, String> {
    let way = match transport {
        #[cfg(feature = "unix")]
        Transport::Unix => Way::Unix,
        #[cfg(feature = "grpc")]
        Transport::Grpc => Way::Grpc(Box::new(settings.grpc.clone())),
        #[cfg(feature = "mcp")]
        Transport::Http => Way::Http(Box::new(settings.http.clone())),
        #[cfg(feature = "mcp")]
        Transport::Stdio => Way::Stdio,
        #[allow(unreachable_patterns, reason = "without all features there are others")]
        _ => {
            let _ = settings;
            return served(transport).map(|()| String::new());
        }
    };
    let host = host_settings(dispatcher.limits());
    let (server, host_side) = Loopback::start(way, call.plugin_name, dispatcher, &host)?;
    let answer = call.through(&*host_side, &host).await;
    host_side.close().await;
    server.stop().await?;
    answer
}

impl Call<'_> {
    async fn through(
        &self,
        transport: &dyn transport::Transport,
        settings: &HostSettings,
    ) -> Result<String, String> {
        let nesting = settings.nesting();
        let encoding = transport.encoding();
        let request = self
            .encode(encoding, nesting)
            .map_err(|error| error.to_string())?;
        let request = Request::new(Method::InvokeHook, self.plugin_name, request);
        let answer = transport.exchange(&request).await;
        let answer = answer.map_err(|failure| format!("the call failed: {failure}"))?;
        match encoding {
            Encoding::Json => String::from_utf8(answer.into()).map_err(|error| error.to_string()),
            Encoding::Protobuf => in_json(&answer, nesting),
        }
    }

    fn encode(&self, encoding: Encoding, nesting: Nesting) -> Result<bytes::Bytes, CodecError> {
        let payload: Map = Document::of_json(self.payload.as_bytes(), nesting.json).decode()?;
        let context = PluginContext::of_json(self.context.as_bytes(), nesting.json)?;
        encoding.invoke_hook(
            self.plugin_name,
            &HookCall::new(self.hook_type, &payload, &context),
            nesting,
        )
    }
}

/// An `InvokeHookResponse` in the form that MCP has ([protocol, section
/// 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)).
fn in_json(response: &bytes::Bytes, nesting: Nesting) -> Result<String, String> {
    let (plugin_name, answer) = protobuf::answer(response, nesting)
        .map_err(|error| format!("the answer is not an InvokeHookResponse: {error}"))?;
    let mut json = Map::from([("plugin_name", plugin_name)]);
    match answer {
        Ok(reply) => {
            result(&mut json, &reply, nesting.levels)
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
