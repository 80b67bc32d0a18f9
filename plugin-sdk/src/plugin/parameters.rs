//! How many parameters the author's functions take, as bounds, so that the compiler says what to write instead.
//!
//! A call with too few or too many arguments is an error of the compiler's own, which can't say that. So `#[plugin]` prints, in
//! a module where no trait of the author's is in scope, the name of each function as a value; where the author has none, that
//! is a function that returns [`Absent`], and says nothing about parameters.

use super::{HasConfig, HasHook};
use crate::hooks::Hook;

/// A type with the name of a function, which leads to the plugin that has it.
pub trait FunctionOf {
    /// The plugin.
    type Plugin;
}

/// What the function returns that stands in for one that is missing.
pub struct Absent;

/// The method of a hook, by what it takes and returns.
///
/// `Payload` and `Output` only repeat the hook's types for the message.
#[diagnostic::on_unimplemented(
    message = "the method of a hook takes `&self`, the payload and the context",
    label = "its method takes something else",
    note = "write `async fn {Method}(&self, payload: {Payload}, context: &mut PluginContext) -> HookResult<{Output}>`"
)]
pub trait HookParameters<Method, H: Hook, X, Payload = <H as Hook>::Payload, Output = <H as Hook>::Result> {}

#[diagnostic::do_not_recommend]
impl<F, M, H: Hook, S, P, C, R> HookParameters<M, H, (S, P, C, R)> for F where F: Fn(S, P, C) -> R {}

#[diagnostic::do_not_recommend]
impl<F, M, H: Hook> HookParameters<M, H, Absent> for F where F: Fn() -> Absent {}

/// The method of a hook of the author's own, whose types nothing is known of until it implements [`Hook`].
#[diagnostic::on_unimplemented(
    message = "the method of a hook takes `&self`, the payload and the context",
    label = "its method takes something else",
    note = "write `async fn {Method}(&self, payload: .., context: &mut PluginContext) -> HookResult<..>`"
)]
pub trait CustomHookParameters<Method, X> {}

#[diagnostic::do_not_recommend]
impl<F, M, S, P, C, R> CustomHookParameters<M, (S, P, C, R)> for F where F: Fn(S, P, C) -> R {}

#[diagnostic::do_not_recommend]
impl<F, M> CustomHookParameters<M, Absent> for F where F: Fn() -> Absent {}

/// The method of `on_shutdown`, by what it takes and returns.
#[diagnostic::on_unimplemented(
    message = "the method of `on_shutdown` takes `&self` and nothing else",
    label = "this method takes something else",
    note = "write `async fn {Method}(&self) -> Result<(), PluginError>`"
)]
pub trait ShutdownParameters<Method, X> {}

#[diagnostic::do_not_recommend]
impl<F, M, S, R> ShutdownParameters<M, (S, R)> for F where F: Fn(S) -> R {}

#[diagnostic::do_not_recommend]
impl<F, M> ShutdownParameters<M, Absent> for F where F: Fn() -> Absent {}

/// `configure` of a plugin without settings, by what it takes and returns.
#[diagnostic::on_unimplemented(
    message = "`configure` takes no parameters, because the attribute names no settings",
    label = "this `configure` takes something",
    note = "either write `async fn configure() -> Result<Self, PluginError>`",
    note = "or put `config = Settings` in the place of `configure` here"
)]
pub trait ConfigureParameters<X> {}

#[diagnostic::do_not_recommend]
impl<F, R> ConfigureParameters<(R,)> for F where F: Fn() -> R {}

// For nothing of an author's: of a single implementation, the compiler says what it lacks in words of its own.
#[diagnostic::do_not_recommend]
impl<F, R> ConfigureParameters<(Absent, R)> for F where F: Fn(Absent) -> R {}

/// `configure` of a plugin with settings, by what it takes and returns.
#[diagnostic::on_unimplemented(
    message = "`configure` takes the settings and nothing else",
    label = "this `configure` takes something else",
    note = "write `async fn configure(config: {C}) -> Result<Self, PluginError>`"
)]
pub trait ConfigureWithParameters<C, X> {}

#[diagnostic::do_not_recommend]
impl<F, C, P, R> ConfigureWithParameters<C, (P, R)> for F where F: Fn(P) -> R {}

#[diagnostic::do_not_recommend]
impl<F, C> ConfigureWithParameters<C, Absent> for F where F: Fn() -> Absent {}

/// Requires the parameters of a hook's method.
pub fn of_hook<M, const INDEX: usize, H, F, X>(_: F)
where
    M: FunctionOf<Plugin: HasHook<INDEX, H>>,
    H: Hook,
    F: HookParameters<M, H, X>,
{
}

/// Requires the parameters of the method of a hook of the author's own.
pub fn of_custom_hook<M: FunctionOf, F: CustomHookParameters<M, X>, X>(_: F) {}

/// Requires the parameters of the method of `on_shutdown`.
pub fn of_shutdown<M: FunctionOf, F: ShutdownParameters<M, X>, X>(_: F) {}

/// Requires the parameters of `configure` without settings.
pub fn of_configure<M: FunctionOf, F: ConfigureParameters<X>, X>(_: F) {}

/// Requires the parameters of `configure` with settings.
pub fn of_configure_with<M, C, F, X>(_: F)
where
    M: FunctionOf<Plugin: HasConfig<C>>,
    F: ConfigureWithParameters<C, X>,
{
}
