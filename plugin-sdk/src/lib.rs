//! Write external plugins for the ContextForge AI gateway and its plugin framework CPEX in Rust.
//!
//! A plugin is called at *hooks*: before and after a tool runs, a prompt is fetched, a resource is read, an agent is called,
//! a request is authenticated. It lets the call pass, changes its payload, or denies it. An *external* plugin runs in a
//! process of its own. With this crate that is one annotated struct:
//!
//! ```
//! use plugin_sdk::prelude::*;
//!
//! /// Denies dangerous tools.
//! #[plugin(hooks = [tool_pre_invoke])]
//! #[derive(Default)]
//! struct NoDangerousTools;
//!
//! impl NoDangerousTools {
//!     async fn tool_pre_invoke(
//!         &self,
//!         payload: ToolPreInvokePayload,
//!         context: &mut PluginContext,
//!     ) -> HookResult<ToolPreInvokePayload> {
//!         if payload.name == "rm" {
//!             let violation = PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL");
//!             return Ok(PluginResult::deny(violation.with_detail("tool", payload.name)));
//!         }
//!         context.state_mut().insert("checked".into(), true.into());
//!         Ok(PluginResult::allow())
//!     }
//! }
//!
//! # #[cfg(feature = "cli")]
//! fn main() -> std::process::ExitCode {
//!     # return std::process::ExitCode::SUCCESS;
//!     plugin_sdk::run::<NoDangerousTools>()
//! }
//! # #[cfg(not(feature = "cli"))]
//! # fn main() {}
//! ```
//!
//! The binary is a drop-in for the Python plugin server toward unmodified hosts.
//!
//! # Features
//!
//! - `unix` (default): serve over a Unix socket with framed protobuf.
//! - `grpc` (default): serve over gRPC, on TCP or a Unix socket.
//! - `mcp` (default): serve as an MCP server, over streamable HTTP on TCP or a Unix socket, and over standard input and output.
//! - `rmcp`: [`mcp::McpHandler`] is a handler of `rmcp`, the official MCP SDK, too.
//! - `host` (default): [`host`]: call external plugins from Rust, over the transports whose features are on.
//! - `cli` (default): [`run`] and [`launcher`]: command line, environment, YAML, logging, signals.
//! - `schema` (default): `manifest --format json` has the JSON Schema of settings whose type derives `schemars::JsonSchema`.
//! - `testing`: `testing`, the test kit; for `[dev-dependencies]`.
//!
//! A hook that panics is an error answer to that one call; this needs `panic = "unwind"`, which is Rust's default.

// The dispatcher serves every transport. What only one of them calls is dead without it, so that dead code is looked for where
// all of them are there.
#![cfg_attr(
    not(all(
        feature = "unix",
        feature = "grpc",
        feature = "mcp",
        feature = "cli",
        feature = "host"
    )),
    allow(dead_code)
)]
// What `#[plugin]` prints is held against the author only where it comes from the author's own crate, as in our own tests.
#![cfg_attr(test, allow(dead_code, unreachable_pub))]

// The examples in the documentation and the expansion of `#[plugin]` in our own tests name the crate as authors do.
extern crate self as plugin_sdk;

mod causes;
pub mod codec;
mod context;
mod denial_metadata;
mod dispatch;
#[cfg(feature = "host")]
mod environment;
mod error;
pub mod extensions;
pub mod hooks;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "cli")]
mod launch;
mod limits;
#[cfg(all(
    any(feature = "cli", feature = "testing"),
    any(feature = "unix", feature = "grpc", feature = "mcp")
))]
mod loopback;
mod manifest;
mod nearest;
mod open_enum;
mod plugin;
pub mod prelude;
#[cfg_attr(
    not(feature = "host"),
    allow(unreachable_pub, reason = "only the host half shows its types")
)]
mod protocol;
mod repeated;
mod result;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
#[cfg_attr(
    not(feature = "unix"),
    allow(unreachable_pub, reason = "only the Unix server has a public face")
)]
mod server;
mod setters;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp", feature = "cli"))]
mod socket;
#[cfg(any(feature = "mcp", feature = "cli"))]
mod standard_output;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(any(feature = "grpc", feature = "mcp"))]
#[cfg_attr(
    not(feature = "unix"),
    allow(unreachable_pub, reason = "only the Unix server has a public face")
)]
mod tls;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp", feature = "cli"))]
mod transport;
pub mod value;
mod violation;
mod visible;
#[cfg(feature = "host")]
mod yaml;

/// For implementations of [`host::HostedPlugin`]: `async fn` in a trait whose objects are called.
#[cfg(feature = "host")]
pub use async_trait::async_trait;
pub use plugin_sdk_macros::plugin;

pub use context::{GlobalContext, PluginContext, UserContext};
pub use denial_metadata::{DenialMetadata, DenialMetric};
pub use dispatch::StartError;
pub use error::PluginError;
#[doc(inline)]
pub use extensions::Extensions;
#[cfg(feature = "cli")]
pub use launch::{Launcher, launcher, run};
pub use limits::Limits;
pub use manifest::{Capability, Manifest, ManifestHook, Mode, OnError};
pub use plugin::Plugin;
pub use result::{HookResult, PluginResult};
#[doc(inline)]
pub use value::{List, Map, Number, Value};
pub use violation::PluginViolation;

#[cfg(feature = "grpc")]
pub mod grpc {
    //! Plugins over gRPC.

    pub use crate::transport::grpc::{GrpcService, OlderGrpcService};
}

#[cfg(feature = "mcp")]
pub mod mcp {
    //! Plugins as an MCP server.
    //!
    //! [`run`](crate::run) serves it over streamable HTTP and over standard input and output. There, messages are lines on
    //! standard output, and nothing else may be: the server takes both streams for itself before any plugin is made. What a
    //! plugin prints, and what the processes that it starts print, goes to standard error; what they read is empty.
    //!
    //! A payload is JSON on the way in and out. Integers of any size keep all their digits. Over gRPC and Unix sockets, numbers are
    //! doubles, which hold integers up to 2^53 exactly.

    pub use crate::transport::mcp::McpHandler;
}

#[cfg(feature = "unix")]
pub mod unix {
    //! Plugins on a Unix socket.

    pub use crate::{
        server::ServeError,
        transport::unix::{BoundUnixServer, UnixServer},
    };
}

/// Implementation detail of `#[plugin]`; not public API.
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
