//! Certificates for servers and hosts, good ones and bad ones, in files as an operator has them.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tempfile::TempDir;

/// A directory with `authority.pem`, and `NAME.pem` with `NAME.key` for each certificate.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    pub(crate) fn make() -> Self {
        let files = Self(
            tempfile::Builder::new()
                .prefix("certificates-")
                .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
                .unwrap(),
        );
        let good = authority("good authority");
        let other = authority("another authority");
        files.write("authority.pem", &good.0);
        files.write("other-authority.pem", &other.0);
        for (name, purpose, issuer) in [
            ("server", ExtendedKeyUsagePurpose::ServerAuth, &good.1),
            ("server-again", ExtendedKeyUsagePurpose::ServerAuth, &good.1),
            ("client", ExtendedKeyUsagePurpose::ClientAuth, &good.1),
            ("client-of-another", ExtendedKeyUsagePurpose::ClientAuth, &other.1),
            ("client-for-servers", ExtendedKeyUsagePurpose::ServerAuth, &good.1),
        ] {
            files.sign(name, &params("localhost", purpose), issuer);
        }
        let mut both = params("localhost", ExtendedKeyUsagePurpose::ServerAuth);
        both.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        files.sign("both", &both, &good.1);
        for (name, purpose) in [
            ("client", ExtendedKeyUsagePurpose::ClientAuth),
            ("server", ExtendedKeyUsagePurpose::ServerAuth),
        ] {
            let mut past = params("localhost", purpose.clone());
            past.not_after = date_time_ymd(2020, 1, 1);
            files.sign(&format!("{name}-expired"), &past, &good.1);
            let mut future = params("localhost", purpose);
            future.not_before = date_time_ymd(2100, 1, 1);
            future.not_after = date_time_ymd(2101, 1, 1);
            files.sign(&format!("{name}-not-yet"), &future, &good.1);
        }
        // Of an authority that has the same name and another key.
        files.sign(
            "client-of-namesake",
            &params("localhost", ExtendedKeyUsagePurpose::ClientAuth),
            &authority("good authority").1,
        );
        for (name, host) in [
            ("server-elsewhere", "elsewhere.example"),
            ("server-wildcard", "*.example.com"),
            ("server-address", "10.1.2.3"),
        ] {
            files.sign(name, &params(host, ExtendedKeyUsagePurpose::ServerAuth), &good.1);
        }
        files.write("authority.key", &good.1.key().serialize_pem());
        files
    }

    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn sign(&self, name: &str, params: &CertificateParams, issuer: &Issuer<'static, KeyPair>) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        self.write(&format!("{name}.pem"), &certificate.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    (certificate, Issuer::new(params, key))
}

fn params(host: &str, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, host);
    params.extended_key_usages = vec![purpose];
    params
}
