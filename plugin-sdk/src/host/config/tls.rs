//! `tls` of the sections `grpc` and `mcp`, and the variables that stand for it.

use std::path::PathBuf;

use super::target::ClientTls;
use crate::{
    environment::{Environment, path},
    yaml::fields::Fields,
};

const KEYS: [&str; 6] = [
    "certfile",
    "keyfile",
    "keyfile_password",
    "ca_bundle",
    "verify",
    "check_hostname",
];

impl ClientTls {
    pub(crate) const UNVERIFIED: Self = Self {
        certfile: None,
        keyfile: None,
        keyfile_password: None,
        ca_bundle: None,
        verify: false,
        check_hostname: false,
    };

    /// Reads the section `tls` of a section.
    pub(super) fn read(section: &mut Fields<'_>) -> Option<Self> {
        section.optional_mapping("tls")?;
        let path = section.place("tls");
        let mut fields = Fields {
            path: &path,
            node: section.node.get("tls")?,
            findings: section.findings,
        };
        fields.only(&KEYS);
        let tls = Self {
            certfile: fields.file("certfile"),
            keyfile: fields.file("keyfile"),
            keyfile_password: fields.text("keyfile_password"),
            ca_bundle: fields.file("ca_bundle"),
            verify: fields.flag("verify", true),
            check_hostname: fields.flag("check_hostname", true),
        };
        if fields.non_empty("keyfile").is_some() && fields.non_empty("certfile").is_none() {
            fields.problem(
                "keyfile",
                "needs certfile, the certificate that the key belongs to",
            );
        }
        Some(tls)
    }

    /// Reads the variables of gRPC. Any of them turns TLS on, as on all hosts.
    pub(crate) fn of_grpc_variables(environment: &Environment) -> Result<Option<Self>, String> {
        of_variables(
            environment,
            &Names {
                certfile: "PLUGINS_GRPC_CLIENT_MTLS_CERTFILE",
                keyfile: "PLUGINS_GRPC_CLIENT_MTLS_KEYFILE",
                keyfile_password: "PLUGINS_GRPC_CLIENT_MTLS_KEYFILE_PASSWORD",
                ca_bundle: "PLUGINS_GRPC_CLIENT_MTLS_CA_BUNDLE",
                verify: "PLUGINS_GRPC_CLIENT_MTLS_VERIFY",
                check_hostname: None,
            },
        )
    }

    /// Reads the variables of MCP.
    pub(super) fn of_mcp_variables(environment: &Environment) -> Result<Option<Self>, String> {
        of_variables(
            environment,
            &Names {
                certfile: "PLUGINS_CLIENT_MTLS_CERTFILE",
                keyfile: "PLUGINS_CLIENT_MTLS_KEYFILE",
                keyfile_password: "PLUGINS_CLIENT_MTLS_KEYFILE_PASSWORD",
                ca_bundle: "PLUGINS_CLIENT_MTLS_CA_BUNDLE",
                verify: "PLUGINS_CLIENT_MTLS_VERIFY",
                check_hostname: Some("PLUGINS_CLIENT_MTLS_CHECK_HOSTNAME"),
            },
        )
    }
}

struct Names {
    certfile: &'static str,
    keyfile: &'static str,
    keyfile_password: &'static str,
    ca_bundle: &'static str,
    verify: &'static str,
    check_hostname: Option<&'static str>,
}

fn of_variables(environment: &Environment, names: &Names) -> Result<Option<ClientTls>, String> {
    let file = |name: &'static str| match environment.get(&[name]) {
        None => Ok(None),
        Some((_, text)) => match path(text).filter(|path: &PathBuf| path.is_file()) {
            None => Err(format!("{name}: there is no file {text}")),
            found => Ok(found),
        },
    };
    let tls = ClientTls {
        certfile: file(names.certfile)?,
        keyfile: file(names.keyfile)?,
        keyfile_password: environment
            .get(&[names.keyfile_password])
            .map(|(_, password)| password.to_owned()),
        ca_bundle: file(names.ca_bundle)?,
        verify: environment.boolean(names.verify)?.unwrap_or(true),
        check_hostname: match names.check_hostname {
            Some(name) => environment.boolean(name)?.unwrap_or(true),
            None => true,
        },
    };
    if tls.keyfile.is_some() && tls.certfile.is_none() {
        return Err(format!(
            "{} needs {}, the certificate that the key belongs to",
            names.keyfile, names.certfile
        ));
    }
    let all = [
        names.certfile,
        names.keyfile,
        names.keyfile_password,
        names.ca_bundle,
        names.verify,
    ];
    let any_is_set = all
        .into_iter()
        .chain(names.check_hostname)
        .any(|name| environment.get(&[name]).is_some());
    Ok(any_is_set.then_some(tls))
}
