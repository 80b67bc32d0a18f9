//! Texts of errors, which are contract in few cases and free in the others.

use serde_json::Value;

/// Begins a text that is free but for what follows, which must occur in it.
pub(super) const FREE_TEXT: &str = "…";

/// Texts of errors that are part of the contract.
fn is_contract(message: &str) -> bool {
    message.starts_with("Unable to find ")
        || ["Unknown message type", "custom", "minimal", "no code"].contains(&message)
}

/// Takes over the text of our error where it is free. It must name the field that is at fault, which is in the second line
/// of a recorded error of validation.
pub(super) fn same(expected: &mut Value, ours: &Value) -> bool {
    let (Some(recorded), Some(message)) = (expected["message"].as_str(), ours["message"].as_str()) else {
        return true;
    };
    if is_contract(recorded) {
        return true;
    }
    let field = match recorded.strip_prefix(FREE_TEXT) {
        Some(field) => field,
        None if recorded.contains("validation error for") => recorded.lines().nth(1).unwrap_or(recorded),
        None => "",
    };
    let names_it = !message.is_empty() && message.contains(field);
    expected["message"] = message.into();
    names_it
}
