//! What an attribute says, after every check: enough to print the implementation.

use proc_macro2::Span;
use syn::{Expr, Generics, Ident, LitStr, Path, Type};

use crate::hooks::KnownHook;

/// A plugin as its author declared it.
pub(crate) struct Plugin {
    /// The annotated type.
    pub(crate) ident: Ident,
    /// Empty, except on a mistake: a plugin has no parameters, but its fallback needs those of the item.
    pub(crate) generics: Generics,
    /// What the plugin says of itself beyond its hooks.
    pub(crate) manifest: Manifest,
    /// The hooks in the order of the attribute; the index of a hook is how the SDK calls it.
    pub(crate) hooks: Vec<Hook>,
    /// How an instance is made.
    pub(crate) construction: Construction,
    /// The method to call before the process ends.
    pub(crate) on_shutdown: Option<Ident>,
}

/// The manifest's entries that differ from their default. A missing text has a default of its own.
pub(crate) struct Manifest {
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) description: Option<Expr>,
    /// The doc comment, which is the description where there is no other.
    pub(crate) documentation: Vec<Expr>,
    pub(crate) version: Option<Expr>,
    pub(crate) author: Option<Expr>,
    pub(crate) tags: Vec<LitStr>,
    pub(crate) mode: Option<&'static str>,
    pub(crate) priority: Option<i64>,
    pub(crate) on_error: Option<&'static str>,
    pub(crate) capabilities: Vec<&'static str>,
}

/// One entry of `hooks`.
pub(crate) struct Hook {
    pub(crate) marker: Marker,
    /// The author's method, on the token that names the hook.
    pub(crate) method: Ident,
    /// Whether the method blocks its thread.
    pub(crate) blocking: bool,
}

impl Hook {
    /// The author's token that names the hook.
    pub(crate) fn span(&self) -> Span {
        self.method.span()
    }
}

/// The type which ties a hook's name, payload and result together.
pub(crate) enum Marker {
    /// One of `plugin_sdk::hooks`.
    Known(&'static KnownHook),
    /// The author's own type.
    Custom(Path),
}

/// How an instance is made of the settings of its entry in the YAML.
pub(crate) enum Construction {
    /// `Default::default()`: neither `config` nor `configure` is given.
    Default,
    /// `configure()`: the bare key on this token.
    Configure(Ident),
    /// `configure(config)`, with the settings read as this type.
    ConfigureWith(Box<Type>),
    /// The attribute names a configuration that could not be read: nothing to check further.
    Unknown,
}
