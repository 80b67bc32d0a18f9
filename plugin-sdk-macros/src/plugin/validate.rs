//! The rules that need more than one token: what is missing, what is there twice, what doesn't fit together.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::{Attribute, Data, DeriveInput, Expr, Ident, LitStr, Meta, Path};

use super::model::{Construction, Hook, Manifest, Marker, Plugin};
use super::names::method_of_type;
use super::parse::{Arguments, hook_suggestion, path_words};
use crate::diagnostics::{Diagnostics, nearest};
use crate::hooks::KnownHook;

/// Checks the arguments against each other and the item, and keeps what is right.
pub(super) fn validate(arguments: Arguments, item: DeriveInput, diagnostics: &mut Diagnostics) -> Plugin {
    let is_struct = require_struct(&item, diagnostics);
    let is_definite = require_no_parameters(&item, diagnostics);
    let (mut hooks, rejected) = distinct_hooks(&arguments, diagnostics);
    mark_blocking(&arguments, &mut hooks, &rejected, diagnostics);
    let on_shutdown = shutdown_method(&arguments, &hooks, diagnostics);
    let mut construction = construction(&arguments, diagnostics);
    if !is_struct || !is_definite {
        construction = Construction::Unknown;
    }
    if !is_definite {
        // The methods of a type with parameters can have bounds of their own, and then seem to be missing.
        hooks.clear();
    }
    Plugin {
        construction,
        manifest: Manifest {
            description: arguments.description,
            documentation: documentation(&item.attrs),
            tags: distinct(arguments.tags, "tag", LitStr::value, LitStr::span, diagnostics),
            capabilities: distinct(
                arguments.capabilities,
                "capability",
                |choice| choice.value.to_owned(),
                |choice| choice.span,
                diagnostics,
            )
            .into_iter()
            .map(|choice| choice.value)
            .collect(),
            name: arguments.name,
            kind: arguments.kind,
            version: arguments.version,
            author: arguments.author,
            mode: arguments.mode.map(|choice| choice.value),
            priority: arguments.priority,
            on_error: arguments.on_error.map(|choice| choice.value),
        },
        hooks,
        on_shutdown,
        ident: item.ident,
        generics: item.generics,
    }
}

/// ```text
/// accepted: struct Words { .. }, struct Words;, struct Words(Rules);
/// rejected: enum Words { .. }, union Words { .. }
/// ```
fn require_struct(item: &DeriveInput, diagnostics: &mut Diagnostics) -> bool {
    let (keyword, what) = match &item.data {
        Data::Struct(_) => return true,
        Data::Enum(data) => (data.enum_token.span, "an enum"),
        Data::Union(data) => (data.union_token.span, "a union"),
    };
    let message = format!(
        "`#[plugin]` goes on a struct, not on {what}: make `{0}` a struct, or a field of one",
        item.ident
    );
    diagnostics.report(keyword, message);
    false
}

/// ```text
/// accepted: struct Words { rules: Vec<Rule> }
/// rejected: struct Words<R> { rules: Vec<R> }
/// ```
fn require_no_parameters(item: &DeriveInput, diagnostics: &mut Diagnostics) -> bool {
    if item.generics.params.is_empty() {
        return true;
    }
    let message = format!(
        "a plugin has no parameters, because a configuration file couldn't choose them: write definite types in \
         `struct {}`",
        item.ident
    );
    diagnostics.report_error(syn::Error::new_spanned(&item.generics.params, message));
    false
}

/// The hooks, each once, and those that aren't any. Two entries collide when they would call the same method.
fn distinct_hooks(arguments: &Arguments, diagnostics: &mut Diagnostics) -> (Vec<Hook>, Vec<String>) {
    const ADD: &str = "add the hooks that the plugin handles, for example `hooks = [tool_pre_invoke]`; \
                       each is a method of the same name";
    if !arguments.is_meant("hooks") {
        diagnostics.report(Span::call_site(), format!("`hooks` is missing: {ADD}"));
    }
    if let Some(key) = arguments.key("hooks")
        && arguments.hooks_complete
        && arguments.hooks.is_empty()
    {
        diagnostics.report(
            key.span(),
            format!("`hooks` is empty, so the plugin would never be called: {ADD}"),
        );
    }
    let mut hooks: Vec<Hook> = Vec::new();
    let mut rejected = Vec::new();
    for path in &arguments.hooks {
        match resolve(path, diagnostics) {
            Some(hook) if hooks.iter().any(|other| is_same(&other.method, &hook.method)) => {
                let message = format!(
                    "the hook `{}` is listed twice: remove one of the two",
                    hook.method.unraw()
                );
                diagnostics.report(hook.span(), message);
            }
            Some(hook) => hooks.push(hook),
            None => rejected.push(path_words(path, "_")),
        }
    }
    (hooks, rejected)
}

/// ```text
/// known:   tool_pre_invoke
/// custom:  AuditEvent, crate::hooks::AuditEvent
/// unknown: tool_pre, cmf::tool_pre_invoke
/// ```
fn resolve(path: &Path, diagnostics: &mut Diagnostics) -> Option<Hook> {
    let last = &path.segments.last()?.ident;
    if let Some(known) = known(path) {
        return Some(Hook {
            marker: Marker::Known(known),
            method: last.clone(),
            blocking: false,
        });
    }
    if last
        .unraw()
        .to_string()
        .starts_with(|letter: char| letter.is_uppercase())
    {
        let method = method_of_type(last).map_err(|error| diagnostics.report_error(error));
        return Some(Hook {
            marker: Marker::Custom(path.clone()),
            method: method.ok()?,
            blocking: false,
        });
    }
    let message = format!(
        "unknown hook `{}`{}",
        path_words(path, "::"),
        hook_suggestion(&path_words(path, "_"))
    );
    diagnostics.report_error(syn::Error::new_spanned(path, message));
    None
}

/// The built-in hook of this name.
fn known(path: &Path) -> Option<&'static KnownHook> {
    KnownHook::find(&path.get_ident()?.unraw().to_string())
}

/// Whether the names are the same, with `r#` or without.
fn is_same(one: &Ident, other: &Ident) -> bool {
    one.unraw() == other.unraw()
}

/// What blocks must be handled in the first place.
fn mark_blocking(
    arguments: &Arguments,
    hooks: &mut [Hook],
    rejected: &[String],
    diagnostics: &mut Diagnostics,
) {
    let mut seen: Vec<Ident> = Vec::new();
    for path in &arguments.blocking {
        let Some(last) = path.segments.last() else {
            continue;
        };
        let method = match known(path) {
            Some(_) => Ok(last.ident.clone()),
            None => method_of_type(&last.ident),
        };
        // Otherwise the hook is no hook in `hooks` either.
        let Ok(method) = method else { continue };
        if seen.iter().any(|other| is_same(other, &method)) {
            let message = format!(
                "the hook `{}` is listed twice in `blocking`: remove one of the two",
                method.unraw()
            );
            diagnostics.report_error(syn::Error::new_spanned(path, message));
            continue;
        }
        if let Some(hook) = hooks.iter_mut().find(|hook| is_same(&hook.method, &method)) {
            hook.blocking = true;
        } else if arguments.hooks_complete && !hooks.is_empty() && !is_near(&method, rejected) {
            let listed: Vec<String> = hooks
                .iter()
                .map(|hook| format!("`{}`", hook.method.unraw()))
                .collect();
            let message = format!(
                "`{}` is in `blocking` but not in `hooks`: add it to `hooks`, or write one of those here: {}",
                method.unraw(),
                listed.join(", ")
            );
            diagnostics.report_error(syn::Error::new_spanned(path, message));
        }
        seen.push(method);
    }
}

/// Whether the hook is there, misspelt, which is a mistake already reported.
fn is_near(method: &Ident, rejected: &[String]) -> bool {
    nearest(&method.unraw().to_string(), rejected.iter().map(String::as_str)).is_some()
}

/// `config` says how the plugin is made already, so the bare key beside it is a misunderstanding.
fn construction(arguments: &Arguments, diagnostics: &mut Diagnostics) -> Construction {
    match (&arguments.config, &arguments.configure) {
        (Some(config), configure) => {
            if let Some(configure) = configure {
                diagnostics.report(
                    configure.span(),
                    "`config = ..` already calls `configure(config)`: remove the bare key `configure`",
                );
            }
            Construction::ConfigureWith(Box::new(config.clone()))
        }
        (None, _) if arguments.is_meant("config") => Construction::Unknown,
        (None, Some(configure)) => Construction::Configure(configure.clone()),
        (None, None) if arguments.is_meant("configure") => Construction::Unknown,
        (None, None) => Construction::Default,
    }
}

/// ```text
/// accepted: hooks = [tool_pre_invoke], on_shutdown = close
/// rejected: hooks = [tool_pre_invoke], on_shutdown = tool_pre_invoke
/// ```
fn shutdown_method(arguments: &Arguments, hooks: &[Hook], diagnostics: &mut Diagnostics) -> Option<Ident> {
    let method = arguments.on_shutdown.clone()?;
    let name = method.unraw();
    let taken = if name == "configure" {
        "makes the plugin"
    } else {
        "is the method of a hook"
    };
    if name != "configure" && !hooks.iter().any(|hook| is_same(&hook.method, &method)) {
        return Some(method);
    }
    let message = format!("`{name}` {taken}: name another method here, for example `on_shutdown = close`");
    diagnostics.report(method.span(), message);
    None
}

/// The values, each once.
fn distinct<T>(
    values: Vec<T>,
    what: &str,
    text: impl Fn(&T) -> String,
    span: impl Fn(&T) -> Span,
    diagnostics: &mut Diagnostics,
) -> Vec<T> {
    let mut distinct: Vec<T> = Vec::new();
    for value in values {
        if distinct.iter().any(|other| text(other) == text(&value)) {
            let message = format!(
                "the {what} `{}` is listed twice: remove one of the two",
                text(&value)
            );
            diagnostics.report(span(&value), message);
        } else {
            distinct.push(value);
        }
    }
    distinct
}

/// What the item's doc comment is made of: a string for each line, or what makes one, such as `include_str!`.
fn documentation(attributes: &[Attribute]) -> Vec<Expr> {
    let parts = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => Some(meta.value.clone()),
        _ => None,
    });
    parts.collect()
}
