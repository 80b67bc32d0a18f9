//! What `#[plugin]` implements, and its type-erased form.

pub(crate) mod call;
pub mod checks;
pub mod parameters;
mod parts;
#[cfg(feature = "schema")]
pub mod schema;
mod settings;

use std::{pin::Pin, sync::Arc};

pub use call::Call;
pub use parts::{Create, Functions, HasConfig, HasHook, Invocation, Invoke, Reference, description};
pub use settings::PluginSettings;

use crate::{error::PluginError, manifest::Manifest, value::Map};

/// A boxed future, as the SDK's boundary has them: a plugin is compiled once, not once for every transport.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A plugin. Implemented by [`#[plugin]`](macro@crate::plugin); not meant to be written by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "not a plugin",
    note = "put `#[plugin(hooks = [...])]` on the struct"
)]
pub trait Plugin: Sized + Send + Sync + 'static {
    /// What the plugin says of itself.
    fn manifest() -> Manifest;

    /// The JSON Schema of the settings, if their type has one.
    #[doc(hidden)]
    fn config_schema() -> Option<Map> {
        None
    }

    #[doc(hidden)]
    fn functions() -> Functions<Self>;

    #[doc(hidden)]
    fn shutdown(&self) -> BoxFuture<'_, Result<(), PluginError>> {
        Box::pin(async { Ok(()) })
    }
}

/// A [`Plugin`] of any type.
pub(crate) trait ErasedPlugin: Send + Sync {
    /// Calls the hook with this index in [`Manifest::hooks`].
    fn invoke<'a>(&'a self, hook: usize, call: &'a mut Call) -> BoxFuture<'a, ()>;
    fn shutdown(&self) -> BoxFuture<'_, Result<(), PluginError>>;
}

impl<P: Plugin> ErasedPlugin for P {
    fn invoke<'a>(&'a self, hook: usize, call: &'a mut Call) -> BoxFuture<'a, ()> {
        (P::functions().invoke)(Invocation {
            plugin: self,
            hook,
            call,
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, Result<(), PluginError>> {
        Plugin::shutdown(self)
    }
}

type Created = Result<Arc<dyn ErasedPlugin>, PluginError>;

/// A type of plugin, from which instances are made.
#[derive(Clone)]
pub(crate) struct PluginKind {
    pub(crate) manifest: Manifest,
    /// The JSON Schema of the settings.
    pub(crate) config_schema: fn() -> Option<Map>,
    create: fn(PluginSettings) -> BoxFuture<'static, Created>,
}

impl PluginKind {
    pub(crate) fn of<P: Plugin>() -> Self {
        Self {
            manifest: P::manifest(),
            config_schema: P::config_schema,
            create: |settings| {
                Box::pin(async move {
                    Ok(Arc::new((P::functions().create)(settings).await?) as Arc<dyn ErasedPlugin>)
                })
            },
        }
    }

    pub(crate) fn create(&self, settings: PluginSettings) -> BoxFuture<'static, Created> {
        (self.create)(settings)
    }
}
