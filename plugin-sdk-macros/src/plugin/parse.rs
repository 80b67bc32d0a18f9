//! Reads the attribute's arguments and the item, and goes on after a mistake.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{
    Attribute, DeriveInput, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Path, Token, Type, Visibility,
    bracketed, token,
};

use super::conditions::number_of_entry;
use super::keys::{CAPABILITIES, ERROR_POLICIES, KEYS, Key, MODES, OLDER_MODES};
use super::names::method_named;
use crate::diagnostics::{Diagnostics, nearest, suggestion};
use crate::hooks::{KNOWN_HOOKS, KnownHook};

/// The arguments as written. What could not be read is missing here, but its key is known to be given.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) hooks: Vec<Path>,
    pub(super) blocking: Vec<Path>,
    pub(super) name: Option<LitStr>,
    pub(super) kind: Option<LitStr>,
    pub(super) description: Option<Expr>,
    pub(super) version: Option<Expr>,
    pub(super) author: Option<Expr>,
    pub(super) tags: Vec<LitStr>,
    pub(super) mode: Option<Choice>,
    pub(super) priority: Option<i64>,
    pub(super) on_error: Option<Choice>,
    pub(super) capabilities: Vec<Choice>,
    pub(super) config: Option<Type>,
    pub(super) configure: Option<Ident>,
    pub(super) on_shutdown: Option<Ident>,
    pub(super) sdk: Option<Path>,
    /// Whether `hooks` was read to its end; otherwise nothing can be said about what it lacks.
    pub(super) hooks_complete: bool,
    /// The keys in their order, each once.
    keys: Vec<Ident>,
    /// The keys which the unknown ones are near to.
    misspelt: Vec<&'static str>,
}

/// One of a key's few values, and where the author chose it.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) span: Span,
}

impl Arguments {
    /// Reads what stands between the parentheses of `#[plugin(...)]`, but for what is under a condition that is not one of
    /// those that hold.
    pub(super) fn parse(tokens: TokenStream, holding: &[usize], diagnostics: &mut Diagnostics) -> Self {
        let mut arguments = Self::default();
        let read = |input: ParseStream<'_>| {
            each_entry(input, holding, diagnostics, |input, diagnostics| {
                arguments.read_entry(input, holding, diagnostics)
            });
            Ok(())
        };
        if let Err(error) = read.parse2(tokens) {
            diagnostics.report_error(error);
        }
        arguments
    }

    /// The key as the author wrote it, also when its value could not be read.
    pub(super) fn key(&self, name: &str) -> Option<&Ident> {
        self.keys.iter().find(|key| *key == name)
    }

    /// Whether the key is there, be it misspelt: then what it lacks is no second mistake.
    pub(super) fn is_meant(&self, name: &str) -> bool {
        self.key(name).is_some() || self.misspelt.contains(&name)
    }

    fn read_entry(
        &mut self,
        input: ParseStream<'_>,
        holding: &[usize],
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        let Ok(written) = input.call(Ident::parse_any) else {
            return Err(input.error("a key is expected here, for example `hooks = [tool_pre_invoke]`"));
        };
        let name = written.unraw().to_string();
        let Some(key) = Key::find(&name) else {
            let keys = KEYS.iter().map(|key| key.name);
            self.misspelt.extend(nearest(&name, keys.clone()));
            let hint = suggestion(&name, "keys", keys);
            return Err(syn::Error::new(
                written.span(),
                format!("unknown key `{name}`{hint}"),
            ));
        };
        if self.key(&name).is_some() {
            return Err(syn::Error::new(
                written.span(),
                format!("`{name}` is given twice: keep one of the two"),
            ));
        }
        self.keys.push(written.clone());

        if key.name == "configure" {
            self.configure = Some(bare_key(input, written)?);
            return Ok(());
        }
        if input.parse::<Token![=]>().is_err() {
            let message = format!("`{name}` is given its value after `=`: write `{}`", key.usage);
            return Err(syn::Error::new(written.span(), message));
        }
        let value = ValueOf { key, holding };
        match key.name {
            "hooks" => (self.hooks, self.hooks_complete) = value.list(input, diagnostics, hook_path)?,
            "blocking" => self.blocking = value.list(input, diagnostics, hook_path)?.0,
            "name" => self.name = Some(value.filled_text(input)?),
            "kind" => self.kind = Some(value.filled_text(input)?),
            "description" => self.description = Some(value.text(input)?),
            "version" => self.version = Some(value.text(input)?),
            "author" => self.author = Some(value.text(input)?),
            "tags" => self.tags = value.list(input, diagnostics, |item| value.parse(item))?.0,
            "mode" => self.mode = Some(value.mode(input)?),
            "priority" => self.priority = Some(value.integer(input)?),
            "on_error" => self.on_error = Some(value.choice(input, ERROR_POLICIES)?),
            "capabilities" => {
                let capability = |item: ParseStream<'_>| value.choice(item, CAPABILITIES);
                self.capabilities = value.list(input, diagnostics, capability)?.0;
            }
            "config" => self.config = Some(value.parse(input)?),
            "on_shutdown" => self.on_shutdown = Some(value.method(input)?),
            _ => self.sdk = Some(value.module_path(input)?),
        }
        Ok(())
    }
}

/// Reads values of one key; a wrong one is answered with how the key is written.
#[derive(Clone, Copy)]
struct ValueOf<'a> {
    key: &'static Key,
    /// The conditions that hold.
    holding: &'a [usize],
}

impl ValueOf<'_> {
    fn wrong(self, input: ParseStream<'_>) -> syn::Error {
        input.error(format!(
            "wrong value for `{}`: write for example `{}`",
            self.key.name, self.key.usage
        ))
    }

    fn parse<T: Parse>(self, input: ParseStream<'_>) -> syn::Result<T> {
        // From a fork, so that the mistake is blamed on the value's first token, wherever the parser gave up.
        input.fork().parse::<T>().map_err(|_| self.wrong(input))?;
        input.parse()
    }

    /// A string, or a macro that makes one, such as `env!`.
    fn text(self, input: ParseStream<'_>) -> syn::Result<Expr> {
        if let Ok(Expr::Macro(_)) = input.fork().parse() {
            return input.parse();
        }
        let text: LitStr = self.parse(input)?;
        Ok(Expr::Lit(ExprLit {
            attrs: Vec::new(),
            lit: Lit::Str(text),
        }))
    }

    fn filled_text(self, input: ParseStream<'_>) -> syn::Result<LitStr> {
        let text: LitStr = self.parse(input)?;
        if text.value().trim().is_empty() {
            let message = format!(
                "`{0}` is empty: write for example `{1}`, or leave `{0}` out",
                self.key.name, self.key.usage
            );
            return Err(syn::Error::new(text.span(), message));
        }
        Ok(text)
    }

    fn module_path(self, input: ParseStream<'_>) -> syn::Result<Path> {
        input
            .fork()
            .call(Path::parse_mod_style)
            .map_err(|_| self.wrong(input))?;
        input.call(Path::parse_mod_style)
    }

    fn integer(self, input: ParseStream<'_>) -> syn::Result<i64> {
        let wrong = self.wrong(input);
        let sign = if input.parse::<Option<Token![-]>>()?.is_some() {
            "-"
        } else {
            ""
        };
        let digits: LitInt = input.parse().map_err(|_| wrong.clone())?;
        if !digits.suffix().is_empty() {
            return Err(wrong);
        }
        format!("{sign}{}", digits.base10_digits())
            .parse()
            .map_err(|_| wrong)
    }

    /// A method's name, which may be a keyword.
    fn method(self, input: ParseStream<'_>) -> syn::Result<Ident> {
        let written = input.call(Ident::parse_any).map_err(|_| self.wrong(input))?;
        method_named(&written.unraw().to_string(), &written)
    }

    /// One of the modes. Hosts also take the older names, so that authors come with those.
    fn mode(self, input: ParseStream<'_>) -> syn::Result<Choice> {
        let (span, written) = self.word(&input.fork())?;
        if let Some((_, instead)) = OLDER_MODES.iter().find(|(older, _)| *older == written) {
            let message = format!("`mode` cannot be `{written}`, which is an older name: write `{instead}`");
            return Err(syn::Error::new(span, message));
        }
        self.choice(input, MODES)
    }

    /// A word or a string.
    fn word(self, input: ParseStream<'_>) -> syn::Result<(Span, String)> {
        let span = input.span();
        if input.peek(LitStr) {
            return Ok((span, input.parse::<LitStr>()?.value()));
        }
        let word = input.call(Ident::parse_any).map_err(|_| self.wrong(input))?;
        Ok((span, word.unraw().to_string()))
    }

    fn choice(self, input: ParseStream<'_>, known: &[&'static str]) -> syn::Result<Choice> {
        let (span, written) = self.word(input)?;
        let Some(value) = known.iter().find(|name| **name == written) else {
            let hint = suggestion(&written, "values", known.iter().copied());
            return Err(syn::Error::new(
                span,
                format!("`{}` cannot be `{written}`{hint}", self.key.name),
            ));
        };
        Ok(Choice { value, span })
    }

    /// The items that could be read, and whether those are all.
    fn list<T>(
        self,
        input: ParseStream<'_>,
        diagnostics: &mut Diagnostics,
        item: impl Fn(ParseStream<'_>) -> syn::Result<T>,
    ) -> syn::Result<(Vec<T>, bool)> {
        if !input.peek(token::Bracket) {
            return Err(self.wrong(input));
        }
        let content;
        bracketed!(content in input);
        let mut items = Vec::new();
        let complete = each_entry(&content, self.holding, diagnostics, |content, _| {
            items.push(item(content)?);
            Ok(())
        });
        Ok((items, complete))
    }
}

/// Reads entries that are separated by commas. After a mistake it goes on behind the next comma; false when there was one.
fn each_entry(
    input: ParseStream<'_>,
    holding: &[usize],
    diagnostics: &mut Diagnostics,
    mut read: impl FnMut(ParseStream<'_>, &mut Diagnostics) -> syn::Result<()>,
) -> bool {
    let mut complete = true;
    while !input.is_empty() {
        let entry = number_of_entry(input).and_then(|condition| {
            if condition.is_some_and(|number| !holding.contains(&number)) {
                skip_to_comma(input);
                return Ok(());
            }
            read(input, diagnostics)?;
            if input.is_empty() || input.peek(Token![,]) {
                return Ok(());
            }
            Err(input.error("a comma is expected in front of this"))
        });
        if let Err(error) = entry {
            diagnostics.report_error(error);
            complete = false;
        }
        skip_to_comma(input);
        // Doesn't fail: what is there is a comma.
        let _ = input.parse::<Option<Token![,]>>();
    }
    complete
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // Doesn't fail: every token is a token tree, and there is one.
        let _ = input.parse::<TokenTree>();
    }
}

/// A key that takes no value.
fn bare_key(input: ParseStream<'_>, key: Ident) -> syn::Result<Ident> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(key);
    }
    Err(syn::Error::new(
        key.span(),
        "`configure` takes no value: write `configure` alone for a plugin with \
         `async fn configure() -> Result<Self, PluginError>`, or `config = Settings` for one with settings",
    ))
}

/// A hook is a path; written as a string it is still understood, to say how it is written.
fn hook_path(input: ParseStream<'_>) -> syn::Result<Path> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let name = text.value().replace('.', "_");
        let message = match KnownHook::find(&name) {
            Some(hook) => format!("a hook is written without quotes: write `{}`", hook.name),
            None => format!(
                "`{name}` is not a hook, and a hook is written without quotes{}",
                hook_suggestion(&name)
            ),
        };
        return Err(syn::Error::new(text.span(), message));
    }
    let path = input.fork().parse::<Path>();
    if path.is_err() {
        return Err(input.error("a hook is expected here: write its name, for example `tool_pre_invoke`"));
    }
    let path: Path = input.parse()?;
    let mut words = vec![path_words(&path, "_")];
    while let Some(word) = continued(input) {
        words.push(word.to_string());
    }
    if words.len() == 1 {
        return Ok(path);
    }
    let name = words.join("_");
    let message = match KnownHook::find(&name) {
        Some(hook) => format!(
            "a hook is written with `_` in place of dots: write `{}`",
            hook.name
        ),
        None => format!("unknown hook `{name}`{}", hook_suggestion(&name)),
    };
    Err(syn::Error::new_spanned(path, message))
}

/// What follows a hook's name as hosts and people write it: `cmf.tool_pre_invoke`, `tool-pre-invoke`.
fn continued(input: ParseStream<'_>) -> Option<Ident> {
    if input.peek(Token![.]) {
        input.parse::<Token![.]>().ok()?;
    } else {
        input.parse::<Token![-]>().ok()?;
    }
    input.call(Ident::parse_any).ok()
}

/// The names in a path.
pub(super) fn path_words(path: &Path, separator: &str) -> String {
    path.segments
        .iter()
        .map(|segment| segment.ident.unraw().to_string())
        .collect::<Vec<_>>()
        .join(separator)
}

/// The nearest hook and the list of all, for a message about a hook that isn't known.
pub(super) fn hook_suggestion(written: &str) -> String {
    let hint = suggestion(written, "hooks", KNOWN_HOOKS.iter().map(|hook| hook.name));
    format!("{hint}\na hook of your own is written as the path of its type: `MyHook` or `my_hooks::MyHook`")
}

/// Whether the item is a type, and so can be given an implementation.
pub(super) fn is_type(item: &TokenStream, diagnostics: &mut Diagnostics) -> bool {
    let parsed = syn::parse2::<DeriveInput>(item.clone());
    if parsed.is_err() {
        diagnostics.report(
            item_keyword(item.clone()),
            "`#[plugin]` goes on a struct: move it to the struct that holds what the plugin needs, \
             and write its hooks as methods in an `impl` of that struct",
        );
    }
    parsed.is_ok()
}

/// The path of `crate = path` in these arguments, whose mistakes are for others to find. Whether conditions hold is not known
/// where the path is needed, so they don't count.
pub(super) fn crate_of(arguments: TokenStream, conditions: usize) -> Option<Path> {
    let all: Vec<usize> = (0..conditions).collect();
    Arguments::parse(arguments, &all, &mut Diagnostics::default()).sdk
}

/// The token that says what an item is: the first one behind its attributes and visibility.
fn item_keyword(item: TokenStream) -> Span {
    let keyword = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let span = input.span();
        input.parse::<TokenStream>()?;
        Ok(span)
    };
    keyword.parse2(item).unwrap_or_else(|_| Span::call_site())
}
