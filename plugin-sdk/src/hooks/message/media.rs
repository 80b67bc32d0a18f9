//! The media that parts of a message hold: images, videos, sounds and documents ([protocol, section
//! 5.8](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#58-message-parts)).

use serde::{Deserialize, Serialize};

use crate::open_enum::open_enum;
use crate::setters::setters;
use crate::value::Map;

/// Declares the four sources of media, which share everything but one field.
macro_rules! media_source {
    ($(#[$attributes:meta])* $name:ident $({ $(#[$field_attributes:meta])* $field:ident: $type:ty, $method:ident })?) => {
        $(#[$attributes])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// Whether `data` is a URL or Base64.
            #[serde(rename = "type")]
            pub source_type: SourceType,
            /// The URL, or the content as Base64.
            pub data: String,
            /// The MIME type of the content.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub media_type: Option<String>,
            $(
                $(#[$field_attributes])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )?
            /// Fields that this version does not know.
            #[serde(flatten)]
            pub extra: Map,
        }

        impl $name {
            /// Content of this kind, by its URL or as Base64.
            pub fn new(source_type: impl Into<SourceType>, data: impl Into<String>) -> Self {
                Self {
                    source_type: source_type.into(),
                    data: data.into(),
                    media_type: None,
                    $($field: None,)?
                    extra: Map::new(),
                }
            }
        }

        setters! {
            $name {
                with_media_type(media_type: Option<String>);
                $($method($field: Option<$type>);)?
            }
        }
    };
}

media_source! {
    /// An image.
    ImageSource
}

media_source! {
    /// A video.
    VideoSource {
        /// How long it plays, in milliseconds.
        duration_ms: u64,
        with_duration_ms
    }
}

media_source! {
    /// A sound.
    AudioSource {
        /// How long it plays, in milliseconds.
        duration_ms: u64,
        with_duration_ms
    }
}

media_source! {
    /// A document, such as a PDF.
    DocumentSource {
        /// The document's title.
        title: String,
        with_title
    }
}

open_enum! {
    /// How an image, a video, a sound or a document is given.
    SourceType {
        /// By its URL.
        Url = "url",
        /// As Base64.
        Base64 = "base64",
    }
}
