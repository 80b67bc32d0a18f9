//! What an author sees for each mistake, and what must go through.

/// Expected messages are pinned to the compiler of `rust-toolchain.toml`; `TRYBUILD=overwrite` writes them anew.
#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
