//! What the test suites share: the plugins that they drive, server processes, installations, and clients for raw frames and HTTP.

pub mod book;
pub mod compat;
pub mod faults;
pub mod frames;
pub mod http;
pub mod installation;
pub mod messages;
pub mod probe;
pub mod process;
pub mod vector;
