//! The plugin's own settings out of the operator's YAML.

use serde::de::DeserializeOwned;

use crate::{
    error::PluginError,
    value::{Map, Value},
};

/// The `config` of one entry of the YAML.
#[derive(Clone, Debug, Default)]
pub struct PluginSettings(Map);

impl PluginSettings {
    /// Reads the settings into the author's type.
    ///
    /// # Errors
    ///
    /// When they don't fit: the error names the key.
    pub fn parse<C: DeserializeOwned>(self) -> Result<C, PluginError> {
        Value::Object(self.0).deserialize_into().map_err(|error| {
            let (path, problem) = error.split_path();
            PluginError::of_setting(&path, problem.to_string())
        })
    }
}

impl From<Map> for PluginSettings {
    fn from(settings: Map) -> Self {
        Self(settings)
    }
}
