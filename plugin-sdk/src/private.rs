//! What the expansion of `#[plugin]` names.

pub use std::{
    boxed::Box,
    env,
    marker::{Send, Sync},
    option::Option,
    primitive::usize,
    result::Result,
};

pub use crate::{
    PluginError,
    context::PluginContext,
    dispatch::Call,
    hooks,
    manifest::Manifest,
    plugin::{BoxFuture, Plugin, PluginSettings, checks},
    result::HookResult,
};

#[doc(hidden)]
#[macro_export]
macro_rules! __constructors {
    ($plugin:ident) => {
        $crate::__private::unix_constructor!($plugin);
        $crate::__private::grpc_constructor!($plugin);
        $crate::__private::mcp_constructor!($plugin);
    };
}

#[cfg(feature = "unix")]
#[doc(hidden)]
#[macro_export]
macro_rules! __unix_constructor {
    ($plugin:ident) => {
        impl $plugin {
            /// A server of this plugin on a Unix socket, for a runtime of the author's own.
            #[allow(dead_code, unreachable_pub)]
            pub fn into_unix_server(self) -> $crate::unix::UnixServer {
                $crate::unix::UnixServer::of(self)
            }
        }
    };
}

#[cfg(not(feature = "unix"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __unix_constructor {
    ($plugin:ident) => {};
}

#[cfg(feature = "grpc")]
#[doc(hidden)]
#[macro_export]
macro_rules! __grpc_constructor {
    ($plugin:ident) => {
        impl $plugin {
            /// This plugin as a gRPC service, for a tonic server of the author's own.
            #[allow(dead_code, unreachable_pub)]
            pub fn into_grpc_service(self) -> $crate::grpc::GrpcService {
                $crate::grpc::GrpcService::of(self)
            }
        }
    };
}

#[cfg(not(feature = "grpc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __grpc_constructor {
    ($plugin:ident) => {};
}

#[cfg(feature = "mcp")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mcp_constructor {
    ($plugin:ident) => {
        impl $plugin {
            /// This plugin as a handler of rmcp, for an MCP server of the author's own.
            #[allow(dead_code, unreachable_pub)]
            pub fn into_mcp_handler(self) -> $crate::mcp::McpHandler {
                $crate::mcp::McpHandler::of(self)
            }
        }
    };
}

#[cfg(not(feature = "mcp"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mcp_constructor {
    ($plugin:ident) => {};
}

pub use crate::{
    __constructors as constructors, __grpc_constructor as grpc_constructor,
    __mcp_constructor as mcp_constructor, __unix_constructor as unix_constructor,
};
