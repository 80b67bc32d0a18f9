//! What the book in `docs` shows: its plugins, and its code in Rust as tests of the documentation.

pub mod replace_words;
pub mod word_guard;

/// The pages with code that is compiled and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/hooks.md")]
    mod hooks {}

    #[doc = include_str!("../../docs/configuration.md")]
    mod configuration {}

    #[doc = include_str!("../../docs/unix.md")]
    mod unix {}

    #[doc = include_str!("../../docs/grpc.md")]
    mod grpc {}

    #[doc = include_str!("../../docs/mcp.md")]
    mod mcp {}

    #[doc = include_str!("../../docs/security.md")]
    mod security {}

    #[doc = include_str!("../../docs/host.md")]
    mod host {}
}
