//! Replaces words in what passes the gateway, and denies what has them in its name.

mod hooks;
mod settings;
mod words;

use plugin_sdk::prelude::*;

use crate::{settings::Settings, words::Words};

/// Replaces words in what passes the gateway, and denies what has them in its name.
#[plugin(
    hooks = [
{%- for hook in hooks %}
        {{hook}},
{%- endfor %}
    ],
    config = Settings,
    tags = ["words"],
)]
struct {{type_name}} {
    words: Words,
}

// The method of each hook is in `src/hooks`.
impl {{type_name}} {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        let words = settings.into_words()?;
        Ok(Self { words })
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<{{type_name}}>()
}
