//! What only MCP has, and the battery of every transport with the real hosts.

mod commands;
mod connections;
mod declined;
mod half_close;
mod handler;
mod python_hosts;
mod rmcp_client;
mod rules;
mod settings;
mod stdio;
mod tools;
mod typescript_client;
