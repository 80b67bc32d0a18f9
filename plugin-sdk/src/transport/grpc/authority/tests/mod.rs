//! Tests over whole connections.

mod client;
mod difference;
mod frames;
mod literals;
mod server;

use super::frames::Frames;

/// What the server reads when the client's bytes arrive in pieces of these sizes, over and over.
fn walked(bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut frames = Frames::new();
    let mut rest = bytes.as_mut_slice();
    for size in pieces.iter().cycle() {
        let (piece, after) = rest.split_at_mut(rest.len().min((*size).max(1)));
        frames.walk(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    bytes
}
