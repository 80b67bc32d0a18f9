//! A file for each hook: its method, and a test of it.

{% for module in modules -%}
mod {{module}};
{% endfor %}
#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{{type_name}};

    /// The plugin with the settings of the tests.
    pub(super) async fn plugin() -> {{type_name}} {
        let settings = json!({"words": ["secret"], "replacement": "***"});
        let plugin = plugin_sdk::testing::configured(settings).await;
        plugin.unwrap()
    }
}
