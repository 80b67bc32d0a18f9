//! From a file to the tree of its values.

use std::{collections::BTreeMap, fs::File, io, io::Read, path::Path};

use super::{
    compose::{SyntaxError, compose},
    findings::Findings,
    node::Node,
    template::{self, MAX_SIZE},
};

/// Reads a file, unless it is too large to be a configuration.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let most = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    // One more, so that what is too large is found as such.
    File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Renders the template `source` and reads the YAML that it makes. `None` if that is impossible; then the findings say why.
pub(crate) fn parse(
    source: &str,
    variables: &BTreeMap<String, String>,
    findings: &mut Findings,
) -> Option<Node> {
    let report = |findings: &mut Findings, SyntaxError { line, message }: SyntaxError| {
        findings.problem(line, "", message);
    };
    let rendered = match template::render(source, variables) {
        Ok(rendered) => rendered,
        Err(error) => {
            report(findings, error);
            return None;
        }
    };
    for unset in &rendered.unset {
        findings.warning(unset.line, &unset.expression, &unset.message);
    }
    match compose(&rendered.text) {
        Ok((mut root, repeated)) => {
            for again in repeated {
                let message = format!(
                    "is given twice, and the last one counts (the first is on line {})",
                    rendered.line(again.earlier)
                );
                findings.warning(rendered.line(again.line), &again.key, message);
            }
            root.map_lines(&|line| rendered.line(line));
            Some(root)
        }
        Err(SyntaxError { line, message }) => {
            let line = line.map(|line| rendered.line(line));
            report(findings, SyntaxError { line, message });
            None
        }
    }
}
