//! The requests that are measured: one call of `tool_pre_invoke` in several sizes, as protobuf and as JSON.

use bytes::Bytes;
use plugin_sdk::codec::to_struct;
use plugin_sdk_proto::wire::{
    GlobalContext, InvokeHookRequest, InvokeHookResponse, PluginContext, global_context::UserValue,
};
use prost::Message;
use serde_json::{Value, json};

use crate::{Result, plugins::WORD};

/// What is in the arguments of the tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Four arguments, one of them an object with an array in it.
    Small,
    /// One text of 64 KiB.
    OneText,
    /// An array of 640 small objects, 64 KiB together.
    ManyObjects,
    /// A text beside a short one, for a request of about this many bytes.
    Bytes(usize),
}

impl Size {
    /// What it is called in tables.
    pub fn name(self) -> String {
        match self {
            Self::Small => "517 B".to_owned(),
            Self::OneText => "64 KiB, one text".to_owned(),
            Self::ManyObjects => "64 KiB, 640 objects".to_owned(),
            Self::Bytes(size) if size >= 1 << 20 => format!("{} MiB", size >> 20),
            Self::Bytes(size) => format!("{} KiB", size >> 10),
        }
    }
}

/// A text without the word.
fn text(length: usize) -> String {
    const FILLER: &str = "what is not looked for stands here, ";
    let mut text = FILLER.repeat(length / FILLER.len() + 1);
    text.truncate(length);
    text
}

fn arguments(size: Size) -> Value {
    match size {
        Size::Small => json!({
            "query": "what a crap day it is in the office today, is it not? well, it really is",
            "limit": 10,
            "filters": {"lang": "en", "year": 2024, "tags": ["rust", "plugin", "gateway"], "exact": false},
            "note": "nothing of note, but long enough to be a sentence that someone could have written; it is here to take its place",
        }),
        Size::OneText => json!({"query": text(62 << 10) + WORD}),
        Size::ManyObjects => {
            let objects: Vec<_> = (0..640)
                .map(|number| json!({"id": number, "name": format!("object {number:03}"), "score": 0.5, "tags": ["a", "b"]}))
                .collect();
            json!({"query": "a crap query", "objects": objects})
        }
        Size::Bytes(size) => json!({"query": "a crap query", "document": text(size - 320)}),
    }
}

fn payload(size: Size) -> Value {
    json!({"name": "search_documents", "args": arguments(size)})
}

/// An `InvokeHookRequest` to `plugin`.
pub fn protobuf(plugin: &str, size: Size) -> Result<Bytes> {
    let request = InvokeHookRequest {
        hook_type: "tool_pre_invoke".into(),
        plugin_name: plugin.into(),
        payload: to_struct(&payload(size))?.into(),
        context: Some(PluginContext {
            global_context: Some(GlobalContext {
                request_id: "0123456789abcdef0123".into(),
                server_id: "server-1".into(),
                tenant_id: "tenant-1".into(),
                user_value: Some(UserValue::UserString("alice@example.com".into())),
                metadata: to_struct(&json!({"source": "gateway", "attempt": 1}))?.into(),
                ..Default::default()
            }),
            ..Default::default()
        }),
    };
    Ok(request.encode_to_vec().into())
}

/// The payload and the context of a call as JSON.
pub fn json(size: Size) -> (String, String) {
    let context = json!({
        "state": {},
        "global_context": {
            "request_id": "0123456789abcdef0123",
            "user": "alice@example.com",
            "tenant_id": "tenant-1",
            "server_id": "server-1",
            "state": {},
            "metadata": {"source": "gateway", "attempt": 1},
        },
        "metadata": {},
    });
    (payload(size).to_string(), context.to_string())
}

/// The same call as a JSON-RPC request of MCP.
pub fn json_rpc(plugin: &str, size: Size) -> String {
    let (payload, context) = json(size);
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"invoke_hook","arguments":{{"hook_type":"tool_pre_invoke","plugin_name":"{plugin}","payload":{payload},"context":{context}}}}}}}"#
    )
}

/// Complains unless an `InvokeHookResponse` is what the plugin does: what is measured must be the whole work.
pub fn check_protobuf(response: &[u8], modified: bool) -> Result<()> {
    let response = InvokeHookResponse::decode(response)?;
    if let Some(error) = response.error {
        return Err(format!("the answer is an error: {}", error.message).into());
    }
    check_result(&response.result, modified)
}

/// The same for a result in whatever form, whose texts stand in it as they are.
pub fn check_result(result: &[u8], modified: bool) -> Result<()> {
    let replaced = crate::plugins::REPLACEMENT.as_bytes();
    let is_modified = result.windows(replaced.len()).any(|part| part == replaced);
    if is_modified == modified {
        Ok(())
    } else {
        Err(format!(
            "the word is {}replaced in the answer",
            if modified { "not " } else { "" }
        )
        .into())
    }
}
