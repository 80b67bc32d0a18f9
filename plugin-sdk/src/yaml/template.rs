//! The configuration file is a template: `{{ env.NAME }}` stands for a variable of the environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, context};

use super::node::SyntaxError;

/// Renders `source` once. Nothing is escaped: the outcome is YAML, not HTML. An unknown variable renders
/// as the empty text.
pub(crate) fn render(source: &str, variables: BTreeMap<String, String>) -> Result<String, SyntaxError> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    let env = Value::from_object(Variables(variables));
    templates
        .render_str(source, context!(env => env))
        .map_err(|error| SyntaxError {
            line: error.line().and_then(|line| u64::try_from(line).ok()),
            message: format!("the template cannot be rendered: {}", describe(&error)),
        })
}

fn describe(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// `env` of a template: the environment as a mapping, with Python's `env.get(name, default)`, which files
/// written for the Python server use.
#[derive(Debug)]
struct Variables(BTreeMap<String, String>);

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(Value::from).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        match (method, arguments) {
            ("get", [name]) => Ok(self.get_value(name).unwrap_or_default()),
            ("get", [name, default]) => Ok(self.get_value(name).unwrap_or_else(|| default.clone())),
            ("get", _) => Err(Error::new(
                ErrorKind::InvalidOperation,
                "env.get takes a name and a default",
            )),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(source: &str) -> Result<String, SyntaxError> {
        let variables = [("WORD", "a&b <c>"), ("EMPTY", "")];
        render(
            source,
            variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        )
    }

    #[test]
    fn variables_are_inserted_without_escaping() {
        assert_eq!(rendered("a: \"{{ env.WORD }}\"").unwrap(), "a: \"a&b <c>\"");
        assert_eq!(rendered("a: {{ env['WORD'] }}").unwrap(), "a: a&b <c>");
        assert_eq!(rendered("a: '{{ env.NOTHING }}'").unwrap(), "a: ''");
    }

    #[test]
    fn defaults_can_be_given_in_the_usual_ways() {
        assert_eq!(
            rendered("{{ env.get('NOTHING', 'x') }}{{ env.get('WORD', 'x') }}").unwrap(),
            "xa&b <c>"
        );
        assert_eq!(rendered("{{ env.get('NOTHING') or 'x' }}").unwrap(), "x");
        assert_eq!(rendered("{{ env.NOTHING | default('x') }}").unwrap(), "x");
        assert_eq!(rendered("{{ env.EMPTY or 'x' }}").unwrap(), "x");
    }

    #[test]
    fn a_template_error_has_its_line() {
        let error = rendered("a: 1\nb: {{ env. }}\n").unwrap_err();
        assert_eq!(error.line, Some(2), "{error:?}");
        let error = rendered("a: 1\n{% if %}\n").unwrap_err();
        assert_eq!(error.line, Some(2), "{error:?}");
    }
}
