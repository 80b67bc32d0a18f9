//! The battery of the Unix transport over gRPC, by the same drivers, and what only gRPC has. The drivers are in `tests/host`.

use crate::{
    installation::Failed,
    real_host::{CURRENT, GATEWAY_1_0_0},
};

/// One driver on one binding.
fn drive(driver: &str, transport: &str) -> Result<(), Failed> {
    CURRENT.drive(driver, transport)
}

/// What an older host knows of the battery, on one binding.
fn drive_older(transport: &str) -> Result<(), Failed> {
    GATEWAY_1_0_0.drive("drive_older_host.py", transport)
}

/// Every driver of the battery on one binding.
macro_rules! battery {
    ($binding:ident, $transport:literal) => {
        mod $binding {
            use super::{Failed, drive, drive_older};

            #[test]
            fn every_hook_answers_as_the_model_says() -> Result<(), Failed> {
                drive("drive_model.py", $transport)
            }

            #[test]
            fn the_plugin_manager_gets_what_a_gateway_needs() -> Result<(), Failed> {
                drive("drive_manager.py", $transport)
            }

            #[test]
            fn look_ups_sizes_timeouts_and_restarts() -> Result<(), Failed> {
                drive("drive_limits.py", $transport)
            }

            #[test]
            fn no_caller_receives_the_answer_of_another() -> Result<(), Failed> {
                drive("drive_desync.py", $transport)
            }

            #[test]
            fn a_cancelled_call_leaves_no_answer_behind() -> Result<(), Failed> {
                drive("drive_cancelled.py", $transport)
            }

            #[test]
            fn plugins_of_the_framework_s_own_tests() -> Result<(), Failed> {
                drive("drive_compat.py", $transport)
            }

            #[test]
            fn an_older_host_gets_the_same_answers() -> Result<(), Failed> {
                drive_older($transport)
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
