//! Finds variables that are not set and whose value a template uses all the same.
//!
//! Jinja renders them as nothing, which files rely on. Here the template is rendered again in minijinja's mode in which a use of an
//! undefined value is an error: that names the value and its place. The value is then given a stand-in, and so on to the end.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use minijinja::{Error, ErrorKind, UndefinedBehavior, Value};

use super::variables::{Absent, Variables};

/// Names that are looked for. Each costs one rendering.
const MAX_NAMES: usize = 64;

/// The time that looking may take. A template that takes this long has other problems.
const MAX_TIME: Duration = Duration::from_secs(1);

/// A use of a value that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unset {
    /// As the template has it, such as `env.NAME`.
    pub(crate) expression: String,
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
}

/// The uses that render as nothing, the first of each variable.
pub(super) fn find(source: &str, variables: &BTreeMap<String, String>) -> Vec<Unset> {
    let mut found = Vec::new();
    let mut compared: Vec<(Unset, Arc<Absent>)> = Vec::new();
    let mut templates = super::environment(source);
    templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    let Ok(template) = templates.template_from_str(source) else {
        return found;
    };
    let (mut of_env, mut globals) = (BTreeMap::new(), BTreeMap::new());
    let started = Instant::now();
    let mut more = None;
    for count in 0.. {
        if started.elapsed() > MAX_TIME {
            more = Some("looking for variables that are not set takes too long: there may be more of them");
            break;
        }
        let env = Arc::new(Variables::new(variables).with(of_env.clone()));
        let mut context: BTreeMap<String, Value> = globals.clone();
        context.insert("env".to_owned(), Value::from_dyn_object(Arc::clone(&env)));
        let Err(error) = template.render(Value::from(context)) else {
            break;
        };
        let Some(name) = Name::of(&error, env.last_missed()) else {
            break;
        };
        if count == MAX_NAMES {
            more = Some("more variables are not set; the others are named once these are");
            break;
        }
        let unset = name.used_at(super::line_of(&error, source));
        let stand_in = if is_comparison(&error, source) {
            let absent = Arc::new(Absent::default());
            compared.push((unset, Arc::clone(&absent)));
            Value::from_dyn_object(absent)
        } else {
            found.push(unset);
            Value::from("")
        };
        let earlier = match name {
            Name::Variable(name) => of_env.insert(name, stand_in),
            Name::Global(name) => globals.insert(name, stand_in),
            Name::Other(_) => break,
        };
        if earlier.is_some() {
            break;
        }
    }
    let printed = compared
        .into_iter()
        .filter(|(_, absent)| absent.is_printed.load(Ordering::Relaxed));
    found.extend(printed.map(|(unset, _)| unset));
    found.sort_by_key(|unset| unset.line);
    found.extend(more.map(|message| Unset {
        expression: String::new(),
        line: None,
        message: message.to_owned(),
    }));
    found
}

enum Name {
    /// Of the environment.
    Variable(String),
    /// Without `env.`.
    Global(String),
    Other(String),
}

impl Name {
    /// What an error says is undefined.
    fn of(error: &Error, last_missed: Option<String>) -> Option<Self> {
        if error.kind() != ErrorKind::UndefinedError {
            return None;
        }
        let detail = error.detail().unwrap_or_default();
        let expression = detail.split('`').nth(1).unwrap_or("env[...]");
        let is_name = |text: &str| text.chars().all(|char| char.is_alphanumeric() || char == '_');
        let quoted = expression
            .strip_prefix("env['")
            .and_then(|rest| rest.strip_suffix("']"));
        Some(match expression.strip_prefix("env.").or(quoted) {
            Some(name) if quoted.is_some() || is_name(name) => Self::Variable(name.to_owned()),
            _ if expression == "env[...]" => Self::Variable(last_missed?),
            _ if is_name(expression) => Self::Global(expression.to_owned()),
            _ => Self::Other(expression.to_owned()),
        })
    }

    fn used_at(&self, line: Option<u64>) -> Unset {
        let (expression, message) = match self {
            Self::Variable(name) => (
                format!("env.{name}"),
                format!(
                    "the variable is not set, and so there is nothing here; set it, or write {{{{ env.{name} | default(\"...\") }}}}"
                ),
            ),
            Self::Global(name) => (
                name.clone(),
                format!(
                    "is not defined, and so there is nothing here; a variable of the environment is {{{{ env.{name} }}}}"
                ),
            ),
            Self::Other(expression) => (
                expression.clone(),
                "is not defined, and so there is nothing here".to_owned(),
            ),
        };
        Unset {
            expression,
            line,
            message,
        }
    }
}

/// Whether a value was only compared with another: then it prints as nothing wrong.
fn is_comparison(error: &Error, source: &str) -> bool {
    let text = error
        .range()
        .and_then(|range| source.get(range))
        .unwrap_or_default();
    let mut quote = None;
    let code: String = text
        .chars()
        .filter(|char| match quote {
            Some(open) => {
                if *char == open {
                    quote = None;
                }
                false
            }
            None if matches!(char, '"' | '\'') => {
                quote = Some(*char);
                false
            }
            None => true,
        })
        .collect();
    ["==", "!=", "<", ">", " in "]
        .iter()
        .any(|operator| code.contains(operator))
}
