//! `-h` is for the first day, `--help` for all that there is.

use super::run;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");

fn help(arguments: &[&str]) -> String {
    let (output, text) = run(PROGRAM, arguments, &[]);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}");
    text
}

#[test]
fn the_short_one_fits_a_screen_and_the_long_one_has_everything() {
    let (short, long) = (help(&["-h"]), help(&["--help"]));
    for said in [
        "serve ",
        "-t, --transport <TRANSPORT>",
        "-c, --config <FILE>",
        "--socket <PATH>",
        "/tmp/mcpgateway-plugins.sock]",
        "--grpc-port <PORT>",
        "--http-host <HOST>",
        "(see more with '--help')",
    ] {
        assert!(short.contains(said), "{said}: {short}");
    }
    for hidden in ["--max-nesting", "--grpc-tls", "[env: "] {
        assert!(!short.contains(hidden), "{hidden}: {short}");
    }
    assert!(short.lines().count() < 45, "{short}");
    for said in [
        "--max-message-size <SIZE>\n          Largest message, in bytes or with KiB or MiB\n          \
         [env: PLUGINS_MAX_MESSAGE_SIZE]\n          [default: 16MiB]\n",
        "[env: PLUGINS_UNIX_SOCKET_PATH, UNIX_SOCKET_PATH]",
        "--http-metrics [<BOOLEAN>]",
        "[env: ENABLE_METRICS]",
        "--grpc-tls-certfile <FILE>",
        "[env: PLUGINS_GRPC_SERVER_SSL_CERTFILE]",
        "--http-tls-cert-reqs <NUMBER>",
        "PLUGINS_FAIL_ON_PLUGIN_ERROR [default: true]",
        "PLUGINS_SERVER_SSL_KEYFILE_PASSWORD",
    ] {
        assert!(long.contains(said), "{said}: {long}");
    }
    // Nobody is led to put a password where every user of the machine can read it.
    assert!(!long.contains("-password"), "{long}");
}

#[test]
fn every_command_has_both() {
    for command in [
        "serve",
        "invoke",
        "manifest",
        "gateway-config",
        "check",
        "health",
        "completions",
    ] {
        for flag in ["-h", "--help"] {
            assert!(help(&[command, flag]).contains(&format!("fault-plugin {command}")));
        }
    }
    assert!(help(&["check", "--help"]).contains("--max-connections <COUNT>"));
    assert!(help(&["health", "--help"]).contains("--grpc-tls-certfile <FILE>"));
    assert!(!help(&["health", "--help"]).contains("--max-connections"));
}
