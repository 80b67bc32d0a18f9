//! The three tools that hosts call ([protocol, section
//! 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)), and what they answer.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::descriptions::DESCRIPTIONS;
use crate::{
    codec::{Encoding, text::Text, wire::Slice},
    dispatch::{Dispatcher, guard::Panic},
    nearest::unknown,
    protocol::{
        error::ReportedError,
        mcp::{
            answer::ToolAnswer,
            error::shortened,
            members::{self, Object, kind},
            method::CALL_TOOL,
            params::{Arguments, Params},
            tool,
        },
        request::InvokeHookRequest,
        response,
    },
    repeated::limited,
};

/// The call is wrong.
pub(super) fn refused(plugin_name: &str, problem: String) -> ToolAnswer {
    limited!(warn, kind: "tools called wrongly"; plugin_name, "a tool is called wrongly: {problem}");
    failed(ReportedError::arguments(plugin_name, problem))
}

/// The server itself failed, and nothing is left of the call but this.
pub(super) fn panicked(panic: &Panic) -> ToolAnswer {
    log(panic);
    failed(ReportedError::new("", PANICKED))
}

/// Hosts read the first text as JSON, whatever the answer is, so that this is what they read an error of a plugin from.
fn failed(error: ReportedError) -> ToolAnswer {
    ToolAnswer {
        is_error: true,
        ..ToolAnswer::of_json(response::refusal(Encoding::Json, error))
    }
}

/// What a client is told about a panic of the server.
pub(super) const PANICKED: &str = "the server panicked";

/// Tells the operator of a panic of the server.
pub(super) fn log(panic: &Panic) {
    tracing::error!("the server {panic}");
    tracing::debug!("the panic says: {}", panic.text());
}

/// The tools of a server. `Clone` is cheap.
#[derive(Clone)]
pub(super) struct Tools {
    dispatcher: Arc<Dispatcher>,
}

impl Tools {
    pub(super) fn new(dispatcher: Arc<Dispatcher>) -> Self {
        Self { dispatcher }
    }

    pub(super) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// Answers the call of a tool, or finds the hook that it calls. What is wrong with it is an answer of the tool: an error of
    /// JSON-RPC makes hosts end the connection.
    pub(super) fn prepare(&self, message: &Bytes, params: &Params<'_>) -> Prepared {
        let tool = match params.name.map(|name| members::string(name).ok_or(name)) {
            Some(Ok(tool)) => tool,
            Some(Err(other)) => {
                return Prepared::refused(
                    "",
                    format!("{CALL_TOOL}: name must be a string, and is {}", kind(other)),
                );
            }
            None => {
                return Prepared::refused(
                    "",
                    format!("{CALL_TOOL}: name is missing: give the name of a tool"),
                );
            }
        };
        let arguments = match params.arguments {
            None | Some(Object::Other("null")) => Arguments::default(),
            Some(Object::Members(arguments)) => arguments,
            Some(Object::Other(kind)) => {
                let tool = shortened(&tool);
                return Prepared::refused("", format!("{tool}: arguments must be an object, and is {kind}"));
            }
        };
        match &*tool {
            tool::INVOKE_HOOK => invocation(message, &arguments),
            tool::GET_PLUGIN_CONFIG => match text("name", arguments.name, message) {
                Ok(name) => Prepared::Answered(ToolAnswer::of_text(
                    self.dispatcher.config_json(name.as_str()).to_owned(),
                )),
                Err(problem) => Prepared::refused("", format!("{tool}: {problem}")),
            },
            tool::GET_PLUGIN_CONFIGS => Prepared::Answered(self.configs()),
            _ => Prepared::refused("", unknown_tool(&tool)),
        }
    }

    fn configs(&self) -> ToolAnswer {
        let texts: Vec<String> = self.dispatcher.configs_json().map(str::to_owned).collect();
        let structured = format!("{{\"result\":[{}]}}", texts.join(","));
        ToolAnswer {
            texts,
            structured: Some(structured),
            is_error: false,
        }
    }
}

fn unknown_tool(tool: &str) -> String {
    let names = DESCRIPTIONS.iter().map(|known| known.name);
    unknown("tool", &shortened(tool), names)
}

/// What becomes of the call of a tool.
pub(super) enum Prepared {
    Answered(ToolAnswer),
    Hook(InvokeHookRequest),
}

impl Prepared {
    fn refused(plugin_name: &str, problem: String) -> Self {
        Self::Answered(refused(plugin_name, problem))
    }
}

fn invocation(message: &Bytes, arguments: &Arguments<'_>) -> Prepared {
    let read = || {
        Ok(InvokeHookRequest::of_json(
            text("hook_type", arguments.hook_type, message)?,
            text("plugin_name", arguments.plugin_name, message)?,
            object("payload", arguments.payload, message)?,
            object("context", arguments.context, message)?,
        ))
    };
    read().map_or_else(
        |problem: String| {
            let plugin_name = arguments
                .plugin_name
                .and_then(members::string)
                .unwrap_or_default();
            Prepared::refused(&plugin_name, format!("{}: {problem}", tool::INVOKE_HOOK))
        },
        Prepared::Hook,
    )
}

/// An argument that is a string.
fn text(name: &str, argument: Option<&RawValue>, message: &Bytes) -> Result<Text, String> {
    let argument = argument.ok_or_else(|| format!("{name} is missing: give it as a string"))?;
    let text = members::string(argument)
        .ok_or_else(|| format!("{name} must be a string, and is {}", kind(argument)))?;
    let in_message = match &text {
        std::borrow::Cow::Borrowed(text) => {
            let part = message.slice_ref(text.as_bytes());
            Text::part(&part, Slice::new(&part)).ok()
        }
        std::borrow::Cow::Owned(_) => None,
    };
    Ok(in_message.unwrap_or_else(|| text.into_owned().into()))
}

/// An argument that is an object, or a string that holds one.
fn object(name: &str, argument: Option<&RawValue>, message: &Bytes) -> Result<Bytes, String> {
    let argument = argument.ok_or_else(|| format!("{name} is missing: give it as an object"))?;
    if members::is_object(argument) {
        return Ok(message.slice_ref(argument.get().as_bytes()));
    }
    let Some(text) = members::string(argument) else {
        return Err(format!("{name} must be an object, and is {}", kind(argument)));
    };
    if !text.trim_start().starts_with('{') {
        return Err(format!(
            "{name} must be an object, and is a string that holds none"
        ));
    }
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| format!("{name} is a string that is not JSON: {error}"))?;
    Ok(text.into_owned().into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn a_panic_of_the_server_is_no_wrong_argument() {
        let panic = crate::dispatch::guard::no_panic(async { panic!("on purpose") }).await;
        let answer = panicked(&panic.map(|(): ()| ()).unwrap_err());
        assert!(answer.is_error);
        let error: Value = serde_json::from_str(&answer.texts[0]).unwrap();
        assert_eq!(error["error"]["message"], PANICKED);
        assert_eq!(error["error"]["mcp_error_code"], -32603);
    }
}
