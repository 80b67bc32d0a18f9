//! What `Debug` shows of a secret.

use std::fmt;

/// Stands in for a secret in `Debug` output, with the text that Python hosts print in its place.
pub(super) struct Secret;

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("**********")
    }
}
