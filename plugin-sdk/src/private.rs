//! What the expansion of `#[plugin]` names.

pub use std::{
    boxed::Box,
    env,
    marker::{Send, Sized, Sync},
    option::Option,
    result::Result,
};

pub use crate::{
    PluginError,
    context::PluginContext,
    hooks::{self, Hook},
    manifest::{Capability, Manifest, Mode, OnError},
    plugin::{
        BoxFuture, Call, Create, Functions, HasConfig, HasHook, Invocation, Invoke, Plugin, PluginSettings,
        Reference, checks, description, parameters,
    },
    result::Sink,
};
pub use plugin_sdk_macros::Plugin;

// A `ty` keeps its place: an `ident` would be at a place of the macro's, where a use of a deprecated plugin is reported.
#[doc(hidden)]
#[macro_export]
macro_rules! __constructors {
    ($plugin:ty) => {
        $crate::__private::unix_constructor!($plugin);
        $crate::__private::grpc_constructor!($plugin);
        $crate::__private::mcp_constructor!($plugin);
    };
}

#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __config_schema {
    ($config:ty) => {
        fn config_schema() -> $crate::__private::Option<$crate::Map> {
            use $crate::__private::schema::{WithSchema as _, WithoutSchema as _};
            (&$crate::__private::schema::SchemaOf::<$config>::NEW).config_schema()
        }
    };
}

#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __config_schema {
    ($config:ty) => {};
}

#[cfg(feature = "unix")]
#[doc(hidden)]
#[macro_export]
macro_rules! __unix_constructor {
    ($plugin:ty) => {
        impl $plugin {
            /// A server of this plugin on a Unix socket, for a runtime of the author's own.
            pub fn into_unix_server(self) -> $crate::unix::UnixServer {
                $crate::unix::UnixServer::new(self)
            }
        }
    };
}

#[cfg(not(feature = "unix"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __unix_constructor {
    ($plugin:ty) => {};
}

#[cfg(feature = "grpc")]
#[doc(hidden)]
#[macro_export]
macro_rules! __grpc_constructor {
    ($plugin:ty) => {
        impl $plugin {
            /// This plugin as a gRPC service, for a tonic server of the author's own.
            pub fn into_grpc_service(self) -> $crate::grpc::GrpcService {
                $crate::grpc::GrpcService::new(self)
            }
        }
    };
}

#[cfg(not(feature = "grpc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __grpc_constructor {
    ($plugin:ty) => {};
}

#[cfg(feature = "mcp")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mcp_constructor {
    ($plugin:ty) => {
        impl $plugin {
            /// This plugin as an MCP server, for an HTTP server of the author's own.
            pub fn into_mcp_handler(self) -> $crate::mcp::McpHandler {
                $crate::mcp::McpHandler::new(self)
            }
        }
    };
}

#[cfg(not(feature = "mcp"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mcp_constructor {
    ($plugin:ty) => {};
}

#[cfg(feature = "schema")]
pub use crate::plugin::schema;
pub use crate::{
    __config_schema as config_schema, __constructors as constructors, __grpc_constructor as grpc_constructor,
    __mcp_constructor as mcp_constructor, __unix_constructor as unix_constructor,
};

#[cfg(feature = "bench")]
mod in_process {
    use bytes::Bytes;

    use crate::{
        codec::CodecError, dispatch::Dispatcher, plugin::Plugin, protocol::request::InvokeHookRequest,
    };

    /// One plugin without a transport around it: the bytes of a request in, those of the answer out.
    pub struct InProcess(Dispatcher);

    impl InProcess {
        pub fn new<P: Plugin>(plugin: P) -> Self {
            Self(Dispatcher::of_plugin(plugin))
        }

        /// An `InvokeHookRequest` in, an `InvokeHookResponse` out.
        pub async fn protobuf(&self, request: Bytes) -> Result<Vec<u8>, CodecError> {
            Ok(self.0.respond(InvokeHookRequest::read(&request)?).await)
        }

        /// The arguments of the tool `invoke_hook` in, the text of its answer out.
        pub async fn json(&self, hook: &str, plugin: &str, payload: Bytes, context: Bytes) -> String {
            let request = InvokeHookRequest::of_json(hook.into(), plugin.into(), payload, context);
            String::from_utf8(self.0.respond(request).await).unwrap_or_default()
        }
    }
}

#[cfg(feature = "bench")]
pub use in_process::InProcess;
