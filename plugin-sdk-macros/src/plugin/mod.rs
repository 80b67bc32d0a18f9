//! The attribute `#[plugin(...)]`: parse, check, print.

mod expand;
mod fallback;
mod keys;
mod model;
mod parse;
mod validate;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Diagnostics;

/// Expands the attribute with these arguments on this item.
///
/// The author's item comes back unchanged whatever is wrong, followed by the mistakes, followed by the implementation
/// of what was understood, so that code which uses the plugin doesn't fail as well.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let arguments = parse::Arguments::parse(arguments, &mut diagnostics);
    let implementation = parse::parse_item(item.clone(), &mut diagnostics)
        .map(|item| validate::validate(arguments, item, &mut diagnostics))
        .map(|plugin| expand::expand(&plugin));
    let errors = diagnostics.into_compile_errors();
    quote! { #item #errors #implementation }
}
