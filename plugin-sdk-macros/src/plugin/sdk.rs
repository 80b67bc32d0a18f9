//! Where the SDK is, as a path that can stand at any token of the author's.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Path;

/// What the expansion names, `plugin_sdk::__private`.
pub(super) struct Sdk(TokenStream);

impl Sdk {
    /// By `crate = path`, or else under the name that the author's `Cargo.toml` gives it.
    pub(super) fn find(written: Option<&Path>) -> Self {
        let path = written.map_or_else(in_manifest, ToTokens::to_token_stream);
        Self(quote! { #path::__private })
    }

    /// As [`find`](Self::find) found it.
    pub(super) fn found(path: TokenStream) -> Self {
        Self(path)
    }

    /// The path, for messages of the compiler that point at this token.
    pub(super) fn at(&self, at: Span) -> TokenStream {
        located(self.0.clone(), at)
    }

    /// Whether the path means the same in another module.
    pub(super) fn is_absolute(&self) -> bool {
        match self.0.clone().into_iter().next() {
            Some(TokenTree::Punct(_)) => true,
            Some(TokenTree::Ident(first)) => first == "crate" || first == "$crate",
            _ => false,
        }
    }
}

impl ToTokens for Sdk {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.clone());
    }
}

fn in_manifest() -> TokenStream {
    let name = match crate_name("plugin-sdk") {
        Ok(FoundCrate::Name(name)) => format_ident!("{name}"),
        // Its own tests and examples, and a crate that reaches the SDK through another one.
        Ok(FoundCrate::Itself) | Err(_) => format_ident!("plugin_sdk"),
    };
    quote! { ::#name }
}

/// The same tokens at another place. Only `$crate` means what it does by its own place.
fn located(tokens: TokenStream, at: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            let is_crate_of_macro = matches!(&token, TokenTree::Ident(ident) if ident == "$crate");
            token.set_span(if is_crate_of_macro {
                token.span().located_at(at)
            } else {
                at
            });
            token
        })
        .collect()
}
