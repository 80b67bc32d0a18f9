//! Whether a stream gets colours: as `NO_COLOR` (<https://no-color.org>), `CLICOLOR_FORCE` and `CLICOLOR`
//! (<https://bixense.com/clicolors>) say, else if it is a terminal.

use std::{env, ffi::OsString, io::IsTerminal};

/// Whether this stream does.
pub(super) fn has_colours(stream: &impl IsTerminal) -> bool {
    decide(|name| env::var_os(name), stream.is_terminal())
}

fn decide(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    // A variable that is empty is one that is not set.
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    let is_off = set("CLICOLOR").is_some_and(|value| value == "0");
    is_terminal && !is_off && set("TERM").is_some_and(|value| value != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_win_over_the_terminal() {
        for (variables, elsewhere, on_terminal) in [
            (&[][..], false, true),
            (&[("NO_COLOR", "1")], false, false),
            (&[("NO_COLOR", "")], false, true),
            (&[("CLICOLOR_FORCE", "1")], true, true),
            (&[("CLICOLOR_FORCE", "0")], false, true),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
            (&[("CLICOLOR", "0")], false, false),
            (&[("CLICOLOR", "0"), ("CLICOLOR_FORCE", "1")], true, true),
            (&[("TERM", "dumb")], false, false),
        ] {
            let variable = |name: &str| {
                let mut all = variables.iter().copied().chain([("TERM", "xterm")]);
                all.find(|(known, _)| *known == name)
                    .map(|(_, value)| value.into())
            };
            assert_eq!(
                [decide(variable, false), decide(variable, true)],
                [elsewhere, on_terminal],
                "{variables:?}"
            );
        }
    }
}
