//! Real connections against certificates that are made for each test.

mod accepting;
mod client_auth;
mod encrypted_keys;
mod made_by_openssl;
mod odd_authorities;
mod reloading;
mod report;
mod starting;
mod support;
