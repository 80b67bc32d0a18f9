//! The variables of the environment that the host side reads ([protocol, section
//! 10](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#10-environment-command-line)).

use std::collections::BTreeMap;

use super::target::ClientTls;
use crate::environment::Environment;

/// What the environment says about connections to servers.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    environment: Environment,
}

impl Variables {
    pub(crate) fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// The environment of this process, and `.env`.
    pub(crate) fn read() -> Self {
        let environment = Environment::read();
        for warning in &environment.warnings {
            tracing::warn!("{warning}");
        }
        Self::new(environment)
    }

    /// What a template of the configuration file sees.
    pub(super) fn for_template(&self) -> BTreeMap<String, String> {
        self.environment.template_variables()
    }

    pub(super) fn grpc_tls(&self) -> Result<Option<ClientTls>, String> {
        ClientTls::of_grpc_variables(&self.environment)
    }

    pub(super) fn mcp_tls(&self) -> Result<Option<ClientTls>, String> {
        ClientTls::of_mcp_variables(&self.environment)
    }

    pub(super) fn skips_verification(&self) -> Result<bool, String> {
        Ok(self
            .environment
            .boolean("PLUGINS_SKIP_SSL_VERIFY")?
            .unwrap_or(false))
    }

    pub(super) fn ssrf_protection(&self) -> Result<bool, String> {
        let name = "PLUGINS_SSRF_PROTECTION_ENABLED";
        Ok(self.environment.boolean(name)?.unwrap_or(true))
    }

    /// Names that may lead to private addresses all the same.
    pub(super) fn allowed_hosts(&self) -> impl Iterator<Item = &str> {
        let names = self.environment.get(&["PLUGINS_SSRF_ALLOWED_HOSTS"]);
        let names = names.map_or("", |(_, names)| names);
        names.split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    pub(super) fn fail_on_plugin_error(&self) -> Result<bool, String> {
        Ok(self
            .environment
            .boolean("PLUGINS_FAIL_ON_PLUGIN_ERROR")?
            .unwrap_or(false))
    }

    /// The file that hosts read.
    pub(super) fn config_file(&self) -> &str {
        let file = self.environment.get(&["PLUGINS_CONFIG_FILE"]);
        file.map_or("plugins/config.yaml", |(_, file)| file)
    }

    /// A number of a variable, within bounds.
    pub(crate) fn number(
        &self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<f64>,
    ) -> Result<Option<f64>, String> {
        let Some((_, text)) = self.environment.get(&[name]) else {
            return Ok(None);
        };
        match text.parse::<f64>().ok().filter(|number| bounds.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(format!(
                "{name}: \"{text}\" is not a number from {} to {}",
                bounds.start(),
                bounds.end()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::host::config::{
        GatewayConfig,
        address::Allowed,
        target::{HttpTarget, Target},
    };

    fn target(section: &str, variables: &[(&str, &str)]) -> Result<Target, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = Variables::new(Environment::new(variables, &[]));
        let text = format!("plugins: [{{name: A, kind: external, {section}}}]");
        let gateway = GatewayConfig::parse_with(Path::new("gateway.yaml"), &text, &variables);
        let gateway = gateway.map_err(|error| error.to_string())?;
        Ok(gateway.external().next().unwrap().target().clone())
    }

    fn http(url: &str, variables: &[(&str, &str)]) -> Result<HttpTarget, String> {
        let section = format!("mcp: {{proto: STREAMABLEHTTP, url: '{url}'}}");
        match target(&section, variables)? {
            Target::Http(target) => Ok(target),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tls_is_left_to_the_environment_where_the_section_says_nothing() {
        let grpc = |section: &str, variables: &[(&str, &str)]| match target(section, variables) {
            Ok(Target::Grpc(target)) => Ok(target.tls.map(|tls| tls.verify)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        let set = [("PLUGINS_GRPC_CLIENT_MTLS_VERIFY", "false")];
        assert_eq!(grpc("grpc: {target: 'a:1'}", &[]), Ok(None));
        assert_eq!(grpc("grpc: {target: 'a:1'}", &set), Ok(Some(false)));
        assert_eq!(grpc("grpc: {target: 'a:1', tls: {}}", &set), Ok(Some(true)));
        assert_eq!(grpc("grpc: {uds: /a.sock}", &set), Ok(None));
        let missing = grpc(
            "grpc: {target: 'a:1'}",
            &[("PLUGINS_GRPC_CLIENT_MTLS_CERTFILE", "/no/file")],
        );
        assert_eq!(
            missing.unwrap_err(),
            "gateway.yaml:1: plugins[0].grpc.tls: is left to the environment, where \
             PLUGINS_GRPC_CLIENT_MTLS_CERTFILE: there is no file /no/file"
        );

        let verify = |variables: &[(&str, &str)]| {
            http("https://h/mcp", variables)
                .unwrap()
                .tls
                .map(|tls| tls.verify)
        };
        assert_eq!(verify(&[]), None);
        assert_eq!(verify(&[("PLUGINS_SKIP_SSL_VERIFY", "true")]), Some(false));
        let both = [
            ("PLUGINS_SKIP_SSL_VERIFY", "true"),
            ("PLUGINS_CLIENT_MTLS_CHECK_HOSTNAME", "false"),
        ];
        assert_eq!(verify(&both), Some(true));
    }

    #[test]
    fn addresses_are_refused_as_far_as_the_operator_wants_it() {
        let off = [("PLUGINS_SSRF_PROTECTION_ENABLED", "false")];
        let allowed =
            |url: &str, variables: &[(&str, &str)]| http(url, variables).map(|target| target.addresses);
        assert!(allowed("http://10.0.0.1/", &[]).is_err());
        assert_eq!(allowed("http://10.0.0.1/", &off), Ok(Allowed::All));
        assert_eq!(allowed("http://plugins/", &[]), Ok(Allowed::Public));
        assert_eq!(allowed("http://localhost/", &[]), Ok(Allowed::PublicAndLoopback));
        let listed = [("PLUGINS_SSRF_ALLOWED_HOSTS", "other, plugins")];
        assert_eq!(allowed("http://plugins/", &listed), Ok(Allowed::All));
        assert!(allowed("http://plugins/", &[("PLUGINS_SSRF_PROTECTION_ENABLED", "maybe")]).is_err());
    }
}
