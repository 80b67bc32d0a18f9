//! Configuration files: YAML that remembers its lines, its template, and the rules for an entry of `plugins`.

mod applied_to;
mod compose;
pub(crate) mod document;
mod entries;
pub(crate) mod fields;
pub(crate) mod findings;
pub(crate) mod node;
mod scalar;
mod template;
pub(crate) mod vocabulary;
