//! Which method a path names.

use crate::protocol::plugin_config::Vocabulary;

/// The service that current hosts call.
pub(crate) const CURRENT_SERVICE: &str = "cpex.PluginService";
/// The service that hosts up to 1.0.0 call: the same messages, and older names in the configurations.
pub(crate) const OLDER_SERVICE: &str = "mcpgateway.plugins.PluginService";
/// The health services of the two packages.
pub(crate) const CURRENT_HEALTH: &str = "cpex.Health";
pub(crate) const OLDER_HEALTH: &str = "mcpgateway.plugins.Health";

/// The methods of the services.
pub(crate) const INVOKE_HOOK: &str = "InvokeHook";
pub(crate) const GET_PLUGIN_CONFIG: &str = "GetPluginConfig";
const GET_PLUGIN_CONFIGS: &str = "GetPluginConfigs";
pub(crate) const CHECK: &str = "Check";

/// A method of the two packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    InvokeHook,
    GetPluginConfig(Vocabulary),
    GetPluginConfigs(Vocabulary),
    Health,
}

impl Method {
    /// The method of a path such as `/cpex.PluginService/InvokeHook`.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        let vocabulary = match service {
            CURRENT_SERVICE => Vocabulary::Current,
            OLDER_SERVICE => Vocabulary::Older,
            CURRENT_HEALTH | OLDER_HEALTH => return (method == CHECK).then_some(Self::Health),
            _ => return None,
        };
        match method {
            INVOKE_HOOK => Some(Self::InvokeHook),
            GET_PLUGIN_CONFIG => Some(Self::GetPluginConfig(vocabulary)),
            GET_PLUGIN_CONFIGS => Some(Self::GetPluginConfigs(vocabulary)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_methods_of_both_packages() {
        for (path, expected) in [
            ("/cpex.PluginService/InvokeHook", Some(Method::InvokeHook)),
            (
                "/mcpgateway.plugins.PluginService/InvokeHook",
                Some(Method::InvokeHook),
            ),
            (
                "/cpex.PluginService/GetPluginConfig",
                Some(Method::GetPluginConfig(Vocabulary::Current)),
            ),
            (
                "/mcpgateway.plugins.PluginService/GetPluginConfigs",
                Some(Method::GetPluginConfigs(Vocabulary::Older)),
            ),
            ("/cpex.Health/Check", Some(Method::Health)),
            ("/mcpgateway.plugins.Health/Check", Some(Method::Health)),
            ("/cpex.Health/Watch", None),
            ("/cpex.PluginService/invokehook", None),
            ("/cpex.PluginService/InvokeHook/", None),
            ("/PluginService/InvokeHook", None),
            ("/", None),
            ("*", None),
        ] {
            assert_eq!(Method::of_path(path), expected, "{path}");
        }
    }
}
