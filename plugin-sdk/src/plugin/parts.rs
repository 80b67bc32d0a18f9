//! The parts that the expansion of `#[plugin]` consists of.
//!
//! They are shaped so that the expansion needs no variable but `self`: a pattern in it could meet a constant or static of the
//! author's.

use std::future::pending;

use super::{BoxFuture, Call, PluginSettings};
use crate::error::PluginError;

/// Gives the hook with this index in [`Manifest::hooks`](crate::Manifest::hooks) its type.
///
/// The type is a parameter, because an associated type may not be less visible than the plugin. There is one for each index.
pub trait HasHook<const INDEX: usize, H> {}

/// Gives the settings their type.
pub trait HasConfig<C> {}

/// Makes a plugin of its settings.
pub trait Create<P> {
    /// The plugin.
    fn create(self) -> BoxFuture<'static, Result<P, PluginError>>;
}

/// Calls a hook.
pub trait Invoke<'a, P> {
    /// Ends when the call has its outcome.
    fn invoke(self) -> BoxFuture<'a, ()>;
}

/// A call of a plugin's hook.
pub struct Invocation<'a, P> {
    /// The plugin.
    pub plugin: &'a P,
    /// The index of the hook.
    pub hook: usize,
    /// The call.
    pub call: &'a mut Call,
}

/// A reference, whose methods come after those of what it refers to.
pub trait Reference {
    /// What it refers to.
    type To;
}

impl<T> Reference for &T {
    type To = T;
}

/// How a plugin is made and called.
pub struct Functions<P> {
    pub(crate) create: fn(PluginSettings) -> BoxFuture<'static, Result<P, PluginError>>,
    pub(crate) invoke: for<'a> fn(Invocation<'a, P>) -> BoxFuture<'a, ()>,
}

impl<P> Functions<P> {
    /// Those of the expansion.
    pub fn known() -> Self
    where
        PluginSettings: Create<P>,
        for<'a> Invocation<'a, P>: Invoke<'a, P>,
    {
        Self {
            create: Create::create,
            invoke: |invocation| invocation.invoke(),
        }
    }

    /// Those of a plugin that does not compile, whose mistake is already reported.
    pub fn unknown() -> Self
    where
        P: 'static,
    {
        Self {
            create: |_| Box::pin(pending()),
            invoke: |_| Box::pin(pending()),
        }
    }
}

/// The description that a doc comment makes: its lines without the space that follows `///`.
pub fn description(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines
        .iter()
        .flat_map(|text| text.split('\n'))
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::description;

    #[test]
    fn a_doc_comment_is_a_description() {
        assert_eq!(
            description(&[" Counts words,", " and says how many.", "", " Twice."]),
            "Counts words,\nand says how many.\n\nTwice."
        );
        assert_eq!(description(&["# Title\r\n\r\nText.\r\n"]), "# Title\n\nText.");
        assert_eq!(description(&[""]), "");
    }
}
