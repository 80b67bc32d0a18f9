//! The type of the settings may derive a schema, and need not. Doc comments, defaults and `deny_unknown_fields` are in it.

use plugin_sdk::{Plugin as _, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Described {
    /// How many calls may be made in a minute.
    #[serde(default = "limit")]
    limit: u32,
}

fn limit() -> u32 {
    10
}

#[derive(Deserialize)]
struct Undescribed {
    _limit: u32,
}

macro_rules! plugin_with {
    ($name:ident, $settings:ident) => {
        #[plugin(hooks = [tool_pre_invoke], config = $settings)]
        struct $name;

        impl $name {
            async fn configure(_settings: $settings) -> Result<Self, PluginError> {
                Ok(Self)
            }

            async fn tool_pre_invoke(
                &self,
                _payload: ToolPreInvokePayload,
                _context: &mut PluginContext,
            ) -> HookResult<ToolPreInvokePayload> {
                Ok(PluginResult::allow())
            }
        }
    };
}

plugin_with!(WithSchema, Described);
plugin_with!(WithoutSchema, Undescribed);

fn main() {
    let schema = WithSchema::config_schema().unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let limit = &schema["properties"]["limit"];
    assert_eq!(limit["description"], "How many calls may be made in a minute.");
    assert_eq!(limit["default"], 10);
    assert_eq!(WithoutSchema::config_schema(), None);
}
