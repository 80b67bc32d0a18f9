//! What the compiler finds in place of a method that the author has yet to write: a message with the method to write.
//!
//! The attribute cannot see the author's `impl`. Where a method is missing, or doesn't take `&self`, the compiler finds that of
//! a trait, whose bound is never met and whose message says what to write. The trait is implemented for references, so that the
//! author's methods come first, be they the type's own or those of a trait.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt as _;

use super::expand::named_at;
use super::model::{Hook, Marker};
use super::sdk::Sdk;

/// An author's function, and what is named after it.
struct Function<'a> {
    /// The plugin and the function, where messages point at.
    plugin: Ident,
    name: Ident,
    at: Span,
    sdk: &'a Sdk,
    /// The names of items begin with that of the plugin and are longer, so that they hide neither it nor the function's.
    module: Ident,
    missing: Ident,
    /// A parameter of the function, for a type that is given to the plugin elsewhere.
    parameter: Ident,
}

impl<'a> Function<'a> {
    fn of(plugin: &Ident, name: &Ident, at: Span, sdk: &'a Sdk) -> Self {
        let module = format_ident!("{}_{}", plugin.unraw(), name.unraw(), span = at);
        Self {
            plugin: named_at(plugin, at),
            name: named_at(name, at),
            missing: format_ident!("{module}_is_missing"),
            parameter: format_ident!("{module}_type"),
            module,
            at,
            sdk,
        }
    }

    /// A module around a type with the function's name, because messages are written in the SDK and can repeat types, but no
    /// texts. In the module, `check` of the SDK looks at the function's parameters.
    fn named_type(&self, check: &TokenStream) -> TokenStream {
        let Self {
            plugin,
            name,
            at,
            sdk,
            module,
            missing,
            ..
        } = self;
        let there = sdk.at(*at);
        let check = sdk.is_absolute().then(|| {
            quote_spanned! {*at=>
                trait #missing {
                    fn #name() -> #there::parameters::Absent {
                        #there::parameters::Absent
                    }
                }
                impl<T> #missing for T {}
                fn #module() {
                    #there::parameters::#check(<<#name as #there::parameters::FunctionOf>::Plugin>::#name)
                }
            }
        });
        quote_spanned! {*at=>
            mod #module {
                pub(super) enum #name {}
                #check
            }
            impl #there::parameters::FunctionOf for #module::#name {
                type Plugin = #plugin;
            }
        }
    }
}

/// Stands in for the method of a hook.
pub(super) fn of_hook(index: usize, hook: &Hook, plugin: &Ident, at: Span, sdk: &Sdk) -> TokenStream {
    let function = Function::of(plugin, &hook.method, at, sdk);
    let is_known = matches!(hook.marker, Marker::Known(_));
    let index = Literal::usize_unsuffixed(index);
    let Function {
        plugin,
        name,
        module,
        missing,
        parameter: hook,
        ..
    } = &function;
    let there = sdk.at(at);
    let referred = quote_spanned! {at=> <Self as #there::Reference>::To };
    let named_type = function.named_type(&if is_known {
        quote_spanned! {at=> of_hook::<#name, #index, _, _, _> }
    } else {
        quote_spanned! {at=> of_custom_hook::<#name, _, _> }
    });
    quote_spanned! {at=>
        #named_type
        trait #missing: #there::Reference {
            fn #name<#hook: #there::Hook>(
                &self,
                _: impl #there::Sized,
                _: impl #there::Sized,
            ) -> #there::checks::PendingHook<#hook>
            where
                #referred: #there::HasHook<#index, #hook> + #there::checks::HasHookMethod<#module::#name, #hook>,
            {
                #there::checks::pending()
            }
        }
        impl #missing for &#plugin {}
    }
}

/// Stands in for the method of `on_shutdown`.
pub(super) fn of_shutdown(method: &Ident, plugin: &Ident, at: Span, sdk: &Sdk) -> TokenStream {
    let function = Function::of(plugin, method, at, sdk);
    let Function {
        plugin,
        name,
        module,
        missing,
        ..
    } = &function;
    let there = sdk.at(at);
    let named_type = function.named_type(&quote_spanned! {at=> of_shutdown::<#name, _, _> });
    quote_spanned! {at=>
        #named_type
        trait #missing: #there::Reference {
            fn #name(&self) -> #there::checks::Pending<()>
            where
                <Self as #there::Reference>::To: #there::checks::HasShutdownMethod<#module::#name>,
            {
                #there::checks::pending()
            }
        }
        impl #missing for &#plugin {}
    }
}

/// Stands in for `configure`.
pub(super) fn of_configure(plugin: &Ident, at: Span, with_settings: bool, sdk: &Sdk) -> TokenStream {
    let mut function = Function::of(plugin, &Ident::new("configure", at), at, sdk);
    // Where it comes from a trait of the author's as well, the compiler names both traits and not our message.
    function.missing = format_ident!(
        "{}_needs_configure_in_an_impl_of_its_own",
        plugin.unraw(),
        span = at
    );
    let Function {
        plugin,
        name,
        missing,
        parameter: config,
        ..
    } = &function;
    let there = sdk.at(at);
    let (generic, parameter, bound, check) = if with_settings {
        (
            quote_spanned! {at=> <#config> },
            quote_spanned! {at=> _: #config },
            quote_spanned! {at=> Self: #there::HasConfig<#config> + #there::checks::HasConfigureWith<#config> },
            quote_spanned! {at=> of_configure_with::<#name, _, _, _> },
        )
    } else {
        (
            TokenStream::new(),
            TokenStream::new(),
            quote_spanned! {at=> Self: #there::checks::HasConfigure },
            quote_spanned! {at=> of_configure::<#name, _, _> },
        )
    };
    let named_type = function.named_type(&check);
    quote_spanned! {at=>
        #named_type
        trait #missing: #there::Sized {
            fn #name #generic(#parameter) -> #there::checks::Pending<#there::Result<Self, #there::PluginError>>
            where
                #bound,
            {
                #there::checks::pending()
            }
        }
        impl #missing for #plugin {}
    }
}
