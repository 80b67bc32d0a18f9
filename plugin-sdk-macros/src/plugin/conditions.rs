//! `#[cfg(…)]` in front of keys and of the names in lists.
//!
//! Only the compiler knows whether a condition holds, and tells a derive macro: of the attributes of an item, those of
//! `cfg_attr` whose condition doesn't hold are taken away before. So each condition becomes an attribute with a number on
//! the author's item, and the number stands in its place.

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitInt, Meta, Token};

use crate::diagnostics::Diagnostics;

/// The attribute that is left of a condition which holds: `#[plugin_condition(0)]`.
pub(super) const CONDITION: &str = "plugin_condition";

/// Arguments whose conditions are numbered.
pub(super) struct Numbered {
    pub(super) arguments: TokenStream,
    /// How many conditions there are.
    pub(super) count: usize,
    /// What goes on the item.
    pub(super) attributes: TokenStream,
}

/// Numbers the conditions in the arguments.
pub(super) fn number(arguments: TokenStream, diagnostics: &mut Diagnostics) -> Numbered {
    let mut conditions = Vec::new();
    let arguments = numbered(arguments, true, &mut conditions, diagnostics);
    let numbers = (0..conditions.len()).map(Literal::usize_unsuffixed);
    Numbered {
        arguments,
        count: conditions.len(),
        attributes: quote! { #(#[cfg_attr(#conditions, plugin_condition(#numbers))])* },
    }
}

/// Those of the arguments, and where `lists` is set, also those of the lists in them.
fn numbered(
    tokens: TokenStream,
    lists: bool,
    conditions: &mut Vec<TokenStream>,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let mut result = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let mut attributes = TokenStream::from(TokenTree::from(hash.clone()));
                while let Some(next) = tokens.next_if(is_of_attribute) {
                    attributes.extend([next]);
                }
                match condition.parse2(attributes) {
                    Ok(condition) => {
                        let number = Literal::usize_unsuffixed(conditions.len());
                        conditions.push(condition);
                        let number = Group::new(Delimiter::Bracket, number.into_token_stream());
                        result.extend([TokenTree::from(hash), number.into()]);
                    }
                    Err(error) => diagnostics.report_error(error),
                }
            }
            TokenTree::Group(group) if lists && group.delimiter() == Delimiter::Bracket => {
                let stream = numbered(group.stream(), false, conditions, diagnostics);
                let mut list = Group::new(Delimiter::Bracket, stream);
                list.set_span(group.span());
                result.extend([TokenTree::from(list)]);
            }
            other => result.extend([other]),
        }
    }
    result
}

/// Whether the token goes on a series of attributes, after the first `#`.
fn is_of_attribute(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(hash) => hash.as_char() == '#',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Bracket,
        _ => false,
    }
}

/// What has to hold for what a series of attributes is on.
fn condition(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let attributes = input.call(Attribute::parse_outer)?;
    all(attributes.iter().map(|attribute| &attribute.meta))
}

fn all<'a>(metas: impl Iterator<Item = &'a Meta>) -> syn::Result<TokenStream> {
    let conditions = metas.map(of_meta).collect::<syn::Result<Vec<_>>>()?;
    Ok(quote! { all(#(#conditions),*) })
}

/// ```text
/// cfg(P)               P
/// cfg_attr(P, cfg(Q))  any(not(P), all(Q))
/// ```
fn of_meta(meta: &Meta) -> syn::Result<TokenStream> {
    match meta {
        Meta::List(list) if meta.path().is_ident("cfg") => Ok(list.tokens.clone()),
        Meta::List(list) if meta.path().is_ident("cfg_attr") => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
            let mut parts = parts.iter();
            let condition = parts.next();
            let rest = all(parts)?;
            Ok(quote! { any(not(#condition), #rest) })
        }
        _ => Err(syn::Error::new_spanned(
            meta,
            "only `#[cfg(..)]` has a meaning here: it leaves out what follows it",
        )),
    }
}

/// The numbers of the conditions that hold, which are left on the item.
pub(super) fn holding(attributes: &[Attribute]) -> Vec<usize> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident(CONDITION))
        .filter_map(|attribute| attribute.parse_args::<LitInt>().ok()?.base10_parse().ok())
        .collect()
}

/// Reads the number in front of an entry, if there is one.
pub(super) fn number_of_entry(input: ParseStream<'_>) -> syn::Result<Option<usize>> {
    if !input.peek(Token![#]) {
        return Ok(None);
    }
    input.parse::<Token![#]>()?;
    let content;
    syn::bracketed!(content in input);
    content.parse::<LitInt>()?.base10_parse().map(Some)
}
