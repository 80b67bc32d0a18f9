//! How hosts reach the server.

use clap::{ValueEnum, builder::PossibleValue};

/// How hosts reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Framed protobuf over a Unix socket.
    Unix,
    /// gRPC over TCP or a Unix socket.
    Grpc,
    /// MCP over streamable HTTP.
    Http,
    /// MCP over standard input and output.
    Stdio,
}

impl Transport {
    /// The transport as it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Grpc => "grpc",
            Self::Http => "http",
            Self::Stdio => "stdio",
        }
    }
}

impl ValueEnum for Transport {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Unix, Self::Grpc, Self::Http, Self::Stdio]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.name());
        Some(match self {
            Self::Unix => value.help("Framed protobuf over a Unix socket"),
            Self::Grpc => value.help("gRPC over TCP or a Unix socket"),
            // The Python framework has more than one word for it.
            Self::Http => value.help("MCP over streamable HTTP").aliases([
                "streamablehttp",
                "streamable-http",
                "streamable_http",
                "sse",
            ]),
            Self::Stdio => value.help("MCP over standard input and output"),
        })
    }
}
