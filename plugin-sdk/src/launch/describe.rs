//! What the plugins are, in the words of catalogues.

use serde::Serialize;

use super::cli::Format;
use crate::plugin::PluginKind;
use crate::value::{Map, Value};

/// A `plugin-manifest.yaml`, as the installer and the catalogue read it ([protocol, section
/// 9.7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#97-plugin-manifest)).
#[derive(Serialize)]
struct PluginManifest<'a> {
    name: &'a str,
    kind: &'a str,
    description: &'a str,
    author: &'a str,
    version: &'a str,
    tags: &'a [String],
    available_hooks: Vec<&'static str>,
    /// The settings that may be left out, with their defaults, as far as the schema names them.
    default_config: Map,
    /// The JSON Schema of `default_config`, in JSON alone: neither the installer nor the catalogue reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_schema: Option<Map>,
}

/// The manifests of all plugins: documents of one YAML stream, or a JSON array when there are several.
pub(crate) fn manifests(kinds: &[PluginKind], format: Format) -> Result<String, String> {
    let manifests: Vec<_> = kinds
        .iter()
        .map(|kind| PluginManifest::of(kind, format))
        .collect();
    match (format, manifests.as_slice()) {
        (Format::Json, [manifest]) => json(manifest),
        (Format::Json, manifests) => json(manifests),
        (Format::Yaml, manifests) => {
            let documents: Result<Vec<_>, _> = manifests.iter().map(yaml).collect();
            Ok(documents?.join("---\n"))
        }
    }
}

impl<'a> PluginManifest<'a> {
    fn of(kind: &'a PluginKind, format: Format) -> Self {
        let manifest = &kind.manifest;
        let schema = (kind.config_schema)();
        Self {
            name: &manifest.name,
            kind: &manifest.kind,
            description: &manifest.description,
            author: &manifest.author,
            version: &manifest.version,
            tags: &manifest.tags,
            available_hooks: manifest.hooks.iter().map(|hook| hook.name).collect(),
            default_config: schema.as_ref().map(defaults).unwrap_or_default(),
            config_schema: match format {
                Format::Json => schema,
                Format::Yaml => None,
            },
        }
    }
}

/// What an operator who writes nothing has: `default` of each property. One that is null says no more than a key that is not there.
fn defaults(schema: &Map) -> Map {
    let properties = schema.get("properties").and_then(Value::as_object);
    let named = properties.into_iter().flat_map(Map::iter);
    let defaults = named.filter_map(|(name, property)| Some((name, property.get("default")?.clone())));
    defaults.filter(|(_, default)| !default.is_null()).collect()
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String, String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

pub(crate) fn yaml(value: &impl Serialize) -> Result<String, String> {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        prefer_block_scalars: false,
    };
    let text = serde_saphyr::to_string_with_options(value, options).map_err(|error| error.to_string())?;
    Ok(text.trim_end().to_owned() + "\n")
}
