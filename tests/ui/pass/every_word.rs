use plugin_sdk::prelude::*;
use plugin_sdk::{Capability, Mode, OnError};

macro_rules! plugins {
    ($($name:ident = $mode:ident, $on_error:ident -> $expected:expr, $ignored:expr;)+) => {
        $(
            #[plugin(
                hooks = [tool_pre_invoke],
                mode = $mode,
                on_error = $on_error,
                capabilities = [
                    read_subject, read_roles, read_teams, read_claims, read_permissions, read_agent, read_headers, write_headers,
                    read_labels, append_labels, read_delegation, append_delegation,
                ],
            )]
            #[derive(Default)]
            struct $name;

            impl $name {
                async fn tool_pre_invoke(
                    &self,
                    _payload: ToolPreInvokePayload,
                    _context: &mut PluginContext,
                ) -> HookResult<ToolPreInvokePayload> {
                    Ok(PluginResult::allow())
                }
            }
        )+

        fn main() {
            $(
                let manifest = $name::manifest();
                assert_eq!((manifest.mode, manifest.on_error), ($expected, $ignored));
                assert_eq!((manifest.mode.as_str(), manifest.on_error.as_str()), (stringify!($mode), stringify!($on_error)));
                assert_eq!(manifest.capabilities.len(), 12);
                assert_eq!(manifest.capabilities[0], Capability::ReadSubject);
                assert_eq!(manifest.capabilities[11], Capability::AppendDelegation);
            )+
        }
    };
}

plugins! {
    A = sequential, fail -> Mode::Sequential, OnError::Fail;
    B = transform, ignore -> Mode::Transform, OnError::Ignore;
    C = audit, disable -> Mode::Audit, OnError::Disable;
    D = concurrent, fail -> Mode::Concurrent, OnError::Fail;
    E = fire_and_forget, fail -> Mode::FireAndForget, OnError::Fail;
    F = disabled, fail -> Mode::Disabled, OnError::Fail;
}
