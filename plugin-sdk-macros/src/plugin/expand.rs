//! Prints the implementation: what the plugin is, and the match from hook to method.
//!
//! Whatever can be a function of the SDK is one. Code that can fail to compile because of the author's code carries the
//! location of the author's token, so that the compiler's message points there.
//!
//! The author's tokens and ours see the same items, so no name of ours may be one that the author could have:
//!
//! - The only variable is `self`. A pattern can't bind a name that is a static or a constant of the author's.
//! - Types that the author names are printed where no item of ours is in scope, as parameters of traits. Items are declared
//!   in blocks whose only other name of the author's is that of the plugin, and theirs are longer than it.
//! - There are no lint attributes, which an author's `forbid` would not allow. The compiler doesn't apply lints to what a
//!   derive macro prints, as long as none of the author's tokens is to blame: [`own`] copies them.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt as _;

use super::fallback;
use super::generics::{Parts, parts};
use super::model::{Construction, Hook, Manifest, Marker, Plugin};
use super::names::camel_case;
use super::sdk::Sdk;

/// The implementation of `plugin_sdk::Plugin` for a checked attribute.
pub(super) fn expand(plugin: &Plugin, sdk: &Sdk) -> TokenStream {
    let site = Span::mixed_site();
    let ident = own(&plugin.ident);
    let here = sdk.at(site);
    let manifest = manifest(plugin, sdk);
    let Parts {
        parameters,
        arguments,
        bounds,
    } = parts(&plugin.generics, &here);
    if !plugin.generics.params.is_empty() {
        return quote_spanned! {site=>
            #[automatically_derived]
            impl #parameters #here::Plugin for #ident #arguments #bounds {
                #manifest
                fn functions() -> #here::Functions<Self> {
                    #here::Functions::unknown()
                }
            }
        };
    }
    let schema = schema(plugin, sdk);
    let shutdown = plugin
        .on_shutdown
        .as_ref()
        .map(|method| shutdown(&ident, method, sdk));
    let hooks = plugin.hooks.iter().enumerate().map(|(index, hook)| {
        let (index, marker) = (Literal::usize_unsuffixed(index), marker(hook, sdk));
        quote_spanned! {site=>
            #[automatically_derived]
            impl #here::HasHook<#index, #marker> for #ident {}
        }
    });
    let config = config(plugin, &ident, sdk);
    let create = create(plugin, &ident, sdk);
    let invoke = invoke(plugin, &ident, sdk);
    let at = own(&plugin.ident).span();
    let header = sdk.at(at);
    quote_spanned! {site=>
        #[automatically_derived]
        impl #header::Plugin for #ident #bounds {
            #manifest
            #schema
            fn functions() -> #here::Functions<Self> {
                #here::Functions::known()
            }
            #shutdown
        }
        #(#hooks)*
        #config
        #create
        #invoke
        #here::constructors!(#ident);
    }
}

/// The place of a token of the author's, for code of ours.
pub(super) fn located_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// An author's name in code of ours, at its place. The compiler then doesn't blame the author's own token.
pub(super) fn own(name: &Ident) -> Ident {
    named_at(name, located_at(name.span()))
}

/// An author's name in code of ours. The whole expression then is at one place for the compiler's message.
pub(super) fn named_at(name: &Ident, at: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(at);
    name
}

fn manifest(plugin: &Plugin, sdk: &Sdk) -> TokenStream {
    let site = Span::mixed_site();
    let here = sdk.at(site);
    let Manifest {
        name,
        kind,
        description,
        documentation,
        version,
        author,
        tags,
        mode,
        priority,
        on_error,
        capabilities,
    } = &plugin.manifest;
    let own_name = plugin.ident.unraw().to_string();
    let own_kind = kind
        .as_ref()
        .map_or_else(|| own_name.to_token_stream(), ToTokens::to_token_stream);
    let name = name.as_ref().map(|name| quote! { .with_name(#name) });
    let name = name.or_else(|| kind.as_ref().map(|_| quote! { .with_name(#own_name) }));
    let description = match description {
        Some(description) => Some(quote! { .with_description(#description) }),
        None if documentation.is_empty() => None,
        None => Some(quote! { .with_description(#here::description(&[#(#documentation),*])) }),
    };
    let version = version.as_ref().map_or_else(
        || quote! { #here::env!("CARGO_PKG_VERSION") },
        ToTokens::to_token_stream,
    );
    let author = author.as_ref().map_or_else(
        || quote! { #here::env!("CARGO_PKG_AUTHORS") },
        ToTokens::to_token_stream,
    );
    let tags = (!tags.is_empty()).then(|| quote! { .with_tags([#(#tags),*]) });
    let mode = mode
        .map(variant)
        .map(|mode| quote! { .with_mode(#here::Mode::#mode) });
    let priority = priority
        .map(Literal::i64_unsuffixed)
        .map(|priority| quote! { .with_priority(#priority) });
    let on_error = on_error
        .map(variant)
        .map(|policy| quote! { .with_on_error(#here::OnError::#policy) });
    let words = capabilities.iter().copied().map(variant);
    let capabilities =
        (!capabilities.is_empty()).then(|| quote! { .with_capabilities([#(#here::Capability::#words),*]) });
    let hooks = plugin.hooks.iter().map(|hook| {
        let at = located_at(hook.span());
        let add = if hook.blocking {
            "with_blocking_hook"
        } else {
            "with_hook"
        };
        let (add, marker) = (Ident::new(add, at), marker(hook, sdk));
        quote_spanned! {at=> .#add::<#marker>() }
    });
    quote_spanned! {site=>
        fn manifest() -> #here::Manifest {
            #here::Manifest::new(#own_kind)
                #name #description
                .with_version(#version)
                .with_author(#author)
                #tags #mode #priority #on_error #capabilities
                #(#hooks)*
        }
    }
}

/// The variant of the SDK's enumeration that has this name in configurations.
fn variant(name: &str) -> Ident {
    Ident::new(&camel_case(name), Span::mixed_site())
}

/// The schema of the settings, which their type has if it derives one.
fn schema(plugin: &Plugin, sdk: &Sdk) -> Option<TokenStream> {
    let Construction::ConfigureWith(config) = &plugin.construction else {
        return None;
    };
    let at = located_at(first_span(config));
    let there = sdk.at(at);
    Some(quote_spanned! {at=> #there::config_schema!(#config); })
}

/// The type of the settings, for code that has items of ours in scope.
fn config(plugin: &Plugin, ident: &Ident, sdk: &Sdk) -> Option<TokenStream> {
    let Construction::ConfigureWith(config) = &plugin.construction else {
        return None;
    };
    let here = sdk.at(Span::mixed_site());
    Some(quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #here::HasConfig<#config> for #ident {}
    })
}

fn create(plugin: &Plugin, ident: &Ident, sdk: &Sdk) -> TokenStream {
    let site = Span::mixed_site();
    let here = sdk.at(site);
    let future = match &plugin.construction {
        Construction::Default => {
            let at = located_at(plugin.ident.span());
            let there = sdk.at(at);
            quote_spanned! {at=> async move { #there::checks::default_plugin::<#ident>() } }
        }
        Construction::Configure(key) => {
            let at = located_at(key.span());
            configured(ident, at, None, sdk)
        }
        Construction::ConfigureWith(config) => {
            let at = located_at(first_span(config));
            let (there, named) = (sdk.at(at), named_at(ident, at));
            let settings = quote_spanned! {at=>
                #there::checks::read_settings::<#named, _>(self)?.config
            };
            configured(ident, at, Some(&settings), sdk)
        }
        Construction::Unknown => quote_spanned! {site=> #here::checks::pending() },
    };
    quote_spanned! {site=>
        #[automatically_derived]
        impl #here::Create<#ident> for #here::PluginSettings {
            fn create(self) -> #here::BoxFuture<'static, #here::Result<#ident, #here::PluginError>> {
                #here::Box::pin(#future)
            }
        }
    }
}

/// The result of the author's `configure`, as a future.
fn configured(ident: &Ident, at: Span, settings: Option<&TokenStream>, sdk: &Sdk) -> TokenStream {
    let there = sdk.at(at);
    let ident = named_at(ident, at);
    let fallback = fallback::of_configure(&ident, at, settings.is_some(), sdk);
    quote_spanned! {at=>
        async move {
            #there::checks::configured::<#ident, _>(
                #there::checks::configure_future({ #fallback #ident::configure(#settings) }).await
            )
        }
    }
}

fn invoke(plugin: &Plugin, ident: &Ident, sdk: &Sdk) -> TokenStream {
    let here = sdk.at(Span::mixed_site());
    let arms = plugin
        .hooks
        .iter()
        .enumerate()
        .map(|(index, hook)| arm(index, hook, ident, sdk));
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl<'a> #here::Invoke<'a, #ident> for #here::Invocation<'a, #ident> {
            fn invoke(self) -> #here::BoxFuture<'a, ()> {
                match self.hook {
                    #(#arms)*
                    _ => #here::Box::pin(async move { self.call.no_such_hook() }),
                }
            }
        }
    }
}

fn arm(index: usize, hook: &Hook, ident: &Ident, sdk: &Sdk) -> TokenStream {
    let at = located_at(hook.span());
    let there = sdk.at(at);
    let fallback = fallback::of_hook(index, hook, ident, at, sdk);
    let ident = named_at(ident, at);
    let method = named_at(&hook.method, at);
    let index = Literal::usize_unsuffixed(index);
    // `?` ends the inner block where there is no payload; the call knows why.
    quote_spanned! {at=>
        #index => #there::Box::pin(async move {
            _ = async {
                #there::checks::finish::<#ident, #index, _, _>(
                    #there::checks::hook_future({
                        #fallback
                        self.plugin.#method(
                            #there::checks::payload::<#ident, #index, _, _>(self.call)?,
                            self.call.context(),
                        )
                    })
                    .await,
                    self.call,
                )
            }
            .await;
        }),
    }
}

fn shutdown(ident: &Ident, method: &Ident, sdk: &Sdk) -> TokenStream {
    let at = located_at(method.span());
    let there = sdk.at(at);
    let fallback = fallback::of_shutdown(method, ident, at, sdk);
    let method = named_at(method, at);
    quote_spanned! {at=>
        fn shutdown(&self) -> #there::BoxFuture<'_, #there::Result<(), #there::PluginError>> {
            #there::Box::pin(async move {
                #there::checks::shutdown_result(
                    #there::checks::shutdown_future({ #fallback self.#method() }).await
                )
            })
        }
    }
}

/// The type of a hook as the author or the SDK names it.
fn marker(hook: &Hook, sdk: &Sdk) -> TokenStream {
    match &hook.marker {
        Marker::Known(known) => {
            let at = located_at(hook.span());
            let (there, marker) = (sdk.at(at), Ident::new(known.marker, at));
            quote_spanned! {at=> #there::hooks::#marker }
        }
        Marker::Custom(path) => path.to_token_stream(),
    }
}

/// Where the author's tokens begin.
fn first_span(tokens: &impl ToTokens) -> Span {
    tokens
        .to_token_stream()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |token| token.span())
}
