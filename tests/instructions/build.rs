//! Notes which compiler builds this: instruction counts depend on it.

use std::process::Command;

fn main() {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(compiler)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_else(|| "an unknown compiler".to_owned());
    println!(
        "cargo::rustc-env=PLUGIN_SDK_INSTRUCTIONS_COMPILER={}",
        version.trim()
    );
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=PLUGIN_SDK_INSTRUCTIONS_TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
}
