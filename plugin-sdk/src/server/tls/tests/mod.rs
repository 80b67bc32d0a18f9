//! What servers start with, by certificates that are made for each test.

mod client_auth;
mod encrypted_keys;
mod made_by_openssl;
mod odd_authorities;
mod report;
mod starting;
mod support;
