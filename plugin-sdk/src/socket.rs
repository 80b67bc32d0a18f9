//! What holds of the Unix sockets of servers unless it is set otherwise.

/// The variable that says where the socket of framed protobuf is, for errors too.
pub(crate) const PATH_VARIABLE: &str = "PLUGINS_UNIX_SOCKET_PATH";

/// The mode of a socket file: only the owner may connect.
pub(crate) const DEFAULT_MODE: u32 = 0o600;
