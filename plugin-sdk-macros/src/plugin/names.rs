//! The names of methods.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;

/// The method of this name, on the author's token.
///
/// It is raw, so that a word may be a keyword of any edition: `r#gen` is `gen` where that is none.
pub(super) fn method_named(name: &str, token: &Ident) -> syn::Result<Ident> {
    if ["crate", "self", "super", "Self", "_"].contains(&name) {
        let message =
            format!("a method can't be named `{name}`, not even as `r#{name}`: choose another name");
        return Err(syn::Error::new(token.span(), message));
    }
    Ok(Ident::new_raw(name, token.span()))
}

/// The method of a custom hook: its type's name in snake case.
pub(super) fn method_of_type(ident: &Ident) -> syn::Result<Ident> {
    let name = snake_case(&ident.unraw().to_string());
    method_named(&name, ident).map_err(|_| {
        let message = format!(
            "the method of this hook would be `{name}`, which Rust allows for no method: give the type `{ident}` another \
             name, for example `{ident}Hook`"
        );
        syn::Error::new(ident.span(), message)
    })
}

/// `AuditEvent` becomes `audit_event`, `HTTPAudit` becomes `http_audit`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let follows_a_word = index > 0 && !letters[index - 1].is_uppercase() && letters[index - 1] != '_';
        let ends_an_acronym = index > 0
            && letters[index - 1].is_uppercase()
            && letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (follows_a_word || ends_an_acronym) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `fire_and_forget` becomes `FireAndForget`.
pub(super) fn camel_case(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::{Ident, camel_case, method_of_type, snake_case};

    #[test]
    fn the_method_of_a_custom_hook_is_its_type_in_snake_case() {
        assert_eq!(snake_case("AuditEvent"), "audit_event");
        assert_eq!(snake_case("HTTPAudit"), "http_audit");
        assert_eq!(snake_case("AuditV2"), "audit_v2");
        assert_eq!(snake_case("Audit2Event"), "audit2_event");
        assert_eq!(snake_case("Audit_Event"), "audit_event");
        assert_eq!(snake_case("A"), "a");
    }

    #[test]
    fn a_variant_is_its_name_in_camel_case() {
        assert_eq!(camel_case("fire_and_forget"), "FireAndForget");
        assert_eq!(camel_case("audit"), "Audit");
    }

    #[test]
    fn every_word_is_a_method_but_those_that_cannot_be_raw() {
        for (name, method) in [
            ("Gen", "r#gen"),
            ("Match", "r#match"),
            ("AuditEvent", "r#audit_event"),
        ] {
            let of_type = method_of_type(&Ident::new(name, Span::call_site())).unwrap();
            assert_eq!(of_type.to_string(), method);
        }
        for name in ["Crate", "Super", "r#Crate"] {
            let ident = match name.strip_prefix("r#") {
                Some(name) => Ident::new_raw(name, Span::call_site()),
                None => Ident::new(name, Span::call_site()),
            };
            assert!(method_of_type(&ident).is_err(), "{name}");
        }
    }
}
