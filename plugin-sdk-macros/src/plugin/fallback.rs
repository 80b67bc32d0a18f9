//! What the compiler finds in place of a method that the author has yet to write: a message with the method to write.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use super::expand::{first_span, located_at, marker, named_at};
use super::model::{Construction, Hook, Plugin};

/// A method of the trait that stands in for the author's.
struct Fallback {
    /// What the message needs beside types: a type of the method's name.
    name: Option<TokenStream>,
    method: TokenStream,
}

/// Methods for those that the author has to write, as a trait, so that the author's come first.
///
/// The attribute cannot see the author's `impl`. Where a method is missing, or doesn't take `&self`, the compiler finds
/// the one of the trait, whose bound is never met and whose message says what to write.
pub(super) fn fallback_methods(plugin: &Plugin) -> TokenStream {
    let mut fallbacks: Vec<Fallback> = plugin.hooks.iter().map(Fallback::of_hook).collect();
    fallbacks.extend(Fallback::of_configure(&plugin.construction));
    fallbacks.extend(plugin.on_shutdown.as_ref().map(Fallback::of_shutdown));
    let names = fallbacks.iter().map(|fallback| &fallback.name);
    let methods = fallbacks.iter().map(|fallback| &fallback.method);
    quote_spanned! {Span::mixed_site()=>
        #(#names)*
        #[allow(dead_code)]
        trait __Fallback {
            #(#methods)*
        }
        impl<T> __Fallback for T {}
    }
}

impl Fallback {
    fn of_hook(hook: &Hook) -> Self {
        let at = located_at(hook.span());
        let method = named_at(&hook.method, at);
        let marker = marker(hook);
        Self {
            name: Some(type_named(&method)),
            method: quote_spanned! {at=>
                fn #method<P, C, R>(&self, _: P, _: C) -> __sdk::checks::Pending<R>
                where
                    Self: __sdk::checks::HasHookMethod<#method, #marker>,
                {
                    __sdk::checks::pending()
                }
            },
        }
    }

    fn of_configure(construction: &Construction) -> Option<Self> {
        let (at, bound, parameter) = match construction {
            Construction::Default | Construction::Unknown => return None,
            Construction::Configure(key) => {
                let at = located_at(key.span());
                (at, quote_spanned! {at=> __sdk::checks::HasConfigure }, None)
            }
            Construction::ConfigureWith(config) => {
                let at = located_at(first_span(config));
                (
                    at,
                    quote_spanned! {at=> __sdk::checks::HasConfigureWith<#config> },
                    Some(quote! { _: C }),
                )
            }
        };
        let generic = parameter.as_ref().map(|_| quote! { C, });
        let method = quote_spanned! {at=>
            fn configure<#generic R>(#parameter) -> __sdk::checks::Pending<R>
            where
                Self: #bound,
            {
                __sdk::checks::pending()
            }
        };
        Some(Self { name: None, method })
    }

    fn of_shutdown(method: &Ident) -> Self {
        let at = located_at(method.span());
        let method = named_at(method, at);
        Self {
            name: Some(type_named(&method)),
            method: quote_spanned! {at=>
                fn #method<R>(&self) -> __sdk::checks::Pending<R>
                where
                    Self: __sdk::checks::HasShutdownMethod<#method>,
                {
                    __sdk::checks::pending()
                }
            },
        }
    }
}

/// A type with a method's name. Messages are written in the SDK and can repeat types, but no texts.
fn type_named(method: &Ident) -> TokenStream {
    quote_spanned! {method.span()=>
        #[allow(non_camel_case_types)]
        enum #method {}
    }
}
