//! The configuration file is a template: `{{ env.NAME }}` stands for a variable of the environment.

mod assignments;
mod bounds;
mod python;
mod unset;
mod variables;

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, OutputSpan, OutputSpanKind, State, Value,
};

pub(crate) use self::unset::Unset;
use self::variables::Variables;
use super::compose::SyntaxError;

/// Bytes of a file, and of what its template renders to.
pub(crate) const MAX_SIZE: usize = 16 * 1024 * 1024;

/// The steps that a template may take; 64 bytes of text are a step too. Each may make a list in a list, which takes 400 bytes of the
/// stack to print.
const STEPS: u64 = 500_000;

/// The steps with those that a large file has in addition, within what the stack can print.
const MAX_STEPS: u64 = 600_000;

/// Address space for the stack of a template, of which only what it needs becomes memory.
const STACK: usize = 256 * 1024 * 1024;

/// The time that a template may take.
const MAX_TIME: Duration = Duration::from_secs(5);

/// What a template renders to.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// The line of the file for each line of the text, where the two differ.
    lines: Option<Vec<u64>>,
    /// What renders as nothing because it is not set.
    pub(crate) unset: Vec<Unset>,
}

impl Rendered {
    /// The line of the file that a line of the text comes from.
    pub(crate) fn line(&self, line: u64) -> u64 {
        let Some(lines) = &self.lines else { return line };
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        lines.get(index).or(lines.last()).copied().unwrap_or(line)
    }
}

/// Renders `source` once. Nothing is escaped: the outcome is YAML, not HTML. An unknown variable renders
/// as the empty text.
pub(crate) fn render(source: &str, variables: &BTreeMap<String, String>) -> Result<Rendered, SyntaxError> {
    render_within(MAX_TIME, source, variables)
}

fn render_within(
    time: Duration,
    source: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Rendered, SyntaxError> {
    if source.len() > MAX_SIZE {
        return Err(too_large("the file"));
    }
    if !["{{", "{%", "{#"].iter().any(|tag| source.contains(tag)) {
        // As in Jinja, the last line break is not part of the template.
        let text = source.strip_suffix('\n').unwrap_or(source);
        let text = text.strip_suffix('\r').unwrap_or(text);
        return Ok(Rendered {
            text: text.to_owned(),
            lines: None,
            unset: Vec::new(),
        });
    }
    bounds::check(source)?;
    let (sender, receiver) = mpsc::channel();
    let (owned, variables) = (assignments::guard(source).into_owned(), variables.clone());
    // Not on the stack of the caller, which may be that of a worker of a runtime.
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || {
        // The caller no longer waits when the time is up.
        let _ = sender.send(on_this_stack(&owned, &variables));
    });
    let failed = |reason: String| SyntaxError {
        line: None,
        message: format!("the template cannot be rendered: {reason}"),
    };
    thread.map_err(|error| failed(error.to_string()))?;
    match receiver.recv_timeout(time) {
        Ok(rendered) => rendered,
        // A step can't be stopped, such as comparing or joining with `~` what macros and loops double many times without `set`. Then the
        // thread goes on until the step is done or the program ends.
        Err(mpsc::RecvTimeoutError::Timeout) => {
            Err(failed(format!("it takes longer than {} s", time.as_secs())))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(failed("the engine failed".to_owned())),
    }
}

fn on_this_stack(source: &str, variables: &BTreeMap<String, String>) -> Result<Rendered, SyntaxError> {
    let env = Arc::new(Variables::new(variables));
    let context = BTreeMap::from([("env".to_owned(), Value::from_dyn_object(env))]);
    let templates = environment(source);
    let template = templates.template_from_str(source);
    let rendered = template.and_then(|template| template.render_with_spans(Value::from(context)));
    let (text, spans) = rendered.map_err(|error| SyntaxError {
        line: line_of(&error, source),
        message: describe(&error),
    })?;
    if text.len() > MAX_SIZE {
        return Err(too_large("what the template renders to"));
    }
    let lines = lines(source, &text, &spans);
    Ok(Rendered {
        text,
        lines: Some(lines),
        unset: unset::find(source, variables),
    })
}

/// What a template may use, and how much of it.
fn environment(source: &str) -> Environment<'_> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    // The names of what is undefined are known only then.
    templates.set_debug(true);
    let size = u64::try_from(source.len()).unwrap_or(u64::MAX);
    templates.set_fuel(Some(STEPS.saturating_add(size / 64).min(MAX_STEPS)));
    templates.set_formatter(print);
    python::extend(&mut templates);
    assignments::extend(&mut templates);
    templates
}

/// Prints a value, whose length is known only afterwards: a list may hold another many times.
fn print(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    struct Limited<'a, 'b>(&'a mut Output<'b>, usize);

    impl fmt::Write for Limited<'_, '_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.1 = self.1.checked_sub(text.len()).ok_or(fmt::Error)?;
            self.0.write_str(text)
        }
    }

    write!(Limited(out, MAX_SIZE), "{value}").map_err(|_| ErrorKind::OutOfFuel.into())
}

/// For each line of `text` the line of `source` that its first character comes from.
fn lines(source: &str, text: &str, spans: &[OutputSpan]) -> Vec<u64> {
    let breaks = Lines::new(source);
    let mut spans = spans.iter().peekable();
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let mut line = 1;
    starts
        .map(|start| {
            while spans.next_if(|span| span.output_range().end <= start).is_some() {}
            if let Some(span) = spans.peek().filter(|span| span.output_range().start <= start) {
                let offset = match span.kind() {
                    OutputSpanKind::Raw => start - span.output_range().start,
                    _ => 0,
                };
                line = breaks.at(span.source_range().start + offset);
            }
            line
        })
        .collect()
}

/// Finds lines by offset.
struct Lines {
    /// Where the lines begin.
    starts: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    fn at(&self, offset: usize) -> u64 {
        let line = self.starts.partition_point(|start| *start <= offset);
        u64::try_from(line).unwrap_or(u64::MAX)
    }
}

fn line_at(text: &str, offset: usize) -> u64 {
    Lines::new(text).at(offset)
}

/// minijinja's own numbers of lines end at 65535.
fn line_of(error: &Error, source: &str) -> Option<u64> {
    match error.range() {
        Some(range) => Some(line_at(source, range.start)),
        None => error.line().and_then(|line| u64::try_from(line).ok()),
    }
}

fn describe(error: &Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => {
            return "the template takes too many steps or makes too much text: is there a loop too long?"
                .to_owned();
        }
        // The name may be the value of a variable.
        ErrorKind::TemplateNotFound => {
            return "the template names another one: there is only this file".to_owned();
        }
        _ => {}
    }
    let reason = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    format!("the template cannot be rendered: {reason}")
}

fn too_large(what: &str) -> SyntaxError {
    SyntaxError {
        line: None,
        message: format!("{what} is larger than {} MiB", MAX_SIZE >> 20),
    }
}

#[cfg(test)]
mod tests;
