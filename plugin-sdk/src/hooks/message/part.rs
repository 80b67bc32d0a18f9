//! A part of a message: the tag on the wire and what it holds ([protocol, section
//! 5.8](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#58-message-parts)).

use serde::de::{DeserializeOwned, Error, Unexpected};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    AudioSource, DocumentSource, ImageSource, PromptRequest, PromptResult, Resource, ResourceReference,
    ToolCall, ToolResult, VideoSource,
};
use crate::codec::CodecError;
use crate::value::Map;

/// Declares the parts: the variants, their `content_type`, and where their body is on the wire.
macro_rules! content_parts {
    ($($(#[$attributes:meta])* $variant:ident = $content_type:literal { $body:ident: $type:ty },)+) => {
        /// A part of a [`Message`](super::Message).
        ///
        /// `extra` of a part holds fields beside `content` or `text` that this version does not know; they go back
        /// with the part. A part of an unknown `content_type` is kept whole, as `Other`.
        ///
        /// ```
        /// use plugin_sdk::hooks::message::{ContentPart, ToolCall};
        ///
        /// let part = ContentPart::from(ToolCall::new("call-1", "search"));
        /// match &part {
        ///     ContentPart::Text { text, .. } => println!("says {text}"),
        ///     ContentPart::ToolCall { content, .. } => println!("calls {}", content.name),
        ///     other => println!("holds a {}", other.content_type().unwrap_or("part without a type")),
        /// }
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum ContentPart {
            $(
                $(#[$attributes])*
                #[non_exhaustive]
                $variant {
                    /// What the part holds.
                    $body: $type,
                    /// Fields of the part that this version does not know.
                    extra: Map,
                },
            )+
            /// A part that this version does not know, with its `content_type`.
            Other(Map),
        }

        impl ContentPart {
            /// The `content_type` on the wire; `None` only for an `Other` without one.
            pub fn content_type(&self) -> Option<&str> {
                match self {
                    $(Self::$variant { .. } => Some($content_type),)+
                    Self::Other(part) => part.get("content_type").and_then(|content_type| content_type.as_str()),
                }
            }
        }

        impl<'de> Deserialize<'de> for ContentPart {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut part: Map = Map::deserialize(deserializer)?;
                let content_type = part.get("content_type").ok_or_else(|| D::Error::missing_field("content_type"))?;
                let content_type = content_type
                    .as_str()
                    .ok_or_else(|| D::Error::invalid_type(Unexpected::Other("value"), &"a string as `content_type`"))?
                    .to_owned();
                match content_type.as_str() {
                    $(
                        $content_type => {
                            let $body = take(&mut part, $content_type, stringify!($body))?;
                            part.remove("content_type");
                            Ok(Self::$variant { $body, extra: part })
                        }
                    )+
                    _ => Ok(Self::Other(part)),
                }
            }
        }

        impl Serialize for ContentPart {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(
                        Self::$variant { $body, extra } => {
                            let mut part = serializer.serialize_map(Some(extra.len() + 2))?;
                            part.serialize_entry("content_type", $content_type)?;
                            part.serialize_entry(stringify!($body), $body)?;
                            for (name, value) in extra.iter() {
                                part.serialize_entry(name, value)?;
                            }
                            part.end()
                        }
                    )+
                    Self::Other(part) => part.serialize(serializer),
                }
            }
        }
    };
}

content_parts! {
    /// Text.
    #[doc(alias = "TextContent")]
    Text = "text" { text: String },
    /// What a model thought on the way.
    #[doc(alias = "ThinkingContent")]
    Thinking = "thinking" { text: String },
    /// A request to call a tool.
    #[doc(alias = "ToolCallContentPart")]
    ToolCall = "tool_call" { content: ToolCall },
    /// What a tool returned.
    #[doc(alias = "ToolResultContentPart")]
    ToolResult = "tool_result" { content: ToolResult },
    /// A resource with its content.
    #[doc(alias = "ResourceContentPart")]
    Resource = "resource" { content: Resource },
    /// A reference to a resource.
    #[doc(alias = "ResourceRefContentPart")]
    ResourceRef = "resource_ref" { content: ResourceReference },
    /// A request to render a prompt.
    #[doc(alias = "PromptRequestContentPart")]
    PromptRequest = "prompt_request" { content: PromptRequest },
    /// A rendered prompt.
    #[doc(alias = "PromptResultContentPart")]
    PromptResult = "prompt_result" { content: PromptResult },
    /// An image.
    #[doc(alias = "ImageContentPart")]
    Image = "image" { content: ImageSource },
    /// A video.
    #[doc(alias = "VideoContentPart")]
    Video = "video" { content: VideoSource },
    /// A sound.
    #[doc(alias = "AudioContentPart")]
    Audio = "audio" { content: AudioSource },
    /// A document.
    #[doc(alias = "DocumentContentPart")]
    Document = "document" { content: DocumentSource },
}

impl ContentPart {
    /// A part with text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            extra: Map::new(),
        }
    }

    /// A part with what a model thought.
    pub fn thinking(text: impl Into<String>) -> Self {
        Self::Thinking {
            text: text.into(),
            extra: Map::new(),
        }
    }
}

macro_rules! from_content {
    ($($type:ty => $variant:ident,)+) => {
        $(
            impl From<$type> for ContentPart {
                fn from(content: $type) -> Self {
                    Self::$variant { content, extra: Map::new() }
                }
            }
        )+
    };
}

from_content! {
    ToolCall => ToolCall,
    ToolResult => ToolResult,
    Resource => Resource,
    ResourceReference => ResourceRef,
    PromptRequest => PromptRequest,
    PromptResult => PromptResult,
    ImageSource => Image,
    VideoSource => Video,
    AudioSource => Audio,
    DocumentSource => Document,
}

/// Takes the body out of a part. The tag may follow the body on the wire, so the body is read into a value first.
fn take<T: DeserializeOwned, E: Error>(part: &mut Map, content_type: &str, body: &str) -> Result<T, E> {
    let value = part
        .remove(body)
        .ok_or_else(|| CodecError::new(format!("missing field `{body}`")));
    value
        .and_then(|value| value.deserialize_into().map_err(|error| error.in_key(body)))
        .map_err(|error| E::custom(format_args!("content part `{content_type}`: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn every_kind_goes_back_as_it_came() {
        let parts = json!([
            {"content_type": "text", "text": "a"},
            {"text": "b", "content_type": "thinking"},
            {"content_type": "tool_call", "content": {
                "tool_call_id": "c", "name": "n", "arguments": {"x": 1}, "namespace": "s", "new": 1}, "new": 2},
            {"content_type": "tool_result", "content": {
                "tool_call_id": "c", "tool_name": "n", "content": {"y": [2]}, "is_error": true}},
            {"content_type": "resource", "content": {
                "resource_request_id": "r", "uri": "u", "resource_type": "file", "content": "c", "size_bytes": 1,
                "annotations": {}}},
            {"content_type": "resource_ref", "content": {
                "resource_request_id": "r", "uri": "u", "resource_type": "cave", "range_start": -1, "range_end": 2}},
            {"content_type": "prompt_request", "content": {
                "prompt_request_id": "p", "name": "n", "arguments": {"t": "x"}, "server_id": "s"}},
            {"content_type": "prompt_result", "content": {
                "prompt_request_id": "p", "prompt_name": "n", "is_error": false, "messages": [{
                    "schema_version": "2.0", "role": "user", "content": [{"content_type": "text", "text": "deep"}]}]}},
            {"content_type": "image", "content": {"type": "url", "data": "u", "media_type": "image/png"}},
            {"content_type": "video", "content": {"type": "base64", "data": "AA==", "duration_ms": 5}},
            {"content_type": "audio", "content": {"type": "url", "data": "u", "duration_ms": 5}},
            {"content_type": "document", "content": {"type": "ipfs", "data": "u", "title": "t"}},
        ]);
        let read: Vec<ContentPart> = from_value(parts.clone()).unwrap();
        assert!(!read.iter().any(|part| matches!(part, ContentPart::Other(_))));
        assert_eq!(to_value(&read).unwrap(), parts);
    }

    #[test]
    fn a_known_part_with_a_wrong_body_is_an_error_that_names_the_field() {
        let cases = [
            (json!({"text": "a"}), "missing field `content_type`"),
            (
                json!({"content_type": 1}),
                "invalid type: value, expected a string as `content_type`",
            ),
            (
                json!({"content_type": "text"}),
                "content part `text`: missing field `text`",
            ),
            (
                json!({"content_type": "text", "text": 1}),
                "content part `text`: text: invalid type",
            ),
            (
                json!({"content_type": "tool_call", "content": {"name": "n"}}),
                "content part `tool_call`: content: missing field `tool_call_id`",
            ),
            (
                json!({"content_type": "image", "content": {"type": "url", "data": []}}),
                "content part `image`: content.data: invalid type",
            ),
            (
                json!({"content_type": "prompt_result", "content": {
                    "prompt_request_id": "p", "prompt_name": "n", "messages": [{"role": 1}]}}),
                "content part `prompt_result`: content.messages[0].role: invalid type",
            ),
        ];
        for (document, expected) in cases {
            let error = from_value::<ContentPart>(document).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
