//! Collects every mistake of one attribute, each on its own token, so that one build shows them all.

use proc_macro2::{Span, TokenStream};
use strsim::osa_distance;

/// The mistakes found so far.
///
/// A check borrows it, reports what it finds and goes on with what is left.
#[derive(Default)]
#[must_use = "mistakes that are not written into the expansion are lost"]
pub(crate) struct Diagnostics {
    errors: Option<syn::Error>,
}

impl Diagnostics {
    /// Reports a mistake at the author's token, with what to write instead.
    pub(crate) fn report(&mut self, token: Span, message: impl Into<String>) {
        self.report_error(syn::Error::new(token, message.into()));
    }

    /// Reports a mistake that the parser found.
    pub(crate) fn report_error(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// The mistakes as `compile_error!` calls.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.errors
            .map(syn::Error::into_compile_error)
            .unwrap_or_default()
    }
}

/// The end of a message about an unknown name: the nearest known one, if any is near, and the list of all.
pub(crate) fn suggestion<'a>(
    written: &str,
    what: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let hint = nearest(written, known.clone())
        .map(|name| format!(": did you mean `{name}`?"))
        .unwrap_or_default();
    let list = known
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    format!("{hint}\nknown {what}: {list}")
}

/// The known name that is nearest to what was written, unless it is too far away to be meant.
pub(crate) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase().replace(['-', '.'], "_");
    known
        .map(|name| (osa_distance(&written, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(written.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn one_edit_in_three_letters_is_a_slip() {
        for slip in ["hook", "hok", "hoko", "hook_"] {
            assert_eq!(nearest(slip, ["hook"].into_iter()), Some("hook"), "{slip}");
        }
        for stranger in ["", "ho", "oh_k"] {
            assert_eq!(nearest(stranger, ["hook"].into_iter()), None, "{stranger}");
        }
    }

    #[test]
    fn nearest_ignores_case_and_separators_and_gives_up_on_strangers() {
        let known = ["tool_pre_invoke", "tool_post_invoke", "evaluate"];
        assert_eq!(
            nearest("tool-pre-invok", known.into_iter()),
            Some("tool_pre_invoke")
        );
        assert_eq!(nearest("Evaluate", known.into_iter()), Some("evaluate"));
        assert_eq!(nearest("shutdown", known.into_iter()), None);
    }
}
