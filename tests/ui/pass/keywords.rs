//! Hooks and methods may be named like keywords of any edition, and be written raw.

use plugin_sdk::hooks::Hook;
use plugin_sdk::prelude::*;

macro_rules! plugin_of {
    ($($hook:ident $method:ident)+) => {
        $(
            struct $hook;

            impl Hook for $hook {
                const NAME: &'static str = stringify!($hook);
                type Payload = Value;
                type Result = Value;
            }
        )+

        #[plugin(hooks = [$($hook,)+ r#tool_pre_invoke], blocking = [$($hook,)+ tool_pre_invoke], on_shutdown = r#gen)]
        #[derive(Default)]
        struct Keywords;

        impl Keywords {
            $(
                async fn $method(&self, _payload: Value, _context: &mut PluginContext) -> HookResult<Value> {
                    Ok(PluginResult::allow())
                }
            )+

            async fn tool_pre_invoke(
                &self,
                _payload: ToolPreInvokePayload,
                _context: &mut PluginContext,
            ) -> HookResult<ToolPreInvokePayload> {
                Ok(PluginResult::allow())
            }

            async fn r#gen(&self) {}
        }
    };
}

plugin_of! {
    As r#as Async r#async Await r#await Break r#break Const r#const Continue r#continue Dyn r#dyn Else r#else Enum r#enum
    Extern r#extern False r#false Fn_ fn_ For r#for If r#if Impl r#impl In r#in Let r#let Loop r#loop Match r#match
    Mod r#mod Move r#move Mut r#mut Pub r#pub Ref r#ref Return r#return Static r#static Struct r#struct Trait r#trait
    True r#true Type r#type Unsafe r#unsafe Use r#use Where r#where While r#while Abstract r#abstract Become r#become
    Do r#do Final r#final Macro r#macro Override r#override Priv r#priv Try r#try Typeof r#typeof Unsized r#unsized
    Virtual r#virtual Yield r#yield Union union Auto auto r#RawEvent raw_event Élan élan
}

struct Gen;

impl Hook for Gen {
    const NAME: &'static str = "gen";
    type Payload = Value;
    type Result = Value;
}

#[plugin(hooks = [Gen], on_shutdown = match)]
#[derive(Default)]
struct r#Generated;

impl Generated {
    async fn r#gen(&self, _payload: Value, _context: &mut PluginContext) -> HookResult<Value> {
        Ok(PluginResult::allow())
    }

    async fn r#match(&self) {}
}

fn main() {
    use plugin_sdk::Plugin as _;

    assert!(Keywords::manifest().hooks.iter().all(|hook| hook.blocking));
    assert_eq!(Generated::manifest().hooks[0].name, "gen");
}
