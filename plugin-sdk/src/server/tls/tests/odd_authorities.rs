//! Authorities whose certificates have what few have: they sign all the same.

use rcgen::{BasicConstraints, CustomExtension, DnType, DnValue, IsCa};

use super::support::{Authority, Client, Files, When, meet, params};

const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];

fn with_name(name: DnValue) -> Authority {
    let mut params = params("odd authority", When::Now);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::OrganizationName, name);
    Authority::with(params)
}

/// With nothing that says that it is an authority, which one may be all the same.
fn with_extension(name: &[u64], content: &[u8]) -> Authority {
    let mut params = params("odd authority", When::Now);
    let extension = CustomExtension::from_oid_content(name, content.to_vec());
    params.custom_extensions.push(extension);
    Authority::with(params)
}

/// `SEQUENCE { TRUE, 1000 }`
fn with_path_length() -> Authority {
    with_extension(BASIC_CONSTRAINTS, &[0x30, 7, 1, 1, 0xff, 2, 2, 3, 0xe8])
}

#[tokio::test]
async fn an_odd_authority_signs_for_clients_and_for_the_server() {
    let names = [
        DnValue::TeletexString("old".try_into().unwrap()),
        DnValue::UniversalString("rare".try_into().unwrap()),
        DnValue::BmpString("wide".try_into().unwrap()),
    ];
    let others = [
        with_path_length(),
        with_extension(KEY_USAGE, b"no key usage"),
        // `SEQUENCE { 1 }`
        with_extension(EXTENDED_KEY_USAGE, &[0x30, 3, 2, 1, 1]),
    ];
    for authority in names.map(with_name).into_iter().chain(others) {
        let files = Files::new();
        files.write("ca.pem", &authority.certificate);
        files.write_server(&authority.server(When::Now));
        let client = Client::new(&authority, &authority.client(When::Now));
        let seen = meet(&files.load(), &client).await;
        assert!(seen.is_ok(), "{seen:?}\n{}", authority.certificate);
    }
}

#[test]
fn an_authority_that_is_no_certificate_is_named() {
    let files = Files::new();
    let none = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let odd = with_path_length().certificate;
    files.write("ca.pem", &format!("{odd}{none}{odd}"));
    let message = files.refusal(files.settings());
    assert!(
        message.starts_with(
            "ca_bundle: ca.pem can't be used, certificate 2 in it is not an X.509 certificate ("
        ),
        "{message}"
    );
    assert!(message.ends_with("): write it again"), "{message}");
}

/// Of the server's own certificate more must be known.
#[test]
fn a_usage_that_cannot_be_read_is_an_error_in_the_certificate_of_the_server() {
    let files = Files::new();
    let authority = with_extension(KEY_USAGE, b"no key usage");
    files.write_server(&authority.pair());
    let message = files.refusal(files.settings());
    assert!(
        message.starts_with(
            "certfile: server.pem can't be used, certificate 1 in it is not an X.509 certificate ("
        ),
        "{message}"
    );
}
