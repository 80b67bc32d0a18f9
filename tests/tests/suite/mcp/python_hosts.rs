//! The battery of the Unix transport over MCP, by the same drivers and every generation of the host, and what only MCP has.
//! The drivers are in `tests/host`.

use crate::{
    installation::Failed,
    real_host::{CPEX_0_1_3, CURRENT, GATEWAY_1_0_0},
};

/// Every driver of the battery on one binding.
macro_rules! battery {
    ($binding:ident, $transport:literal $(, $own:ident = $driver:literal)*) => {
        mod $binding {
            use super::{CPEX_0_1_3, CURRENT, Failed, GATEWAY_1_0_0};

            #[test]
            fn every_hook_answers_as_the_model_says() -> Result<(), Failed> {
                CURRENT.drive("drive_model.py", $transport)
            }

            #[test]
            fn the_plugin_manager_gets_what_a_gateway_needs() -> Result<(), Failed> {
                CURRENT.drive("drive_manager.py", $transport)
            }

            #[test]
            fn look_ups_sizes_and_timeouts() -> Result<(), Failed> {
                CURRENT.drive("drive_limits.py", $transport)
            }

            #[test]
            fn a_cancelled_call_leaves_no_answer_behind() -> Result<(), Failed> {
                CURRENT.drive("drive_cancelled.py", $transport)
            }

            #[test]
            fn plugins_of_the_framework_s_own_tests() -> Result<(), Failed> {
                CURRENT.drive("drive_compat.py", $transport)
            }

            #[test]
            fn tools_results_and_errors() -> Result<(), Failed> {
                CURRENT.drive("drive_mcp.py", $transport)
            }

            #[test]
            fn cpex_0_1_3_every_hook_answers_as_the_model_says() -> Result<(), Failed> {
                CPEX_0_1_3.drive("drive_model.py", $transport)
            }

            #[test]
            fn cpex_0_1_3_the_plugin_manager_gets_what_a_gateway_needs() -> Result<(), Failed> {
                CPEX_0_1_3.drive("drive_manager.py", $transport)
            }

            #[test]
            fn cpex_0_1_3_plugins_of_the_framework_s_own_tests() -> Result<(), Failed> {
                CPEX_0_1_3.drive("drive_compat.py", $transport)
            }

            #[test]
            fn an_older_host_gets_the_same_answers() -> Result<(), Failed> {
                GATEWAY_1_0_0.drive("drive_older_host.py", $transport)
            }

            #[test]
            fn no_caller_receives_the_answer_of_another() -> Result<(), Failed> {
                CURRENT.drive("drive_desync.py", $transport)
            }

            $(
                #[test]
                fn $own() -> Result<(), Failed> {
                    CURRENT.drive($driver, $transport)
                }
            )*
        }
    };
}

battery!(
    http,
    "http",
    requests_that_are_refused = "drive_mcp_http.py",
    connections_and_the_end = "drive_mcp_life.py"
);
battery!(
    http_on_a_unix_socket,
    "http-uds",
    requests_that_are_refused = "drive_mcp_http.py",
    connections_and_the_end = "drive_mcp_life.py"
);
battery!(
    https_with_client_certificates,
    "https-mtls",
    requests_that_are_refused = "drive_mcp_http.py",
    connections_and_the_end = "drive_mcp_life.py",
    certificates_are_checked_and_rotated = "drive_mcp_tls.py"
);
battery!(
    stdio,
    "stdio",
    lines_and_what_else_is_written = "drive_mcp_stdio.py"
);

/// The earlier generation of the host, too, gets over a restart and keeps its connection.
#[test]
fn cpex_0_1_3_connections_and_the_end() -> Result<(), Failed> {
    CPEX_0_1_3.drive("drive_mcp_life.py", "http")
}
