//! What only gRPC has, and the battery of every transport with the real hosts.

mod client;
mod commands;
mod flood;
mod mounted;
mod python_hosts;
mod requests;
mod settings;
mod shutdown;
