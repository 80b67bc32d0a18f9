//! Prints the implementation: what the plugin is, and the match from hook to method.
//!
//! Whatever can be a function of the SDK is one. Code that can fail to compile because of the author's code carries the
//! location of the author's token, so that the compiler's message points there.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{GenericParam, Ident, parse_quote};

use super::fallback::fallback_methods;
use super::model::{Construction, Hook, Manifest, Marker, Plugin};

/// The implementation of `plugin_sdk::Plugin` for a checked attribute.
pub(super) fn expand(plugin: &Plugin) -> TokenStream {
    let site = Span::mixed_site();
    let sdk = plugin
        .sdk
        .as_ref()
        .map_or_else(path_of_sdk, ToTokens::to_token_stream);
    let fallbacks = fallback_methods(plugin);
    let manifest = manifest(plugin);
    let schema = schema(plugin);
    let create = create(plugin);
    let invoke = invoke(plugin);
    let shutdown = plugin.on_shutdown.as_ref().map(shutdown);
    let header = header(plugin);
    let ident = &plugin.ident;
    let constructors = plugin
        .generics
        .params
        .is_empty()
        .then(|| quote_spanned! {site=> __sdk::constructors!(#ident); });
    quote_spanned! {site=>
        const _: () = {
            use #sdk::__private as __sdk;
            #fallbacks
            #[automatically_derived]
            #header {
                #manifest
                #schema
                #create
                #invoke
                #shutdown
            }
            #constructors
        };
    }
}

/// The SDK under the name that the author's `Cargo.toml` gives it.
fn path_of_sdk() -> TokenStream {
    let name = match crate_name("plugin-sdk") {
        Ok(FoundCrate::Name(name)) => format_ident!("{name}"),
        // Its own tests and examples, and a crate that reaches the SDK through another one.
        Ok(FoundCrate::Itself) | Err(_) => format_ident!("plugin_sdk"),
    };
    quote! { ::#name }
}

/// The code at a token of the author's, with names that are the macro's own.
pub(super) fn located_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// `impl Plugin for Words`. Parameters only occur beside an error about them; the bounds keep it the only one.
fn header(plugin: &Plugin) -> TokenStream {
    let ident = &plugin.ident;
    let mut generics = plugin.generics.clone();
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => lifetime.bounds.push(parse_quote!('static)),
            GenericParam::Type(parameter) => parameter.bounds.push(parse_quote!('static)),
            GenericParam::Const(_) => {}
        }
    }
    if !generics.params.is_empty() {
        generics
            .make_where_clause()
            .predicates
            .push(parse_quote!(Self: __sdk::Send + __sdk::Sync));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote_spanned! {located_at(ident.span())=> impl #parameters __sdk::Plugin for #ident #arguments #bounds }
}

/// An author's name in code of the macro's. The whole expression then is at one place for the compiler's message.
pub(super) fn named_at(name: &Ident, at: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(at);
    name
}

fn manifest(plugin: &Plugin) -> TokenStream {
    let Manifest {
        name,
        kind,
        description,
        version,
        author,
        tags,
        mode,
        priority,
        on_error,
        capabilities,
    } = &plugin.manifest;
    let own_kind = kind.as_ref().map_or_else(
        || plugin.ident.unraw().to_string().into_token_stream(),
        ToTokens::to_token_stream,
    );
    let name = name.as_ref().map(|name| quote! { .with_name(#name) });
    let own_name = plugin.ident.unraw().to_string();
    let name = name.or_else(|| kind.as_ref().map(|_| quote! { .with_name(#own_name) }));
    let description = description
        .as_ref()
        .map(|description| quote! { .with_description(#description) });
    let version = version.as_ref().map_or_else(
        || quote! { __sdk::env!("CARGO_PKG_VERSION") },
        ToTokens::to_token_stream,
    );
    let author = author.as_ref().map_or_else(
        || quote! { __sdk::env!("CARGO_PKG_AUTHORS") },
        ToTokens::to_token_stream,
    );
    let tags = (!tags.is_empty()).then(|| quote! { .with_tags([#(#tags),*]) });
    let mode = mode.map(|mode| quote! { .with_mode(#mode) });
    let priority = priority
        .map(Literal::i64_unsuffixed)
        .map(|priority| quote! { .with_priority(#priority) });
    let on_error = on_error.map(|policy| quote! { .with_on_error(#policy) });
    let capabilities =
        (!capabilities.is_empty()).then(|| quote! { .with_capabilities([#(#capabilities),*]) });
    let hooks = plugin.hooks.iter().map(|hook| {
        let marker = marker(hook);
        let add = if hook.blocking {
            "with_blocking_hook"
        } else {
            "with_hook"
        };
        let add = Ident::new(add, located_at(hook.span()));
        quote_spanned! {located_at(hook.span())=> .#add::<#marker>() }
    });
    quote_spanned! {Span::mixed_site()=>
        fn manifest() -> __sdk::Manifest {
            __sdk::Manifest::new(#own_kind)
                #name #description
                .with_version(#version)
                .with_author(#author)
                #tags #mode #priority #on_error #capabilities
                #(#hooks)*
        }
    }
}

/// The schema of the settings, which their type has if it derives one.
fn schema(plugin: &Plugin) -> Option<TokenStream> {
    let Construction::ConfigureWith(config) = &plugin.construction else {
        return None;
    };
    let at = located_at(first_span(config));
    Some(quote_spanned! {at=> __sdk::config_schema!(#config); })
}

fn create(plugin: &Plugin) -> TokenStream {
    let site = Span::mixed_site();
    let ignored = quote_spanned! {site=> _ };
    let (settings, future) = match &plugin.construction {
        Construction::Default => {
            let at = located_at(plugin.ident.span());
            (
                ignored,
                quote_spanned! {at=> async move { __sdk::checks::default_plugin::<Self>() } },
            )
        }
        Construction::Configure(key) => {
            let at = located_at(key.span());
            let configured = configured(at, &TokenStream::new());
            (ignored, quote_spanned! {at=> async move { #configured } })
        }
        Construction::ConfigureWith(config) => {
            let at = located_at(first_span(config));
            let configured = configured(at, &quote_spanned! {at=> config });
            let future = quote_spanned! {at=>
                async move {
                    let config = __sdk::checks::read_settings::<#config>(settings)?;
                    #configured
                }
            };
            (quote_spanned! {site=> settings }, future)
        }
        Construction::Unknown => (ignored, quote_spanned! {site=> __sdk::checks::pending() }),
    };
    quote_spanned! {site=>
        fn create(
            #settings: __sdk::PluginSettings,
        ) -> __sdk::BoxFuture<'static, __sdk::Result<Self, __sdk::PluginError>> {
            __sdk::Box::pin(#future)
        }
    }
}

/// The awaited result of the author's `configure`.
fn configured(at: Span, arguments: &TokenStream) -> TokenStream {
    quote_spanned! {at=>
        __sdk::checks::configured::<Self, _>(__sdk::checks::configure_future(Self::configure(#arguments)).await)
    }
}

fn invoke(plugin: &Plugin) -> TokenStream {
    let arms = plugin
        .hooks
        .iter()
        .enumerate()
        .map(|(index, hook)| arm(index, hook));
    quote_spanned! {Span::mixed_site()=>
        fn invoke<'a>(&'a self, hook: __sdk::usize, call: &'a mut __sdk::Call) -> __sdk::BoxFuture<'a, ()> {
            match hook {
                #(#arms)*
                _ => __sdk::Box::pin(async move { call.no_such_hook() }),
            }
        }
    }
}

fn arm(index: usize, hook: &Hook) -> TokenStream {
    let index = Literal::usize_unsuffixed(index);
    let at = located_at(hook.span());
    let marker = marker(hook);
    let method = named_at(&hook.method, at);
    quote_spanned! {at=>
        #index => __sdk::Box::pin(async move {
            let __sdk::Option::Some(payload) = call.payload::<#marker, _>() else { return };
            let result = __sdk::checks::hook_future(self.#method(payload, call.context())).await;
            call.finish::<#marker>(__sdk::checks::hook_result::<#marker, _>(result));
        }),
    }
}

fn shutdown(method: &Ident) -> TokenStream {
    let at = located_at(method.span());
    let method = named_at(method, at);
    quote_spanned! {at=>
        fn shutdown(&self) -> __sdk::BoxFuture<'_, __sdk::Result<(), __sdk::PluginError>> {
            __sdk::Box::pin(async move { __sdk::checks::shutdown_result(__sdk::checks::shutdown_future(self.#method()).await) })
        }
    }
}

/// The type of a hook, for a built-in one that of the SDK.
pub(super) fn marker(hook: &Hook) -> TokenStream {
    match &hook.marker {
        Marker::Known(known) => {
            let marker = Ident::new(known.marker, located_at(hook.span()));
            quote_spanned! {located_at(hook.span())=> __sdk::hooks::#marker }
        }
        Marker::Custom(path) => path.to_token_stream(),
    }
}

/// Where the author's tokens begin.
pub(super) fn first_span(tokens: &impl ToTokens) -> Span {
    tokens
        .to_token_stream()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |token| token.span())
}
