//! A call over a transport, with the server at its other end in the same process. It is made as the host half makes it.

use std::sync::Arc;

use super::Call;
use crate::{
    codec::{CodecError, Encoding, message::Message, nesting::Nesting},
    context::PluginContext,
    dispatch::Dispatcher,
    host::{
        HookReply, HostSettings,
        transport::{self, Method, Request},
    },
    launch::{
        settings::{Settings, Transport},
        transports::served,
    },
    loopback::{Loopback, Way, host_settings},
    protocol::{
        request::OutgoingCall,
        response::{self, WrittenResult},
    },
    value::{Document, Map, Value},
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
        let call = OutgoingCall {
            hook_type: self.hook_type,
            plugin_name: self.plugin_name,
            payload: &payload,
            context: &context,
        };
        call.write(encoding, nesting)
    }
}

/// An `InvokeHookResponse` in the form that MCP has ([protocol, section
/// 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)).
fn in_json(message: &bytes::Bytes, nesting: Nesting) -> Result<String, String> {
    let (plugin_name, outcome) = response::read(Encoding::Protobuf, message, nesting)
        .map_err(|error| format!("the answer is not an InvokeHookResponse: {error}"))?;
    let outcome = match outcome {
        Ok(reply) => {
            Ok(result(reply, nesting).map_err(|error| format!("the answer can't be read: {error}"))?)
        }
        Err(error) => Err(error),
    };
    let json = response::write(Encoding::Json, &plugin_name, outcome, nesting)
        .map_err(|error| format!("the answer can't be written: {error}"))?;
    String::from_utf8(json).map_err(|error| error.to_string())
}

/// The result, and what came with it.
fn result(reply: HookReply, nesting: Nesting) -> Result<WrittenResult, CodecError> {
    let mut result: Map = Document::of_struct(Message::new(&reply.result), nesting.levels).decode()?;
    if let Some(metadata) = &reply.denial_metadata {
        result.insert("denial_metadata".into(), Value::from_serialize(metadata)?);
    }
    Ok(WrittenResult {
        context: reply.context,
        ..WrittenResult::of(result.to_string().into())
    })
}
