//! The battery of the Unix transport over gRPC, by the same drivers, and what only gRPC has. The drivers are in `tests/host`.

use std::sync::OnceLock;

use crate::{
    certificates::Certificates,
    real_host::{Failed, run},
};

/// The directory of the certificates, made once.
fn certificates() -> &'static std::path::Path {
    static CERTIFICATES: OnceLock<Certificates> = OnceLock::new();
    CERTIFICATES.get_or_init(Certificates::make).directory()
}

/// One driver on one binding.
fn drive(driver: &str, transport: &str) -> Result<(), Failed> {
    run(driver, |command| {
        command.env("PROBE_TRANSPORT", transport);
        command.env("PROBE_CERTIFICATES", certificates());
        // The model has its thousands of cases per hook on the Unix transport; here the bytes on the way are in question.
        command.env("HOST_CASES_PER_HOOK", "100");
    })
    .map(drop)
}

/// Every driver of the battery on one binding.
macro_rules! battery {
    ($binding:ident, $transport:literal) => {
        mod $binding {
            use super::{Failed, drive};

            #[test]
            fn every_hook_answers_as_the_model_says() -> Result<(), Failed> {
                drive("drive_model.py", $transport)
            }

            #[test]
            fn the_plugin_manager_gets_what_a_gateway_needs() -> Result<(), Failed> {
                drive("drive_manager.py", $transport)
            }

            #[test]
            fn look_ups_sizes_and_timeouts() -> Result<(), Failed> {
                drive("drive_limits.py", $transport)
            }

            #[test]
            fn plugins_of_the_framework_s_own_tests() -> Result<(), Failed> {
                drive("drive_compat.py", $transport)
            }

            #[test]
            fn health_reflection_older_hosts_limits_and_the_end() -> Result<(), Failed> {
                drive("drive_grpc.py", $transport)
            }
        }
    };
}

battery!(tcp, "grpc");
battery!(unix_socket, "grpc-uds");
battery!(tls, "grpc-tls");
battery!(mutual_tls, "grpc-mtls");

#[test]
fn certificates_are_checked_and_rotated() -> Result<(), Failed> {
    drive("drive_certificates.py", "grpc-mtls")
}
