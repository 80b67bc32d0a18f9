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

#[cfg(feature = "unix")]
#[doc(hidden)]
#[macro_export]
macro_rules! __constructors {
    ($plugin:ident) => {
        impl $plugin {
            /// A server of this plugin on a Unix socket, for a runtime of the author's own.
            #[allow(dead_code)]
            pub fn into_unix_server(self) -> $crate::unix::UnixServer {
                $crate::unix::UnixServer::of(self)
            }
        }
    };
}

#[cfg(not(feature = "unix"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __constructors {
    ($plugin:ident) => {};
}

pub use crate::__constructors as constructors;
