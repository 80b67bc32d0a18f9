//! Configuration files against the host's own loader, `PyYAML` and pydantic included, on thousands of generated files.

use plugin_sdk::{
    Value,
    host::{GatewayConfig, HostError},
};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::{installation::Failed, real_host::CURRENT};

#[derive(Deserialize)]
struct Cases {
    values: Vec<Case>,
    shapes: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    accepted: bool,
    #[serde(default)]
    config: Json,
}

fn parse(text: &str) -> Result<GatewayConfig, Vec<String>> {
    GatewayConfig::parse("gateway.yaml", text).map_err(|error| match error {
        HostError::Configuration { problems } => problems,
        other => panic!("{other}"),
    })
}

/// Whether Rust's value is Python's, and whether Python's has a part that cannot be sent to a host.
fn compare(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (_, Json::String(any)) if any == "$any" => true,
        (Json::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && theirs
                    .iter()
                    .all(|(key, theirs)| ours.get(key).is_some_and(|ours| compare(ours, theirs)))
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| compare(ours, theirs))
        }
        _ => ours == theirs,
    }
}

#[test]
fn files_are_read_as_the_host_reads_them() -> Result<(), Failed> {
    let Some(written) = CURRENT.written_by("yaml_files.py", &[])? else {
        return Ok(());
    };
    let cases: Cases = serde_json::from_str(written.trim()).unwrap();
    let mut different = Vec::new();
    let (mut read, mut refused_by_both) = (0, 0);
    for Case {
        text,
        accepted,
        config,
    } in &cases.values
    {
        let cannot_be_sent = config.to_string().contains("$refused");
        match parse(text) {
            // PyYAML is stricter about white space, which does no harm.
            Ok(_) if !accepted => {}
            Ok(gateway) => {
                let document = gateway.others().next().unwrap().document().clone();
                let ours = document.get("config").cloned().unwrap_or(Value::Null);
                let ours: Json = serde_json::to_value(&ours).unwrap();
                if cannot_be_sent || !compare(&ours, config) {
                    different.push(format!("{text:?}\n  Rust   {ours}\n  Python {config}"));
                }
                read += 1;
            }
            Err(problems) if *accepted && !cannot_be_sent => {
                different.push(format!("{text:?}\n  {problems:?}"));
            }
            Err(_) => refused_by_both += 1,
        }
    }
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    assert!(read > 2000 && refused_by_both > 30, "{read} {refused_by_both}");
    Ok(())
}

#[test]
fn shapes_are_refused_that_the_host_refuses() -> Result<(), Failed> {
    let Some(written) = CURRENT.written_by("yaml_files.py", &["shapes"])? else {
        return Ok(());
    };
    let cases: Cases = serde_json::from_str(written.trim()).unwrap();
    let different: Vec<_> = cases
        .shapes
        .iter()
        .filter_map(|case| match parse(&case.text) {
            Ok(_) if !case.accepted => Some(format!("accepted: {}", case.text)),
            Err(problems) if case.accepted => Some(format!("refused: {}  {problems:?}", case.text)),
            _ => None,
        })
        .collect();
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    assert!(cases.shapes.iter().filter(|case| case.accepted).count() > 300);
    Ok(())
}
