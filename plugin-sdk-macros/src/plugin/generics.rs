//! The parameters of a type that should have none: enough of an implementation that the error about them is the only one.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics, Lifetime, parse_quote};

/// The parts of the implementation's header: its parameters, those of the type, and their bounds.
pub(super) struct Parts {
    pub(super) parameters: TokenStream,
    pub(super) arguments: TokenStream,
    pub(super) bounds: TokenStream,
}

/// Parts with which the type fulfils the bounds of a plugin: each lifetime is `'static`, other parameters stay as they are.
pub(super) fn parts(generics: &Generics, sdk: &TokenStream) -> Parts {
    if generics.params.is_empty() {
        return Parts {
            parameters: TokenStream::new(),
            arguments: TokenStream::new(),
            bounds: generics.where_clause.to_token_stream(),
        };
    }
    let lifetimes: Vec<Ident> = generics
        .lifetimes()
        .map(|parameter| parameter.lifetime.ident.clone())
        .collect();
    let mut parameters = Vec::new();
    let mut arguments = Vec::new();
    for parameter in &generics.params {
        match parameter.clone() {
            GenericParam::Lifetime(_) => {
                arguments.push(Lifetime::new("'static", Span::mixed_site()).into_token_stream());
            }
            GenericParam::Type(mut parameter) => {
                arguments.push(parameter.ident.to_token_stream());
                parameter.default = None;
                parameter.bounds.push(parse_quote!('static));
                parameters.push(is_static(parameter.into_token_stream(), &lifetimes));
            }
            GenericParam::Const(mut parameter) => {
                arguments.push(parameter.ident.to_token_stream());
                parameter.default = None;
                parameters.push(parameter.into_token_stream());
            }
        }
    }
    let mut bounds = generics.clone();
    bounds
        .make_where_clause()
        .predicates
        .push(parse_quote!(Self: #sdk::Send + #sdk::Sync));
    Parts {
        parameters: quote! { <#(#parameters),*> },
        arguments: quote! { <#(#arguments),*> },
        bounds: is_static(bounds.where_clause.into_token_stream(), &lifetimes),
    }
}

/// The tokens with `'static` in place of these lifetimes.
fn is_static(tokens: TokenStream, lifetimes: &[Ident]) -> TokenStream {
    let mut follows_apostrophe = false;
    let replaced = tokens.into_iter().map(|token| {
        let is_lifetime = follows_apostrophe;
        follows_apostrophe = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '\'');
        match token {
            TokenTree::Ident(ident) if is_lifetime && lifetimes.contains(&ident) => {
                Ident::new("static", ident.span()).into()
            }
            TokenTree::Group(group) => TokenTree::from(Group::new(
                group.delimiter(),
                is_static(group.stream(), lifetimes),
            )),
            other => other,
        }
    });
    replaced.collect()
}
