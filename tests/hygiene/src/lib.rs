//! A crate in which the expansion of `#[plugin]` has nothing to rely on.
//!
//! The SDK has another name, the prelude is gone, its names stand for other things, and nothing may be undocumented.
//! That it compiles is the test.

#![deny(missing_docs, warnings)]
#![no_implicit_prelude]

/// Names which an expansion could mean, and here would get wrong.
pub mod shadows {
    /// Not the one of the prelude.
    pub struct Result;
    /// Not the one of the prelude.
    pub struct Option;
    /// Not the one of the prelude.
    pub struct Some;
    /// Not the one of the prelude.
    pub struct None;
    /// Not the one of the prelude.
    pub struct Box;
    /// Not the one of the prelude.
    pub struct String;
    /// Not the one of the prelude.
    pub struct Vec;
    /// Not the one of the prelude.
    pub trait Send {}
    /// Not the one of the prelude.
    pub trait Sync {}
    /// Not the one of the prelude.
    pub trait Default {}
    /// Not the one of the SDK.
    pub trait Plugin {}
    /// Not the one of the SDK.
    pub trait Hook {}
    /// Not the one of the SDK.
    pub struct Manifest;
    /// Not the one of the SDK.
    pub struct Call;
}

/// A plugin with every key that prints code.
pub mod configured {
    use crate::shadows::*;

    /// The settings, read by hand because `serde` isn't a dependency here.
    pub type Settings = ::renamed_sdk::Value;

    /// Does nothing, in a hostile place.
    #[::renamed_sdk::plugin(
        hooks = [tool_pre_invoke, http_pre_request, Own],
        name = "hostile",
        tags = ["a"],
        capabilities = [read_subject],
        config = Settings,
        on_shutdown = shutdown,
        blocking = [tool_pre_invoke],
    )]
    pub struct Configured;

    impl Configured {
        async fn configure(_config: Settings) -> ::core::result::Result<Self, ::renamed_sdk::PluginError> {
            ::core::result::Result::Ok(Self)
        }

        async fn tool_pre_invoke(
            &self,
            _payload: ::renamed_sdk::hooks::ToolPreInvokePayload,
            _context: &mut ::renamed_sdk::PluginContext,
        ) -> ::renamed_sdk::HookResult<::renamed_sdk::hooks::ToolPreInvokePayload> {
            ::core::result::Result::Ok(::renamed_sdk::PluginResult::allow())
        }

        async fn http_pre_request(
            &self,
            _payload: ::renamed_sdk::hooks::HttpPreRequestPayload,
            _context: &mut ::renamed_sdk::PluginContext,
        ) -> ::renamed_sdk::HookResult<::renamed_sdk::hooks::HttpPreRequestResultPayload> {
            ::core::result::Result::Ok(::renamed_sdk::PluginResult::allow())
        }

        async fn own(
            &self,
            _payload: ::renamed_sdk::Value,
            _context: &mut ::renamed_sdk::PluginContext,
        ) -> ::renamed_sdk::HookResult<::renamed_sdk::Value> {
            ::core::result::Result::Ok(::renamed_sdk::PluginResult::allow())
        }

        async fn shutdown(&self) {}
    }

    /// A hook of this crate's.
    pub struct Own;

    impl ::renamed_sdk::hooks::Hook for Own {
        const NAME: &'static str = "own";
        type Payload = ::renamed_sdk::Value;
        type Result = ::renamed_sdk::Value;
    }

    // The shadows are in scope of the expansion, not merely declared.
    const _: (Result, Option, Box, String, Vec, Manifest, Call) =
        (Result, Option, Box, String, Vec, Manifest, Call);
    const _: (Some, None) = (Some, None);
    impl Send for Own {}
    impl Sync for Own {}
    impl Default for Own {}
    impl Plugin for Own {}
    impl Hook for Own {}
}

/// A plugin with nothing but its hook, named like what surrounds it.
pub mod plain {
    use crate::shadows::*;

    /// Also the name of a trait of the SDK's.
    #[::renamed_sdk::plugin(hooks = [evaluate])]
    #[derive(::core::default::Default)]
    pub struct Plugin(Manifest);

    impl ::core::default::Default for Manifest {
        fn default() -> Self {
            Self
        }
    }

    impl Plugin {
        async fn evaluate(
            &self,
            _payload: ::renamed_sdk::hooks::EvaluatePayload,
            _context: &mut ::renamed_sdk::PluginContext,
        ) -> ::renamed_sdk::HookResult<::renamed_sdk::hooks::EvaluatePayload> {
            let Self(Manifest) = self;
            ::core::result::Result::Ok(::renamed_sdk::PluginResult::allow())
        }
    }
}
