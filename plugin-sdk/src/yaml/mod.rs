//! Configuration files: YAML that remembers its lines, its template, and the rules for an entry of `plugins`.

pub(crate) mod fields;
pub(crate) mod findings;
pub(crate) mod node;
pub(crate) mod template;
pub(crate) mod vocabulary;
