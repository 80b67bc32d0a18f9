//! What the test suites share: the plugins that they drive, server processes, and a client for raw frames.

pub mod compat;
pub mod faults;
pub mod frames;
pub mod messages;
pub mod probe;
pub mod process;
pub mod vector;
