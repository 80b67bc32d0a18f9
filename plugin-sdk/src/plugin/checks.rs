//! What the author's methods must look like, as bounds, so that the compiler says what to write instead.
//!
//! `#[plugin]` sees a struct and the names of hooks, never the `impl` with the methods. It prints calls of the functions
//! here around the author's methods; each has one bound, and each bound one message. An implementation for whole
//! classes of types is marked `do_not_recommend`: the compiler then reports our bound instead of what lies below it.

use std::future::Future;
#[doc(no_inline)]
pub use std::future::{Pending, pending};

use serde::de::DeserializeOwned;

use super::{Call, HasConfig, HasHook, PluginSettings};
use crate::error::PluginError;
use crate::hooks::Hook;
use crate::result::HookResult;

/// The type of a hook's payload, as the type of a parameter of the author's method.
///
/// `Expected` only repeats the hook's payload for the message.
#[diagnostic::on_unimplemented(
    message = "the payload of this hook is `{Expected}`, not `{Self}`",
    label = "its method takes `{Self}`",
    note = "write `payload: {Expected}`"
)]
pub trait PayloadOf<H: Hook, Expected = <H as Hook>::Payload>: Sized {
    /// The payload itself.
    fn from_payload(payload: H::Payload) -> Self;
}

#[diagnostic::do_not_recommend]
impl<H: Hook<Payload = P>, P> PayloadOf<H, P> for P {
    fn from_payload(payload: P) -> P {
        payload
    }
}

/// What a hook's method returns at once.
#[diagnostic::on_unimplemented(
    message = "the method of a hook is an `async fn`",
    label = "its method is not async: it returns `{Self}`",
    note = "write `async fn` in place of `fn`; a hook that blocks its thread is listed in `blocking = [..]`"
)]
pub trait HookFuture: Future {}

#[diagnostic::do_not_recommend]
impl<F: Future> HookFuture for F {}

/// What a hook's method returns in the end.
///
/// `Expected` only repeats the hook's result type for the message.
#[diagnostic::on_unimplemented(
    message = "this hook returns `HookResult<{Expected}>`",
    label = "its method returns `{Self}`",
    note = "write `-> HookResult<{Expected}>`"
)]
pub trait HookOutput<H: Hook, Expected = <H as Hook>::Result> {
    /// The result itself.
    ///
    /// # Errors
    ///
    /// The author's.
    fn into_result(self) -> HookResult<H::Result>;
}

#[diagnostic::do_not_recommend]
impl<H: Hook<Result = T>, T> HookOutput<H, T> for HookResult<T> {
    fn into_result(self) -> Self {
        self
    }
}

/// A plugin that is made without `config` and without `configure`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is made without settings, so it must implement `Default`",
    label = "has no `Default`",
    note = "either write `#[derive(Default)]` on it",
    note = "or add the key `configure` and write `async fn configure() -> Result<Self, PluginError>`",
    note = "or add `config = Settings` and write `async fn configure(config: Settings) -> Result<Self, PluginError>`"
)]
pub trait DefaultPlugin: Sized {
    /// The plugin.
    fn default_plugin() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> DefaultPlugin for T {
    fn default_plugin() -> T {
        T::default()
    }
}

/// The type of `config = Type`.
#[diagnostic::on_unimplemented(
    message = "the settings are read as `{Self}`, so it must implement `serde::Deserialize`",
    label = "doesn't implement `serde::Deserialize`",
    note = "write `#[derive(serde::Deserialize)]` on `{Self}`"
)]
pub trait ReadableSettings: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<C: DeserializeOwned> ReadableSettings for C {}

/// What `configure` returns at once.
#[diagnostic::on_unimplemented(
    message = "`configure` is an `async fn`",
    label = "this `configure` is not async: it returns `{Self}`",
    note = "write `async fn configure` in place of `fn configure`"
)]
pub trait ConfigureFuture: Future {}

#[diagnostic::do_not_recommend]
impl<F: Future> ConfigureFuture for F {}

/// What `configure` of `P` returns in the end.
#[diagnostic::on_unimplemented(
    message = "`configure` returns `Result<{P}, PluginError>`",
    label = "this `configure` returns `{Self}`",
    note = "write `-> Result<Self, PluginError>`"
)]
pub trait ConfigureOutput<P> {
    /// The plugin.
    ///
    /// # Errors
    ///
    /// Why it cannot run.
    fn into_result(self) -> Result<P, PluginError>;
}

#[diagnostic::do_not_recommend]
impl<P> ConfigureOutput<P> for Result<P, PluginError> {
    fn into_result(self) -> Self {
        self
    }
}

/// What the method of `on_shutdown` returns at once.
#[diagnostic::on_unimplemented(
    message = "the method of `on_shutdown` is an `async fn`",
    label = "this method is not async: it returns `{Self}`",
    note = "write `async fn` in place of `fn`"
)]
pub trait ShutdownFuture: Future {}

#[diagnostic::do_not_recommend]
impl<F: Future> ShutdownFuture for F {}

/// What the method of `on_shutdown` returns in the end.
#[diagnostic::on_unimplemented(
    message = "the method of `on_shutdown` returns nothing or `Result<(), PluginError>`",
    label = "this method returns `{Self}`",
    note = "write `-> Result<(), PluginError>`"
)]
pub trait ShutdownOutput {
    /// Nothing.
    ///
    /// # Errors
    ///
    /// What went wrong.
    fn into_result(self) -> Result<(), PluginError>;
}

#[diagnostic::do_not_recommend]
impl ShutdownOutput for () {
    fn into_result(self) -> Result<(), PluginError> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl ShutdownOutput for Result<(), PluginError> {
    fn into_result(self) -> Self {
        self
    }
}

/// Requires a hook's method to be async.
///
/// The type that comes back is a future whatever came in, so that a method which isn't async is one error.
pub fn hook_future<F: HookFuture>(future: F) -> impl Future<Output = F::Output> {
    future
}

/// What stands in for the future of a method that is missing.
pub type PendingHook<H> = Pending<HookResult<<H as Hook>::Result>>;

/// Takes the payload of the hook with this index, and requires its type.
pub fn payload<W: HasHook<INDEX, H>, const INDEX: usize, H: Hook, P: PayloadOf<H>>(
    call: &mut Call,
) -> Option<P> {
    call.payload::<H, P>()
}

/// Requires the result type of a hook's method, and takes the result. Never nothing: `?` in the expansion ends the same block.
pub fn finish<W: HasHook<INDEX, H>, const INDEX: usize, H: Hook, O: HookOutput<H>>(
    output: O,
    call: &mut Call,
) -> Option<()> {
    call.finish::<H>(output.into_result());
    Some(())
}

/// Requires `Default` of a plugin without settings.
///
/// # Errors
///
/// None.
pub fn default_plugin<P: DefaultPlugin>() -> Result<P, PluginError> {
    Ok(P::default_plugin())
}

/// The settings. A field, because the compiler then finds their type before it looks at what `configure` takes.
pub struct Settings<C> {
    /// The settings themselves.
    pub config: C,
}

/// Requires `Deserialize` of the settings, and reads them.
///
/// # Errors
///
/// What the settings have to look like, when they don't.
pub fn read_settings<P: HasConfig<C>, C: ReadableSettings>(
    settings: PluginSettings,
) -> Result<Settings<C>, PluginError> {
    settings.parse().map(|config| Settings { config })
}

/// Requires `configure` to be async.
pub fn configure_future<F: ConfigureFuture>(future: F) -> impl Future<Output = F::Output> {
    future
}

/// Requires the result type of `configure`.
///
/// # Errors
///
/// Those of `configure`.
pub fn configured<P, O: ConfigureOutput<P>>(output: O) -> Result<P, PluginError> {
    output.into_result()
}

/// Requires the method of `on_shutdown` to be async.
pub fn shutdown_future<F: ShutdownFuture>(future: F) -> impl Future<Output = F::Output> {
    future
}

/// Requires the result type of the method of `on_shutdown`.
///
/// # Errors
///
/// Those of the method.
pub fn shutdown_result<O: ShutdownOutput>(output: O) -> Result<(), PluginError> {
    output.into_result()
}

/// The method of a hook which the author has yet to write. Nothing has it: who lacks the method gets the message.
///
/// `Method` is a type of the expansion's with the method's name; `Payload` and `Output` only repeat the hook's types.
#[diagnostic::on_unimplemented(
    message = "the hook `{Method}` needs a method of `{Self}`: `async fn {Method}(&self, ..)`",
    label = "`{Self}` has no such method, or it doesn't take `&self`, or it is private to another module",
    note = "write in `impl {Self}`: `async fn {Method}(&self, payload: {Payload}, context: &mut PluginContext) -> HookResult<{Output}>`",
    note = "hooks take `&self` because they are called many times at once: keep what changes in an atomic or a mutex"
)]
pub trait HasHookMethod<Method, H: Hook, Payload = <H as Hook>::Payload, Output = <H as Hook>::Result> {}

/// The `configure` which the author has yet to write, for a plugin without settings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no function `configure`, which makes the plugin",
    label = "`{Self}` needs `configure`",
    note = "write in `impl {Self}`: `async fn configure() -> Result<Self, PluginError>`"
)]
pub trait HasConfigure {}

/// The `configure` which the author has yet to write, for a plugin with settings of the type `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no function `configure`, which makes the plugin of its settings",
    label = "`{Self}` needs `configure`",
    note = "write in `impl {Self}`: `async fn configure(config: {C}) -> Result<Self, PluginError>`"
)]
pub trait HasConfigureWith<C> {}

/// The method of `on_shutdown` which the author has yet to write.
#[diagnostic::on_unimplemented(
    message = "`on_shutdown` needs a method of `{Self}`: `async fn {Method}(&self)`",
    label = "`{Self}` has no such method, or it doesn't take `&self`, or it is private to another module",
    note = "write in `impl {Self}`: `async fn {Method}(&self) -> Result<(), PluginError>`"
)]
pub trait HasShutdownMethod<Method> {}

/// No type of an author's. Without any implementation, the compiler would propose to write one.
pub enum Nobody {}

#[diagnostic::do_not_recommend]
impl<M, H: Hook> HasHookMethod<M, H> for Nobody {}

#[diagnostic::do_not_recommend]
impl HasConfigure for Nobody {}

#[diagnostic::do_not_recommend]
impl<C> HasConfigureWith<C> for Nobody {}

#[diagnostic::do_not_recommend]
impl<M> HasShutdownMethod<M> for Nobody {}
