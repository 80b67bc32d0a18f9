//! The attribute `#[plugin(...)]`: parse, check, print.

mod conditions;
mod expand;
mod fallback;
mod generics;
mod keys;
mod model;
mod names;
mod parse;
mod sdk;
mod validate;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, DeriveInput, parenthesized};

use crate::diagnostics::Diagnostics;
use conditions::Numbered;
use sdk::Sdk;

/// The attribute in which the item takes the arguments to the derive macro.
const ARGUMENTS: &str = "plugin_arguments";

/// Puts the derive macro on the item of the attribute.
///
/// The author's item comes back unchanged whatever is wrong. The rest is left to a derive macro, because the compiler tells
/// only those which conditions hold, and doesn't hold what they print against the author, such as a use of a deprecated type.
pub(crate) fn attach(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let is_type = parse::is_type(item, &mut diagnostics);
    let Numbered {
        arguments,
        count,
        attributes,
    } = conditions::number(arguments, &mut diagnostics);
    if !is_type {
        // To show what else is wrong.
        let _ = parse::Arguments::parse(arguments, &[], &mut diagnostics);
        let errors = diagnostics.into_compile_errors();
        return quote! { #item #errors };
    }
    let sdk = Sdk::find(parse::crate_of(arguments.clone(), count).as_ref());
    let errors = diagnostics.into_compile_errors();
    quote_spanned! {Span::call_site()=>
        #[derive(#sdk::Plugin)]
        #[plugin_arguments((#sdk) (#arguments))]
        #attributes
        #item
        #errors
    }
}

/// Expands the derive macro: the mistakes, followed by the implementation of what was understood, so that code which uses the
/// plugin doesn't fail as well.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error(),
    };
    let found = item
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident(ARGUMENTS));
    let Some((sdk, arguments)) = found.and_then(|attribute| carried(attribute).ok()) else {
        return quote! { ::core::compile_error!("write `#[plugin(hooks = [...])]`, which makes use of this"); };
    };
    let mut diagnostics = Diagnostics::default();
    let arguments = parse::Arguments::parse(arguments, &conditions::holding(&item.attrs), &mut diagnostics);
    let plugin = validate::validate(arguments, item, &mut diagnostics);
    let implementation = expand::expand(&plugin, &Sdk::found(sdk));
    let errors = diagnostics.into_compile_errors();
    quote! { #errors #implementation }
}

/// What the attribute put into the item.
fn carried(attribute: &Attribute) -> syn::Result<(TokenStream, TokenStream)> {
    let read = |input: ParseStream<'_>| {
        let (sdk, arguments);
        parenthesized!(sdk in input);
        parenthesized!(arguments in input);
        Ok((sdk.parse()?, arguments.parse()?))
    };
    read.parse2(attribute.meta.require_list()?.tokens.clone())
}
