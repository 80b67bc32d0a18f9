//! The protobuf schema of the external plugin protocol of ContextForge and CPEX, with its generated messages.
//!
//! Generated code is checked in, so that nobody who builds a plugin needs a code generator; a test of the workspace generates it
//! again and compares.

/// The messages as a plugin server works with them: every `google.protobuf.Struct` is kept as its bytes. The same as the public
/// schema on the wire.
#[rustfmt::skip]
#[allow(clippy::all, clippy::pedantic, missing_docs)]
#[path = "generated/cpex.wire.rs"]
pub mod wire;

/// The public schema, with `google.protobuf.Struct` as a tree.
#[cfg(feature = "public")]
#[rustfmt::skip]
#[allow(clippy::all, clippy::pedantic, missing_docs)]
#[path = "generated/cpex.rs"]
pub mod cpex;

/// The public schema as an encoded `FileDescriptorSet`: packages `cpex` and `mcpgateway.plugins` with all that they import.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.binpb");
