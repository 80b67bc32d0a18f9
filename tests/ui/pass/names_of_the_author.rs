//! No name of the expansion meets one of the author's: modules named like hooks and methods, constants and statics in lower
//! case, types named like type parameters, and plugins named like what is made for them.

#![allow(dead_code)]

use plugin_sdk::hooks::Hook;
use plugin_sdk::prelude::*;

macro_rules! hook {
    ($name:ident) => {
        pub struct $name;

        impl Hook for $name {
            const NAME: &'static str = stringify!($name);
            type Payload = Value;
            type Result = Value;
        }
    };
}

/// Modules per hook, which hold what belongs to it.
mod tool_pre_invoke {
    #[derive(serde::Deserialize)]
    pub struct Settings;
}

mod audit_event {
    use super::*;

    hook!(AuditEvent);
}

mod close {
    use super::*;

    hook!(Closed);
}

mod configure {}

#[plugin(
    hooks = [tool_pre_invoke, audit_event::AuditEvent, close::Closed],
    config = tool_pre_invoke::Settings,
    on_shutdown = close,
)]
struct Modules;

impl Modules {
    async fn configure(_config: tool_pre_invoke::Settings) -> Result<Self, PluginError> {
        Ok(Self)
    }

    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn audit_event(&self, _payload: Value, _context: &mut PluginContext) -> HookResult<Value> {
        Ok(PluginResult::allow())
    }

    async fn closed(&self, _payload: Value, _context: &mut PluginContext) -> HookResult<Value> {
        Ok(PluginResult::allow())
    }

    async fn close(&self) {}
}

/// Every short name that an expansion could bind, as a static and as a constant.
mod values {
    use super::*;

    macro_rules! values {
        ($($static:ident)+ ; $($constant:ident)+) => {
            $(#[expect(non_upper_case_globals)] static $static: u8 = 0;)+
            $(#[expect(non_upper_case_globals)] const $constant: u8 = 0;)+
        };
    }

    values! {
        payload context settings config call hook result future plugin invocation output method index error name __sdk;
        this value request answer manifest sdk state tool_pre_invoke configure close create invoke shutdown a p c r t
    }

    #[plugin(hooks = [tool_pre_invoke], config = Vec<String>, on_shutdown = close)]
    struct WithConfig;

    impl WithConfig {
        async fn configure(_: Vec<String>) -> Result<Self, PluginError> {
            Ok(Self)
        }

        async fn tool_pre_invoke(
            &self,
            _: ToolPreInvokePayload,
            _: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }

        async fn close(&self) {}
    }

    #[plugin(hooks = [tool_pre_invoke], configure)]
    struct WithConfigure;

    impl WithConfigure {
        async fn configure() -> Result<Self, PluginError> {
            Ok(Self)
        }

        async fn tool_pre_invoke(
            &self,
            _: ToolPreInvokePayload,
            _: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }
    }
}

/// Types named like the parameters of something generic, and like our own.
mod letters {
    use super::*;

    hook!(P);
    hook!(C);
    hook!(R);
    hook!(T);
    hook!(Fallback);
    hook!(Invocation);

    #[derive(Default)]
    #[plugin(hooks = [P, C, R, T, Fallback, Invocation])]
    struct H;

    macro_rules! methods {
        ($($method:ident)+) => {
            impl H {
                $(async fn $method(&self, _: Value, _: &mut PluginContext) -> HookResult<Value> {
                    Ok(PluginResult::allow())
                })+
            }
        };
    }

    methods!(p c r t fallback invocation);

    pub type Config = Vec<C>;

    #[derive(serde::Deserialize)]
    pub struct S;

    #[plugin(hooks = [P], config = S)]
    struct A;

    impl A {
        async fn configure(_: S) -> Result<Self, PluginError> {
            Ok(Self)
        }

        async fn p(&self, _: Value, _: &mut PluginContext) -> HookResult<Value> {
            let _: Config = Vec::new();
            Ok(PluginResult::allow())
        }
    }
}

/// Plugins that have the name of one of their methods.
mod plugins {
    use super::*;

    #[expect(non_camel_case_types)]
    #[plugin(hooks = [tool_pre_invoke], on_shutdown = close)]
    #[derive(Default)]
    struct tool_pre_invoke;

    impl tool_pre_invoke {
        async fn tool_pre_invoke(
            &self,
            _: ToolPreInvokePayload,
            _: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }

        async fn close(&self) {}
    }

    #[expect(non_camel_case_types)]
    #[plugin(hooks = [tool_pre_invoke], configure, on_shutdown = close)]
    struct close;

    impl close {
        async fn configure() -> Result<Self, PluginError> {
            Ok(Self)
        }

        async fn tool_pre_invoke(
            &self,
            _: ToolPreInvokePayload,
            _: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }

        async fn close(&self) {}
    }
}

fn main() {}
