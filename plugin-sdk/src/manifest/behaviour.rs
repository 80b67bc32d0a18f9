//! How hosts run a plugin: the words of `mode`, `on_error` and `capabilities`.

use std::fmt;

/// Declares an enumeration of the words that a configuration has for something.
macro_rules! words {
    ($(#[$documentation:meta])+ $name:ident { $($(#[$variant_documentation:meta])+ $variant:ident = $text:literal,)+ }) => {
        $(#[$documentation])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_documentation])+ $variant,)+
        }

        impl $name {
            /// The names in configurations.
            pub(crate) const NAMES: &[&str] = &[$($text),+];

            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The name in configurations.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What a plugin may do and when it runs, in the order in which hosts run them ([protocol, section
    /// 9.6](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#96-modes-and-order)).
    #[derive(Default)]
    Mode {
        /// One after another; may deny and change.
        #[default]
        Sequential = "sequential",
        /// One after another; may change, but not deny.
        Transform = "transform",
        /// One after another; may only look.
        Audit = "audit",
        /// All at once; may deny, but not change.
        Concurrent = "concurrent",
        /// In the background, after the others; may only look.
        FireAndForget = "fire_and_forget",
        /// Does not run.
        Disabled = "disabled",
    }
}

words! {
    /// What becomes of a request when the plugin fails.
    #[derive(Default)]
    OnError {
        /// It fails too.
        #[default]
        Fail = "fail",
        /// It goes on without the plugin.
        Ignore = "ignore",
        /// It goes on, and the plugin is not called any more.
        Disable = "disable",
    }
}

words! {
    /// What a plugin asks to see of a request beyond its payload, or to change. Hosts with cpex 0.1.4 check the names, and do
    /// nothing else with them ([protocol, section
    /// 5.9](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#59-extensions)).
    Capability {
        /// See who makes the request.
        ReadSubject = "read_subject",
        /// See the subject's roles.
        ReadRoles = "read_roles",
        /// See the subject's teams.
        ReadTeams = "read_teams",
        /// See the claims of the subject's token.
        ReadClaims = "read_claims",
        /// See the subject's permissions.
        ReadPermissions = "read_permissions",
        /// See the agent, its session and conversation.
        ReadAgent = "read_agent",
        /// See the headers of the HTTP request.
        ReadHeaders = "read_headers",
        /// Change the headers of the HTTP request.
        WriteHeaders = "write_headers",
        /// See the security labels.
        ReadLabels = "read_labels",
        /// Add security labels.
        AppendLabels = "append_labels",
        /// See the chain of delegation.
        ReadDelegation = "read_delegation",
        /// Add to the chain of delegation.
        AppendDelegation = "append_delegation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_the_name_that_it_is_found_by() {
        for name in Mode::NAMES {
            assert_eq!(Mode::from_name(name).unwrap().to_string(), *name);
        }
        for name in OnError::NAMES {
            assert_eq!(OnError::from_name(name).unwrap().to_string(), *name);
        }
        for name in Capability::NAMES {
            assert_eq!(Capability::from_name(name).unwrap().to_string(), *name);
        }
        assert_eq!(
            Mode::from_name("enforce"),
            None,
            "older names are translated before"
        );
    }
}
