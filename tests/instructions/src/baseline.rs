//! What a call may take: the counts that were accepted last, and how small a part of the naive path they must be.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use plugin_sdk_instructions::{
    Result,
    count::{compiler, count},
    subjects::SUBJECTS,
};

/// How much more than what was accepted passes: other versions of dependencies, hash seeds.
const MARGIN: f64 = 1.03;
/// So much less than what was accepted does not pass either.
const FELL: f64 = 0.9;
/// What was promised has a limit, whatever the compiler.
const PROMISED: [&str; 2] = ["full", "part"];
const ACCEPT: &str = "cargo run --release -p plugin-sdk-instructions -- update";

#[derive(Default, Deserialize, Serialize)]
struct Baseline {
    /// The compiler that the counts belong to.
    compiler: String,
    /// Instructions per call.
    counts: BTreeMap<String, f64>,
    /// The largest part that a subject may be of its floor, whatever the compiler.
    at_most: BTreeMap<String, f64>,
}

/// On what counts depend beside the code.
fn built_by() -> String {
    format!("{} for {}", compiler(), env!("PLUGIN_SDK_INSTRUCTIONS_TARGET"))
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

fn read() -> Result<Baseline> {
    let file = file();
    let text = fs::read_to_string(&file)
        .map_err(|error| format!("{}: {error}; make it with: {ACCEPT}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn counts() -> Result<BTreeMap<String, f64>> {
    SUBJECTS
        .iter()
        .map(|subject| Ok((subject.name.to_owned(), count(subject)?)))
        .collect()
}

/// Accepts what is now. The parts of floors stay: they are what was promised.
pub(crate) fn update() -> Result<()> {
    let mut baseline = if file().exists() {
        read()?
    } else {
        Baseline::default()
    };
    baseline.compiler = built_by();
    baseline.counts = counts()?
        .into_iter()
        .filter(|(name, _)| {
            SUBJECTS
                .iter()
                .any(|subject| subject.name == name && !subject.floor.is_empty())
        })
        .map(|(name, count)| (name, count.round()))
        .collect();
    fs::write(file(), serde_json::to_string_pretty(&baseline)? + "\n")?;
    println!("{} has the counts of now", file().display());
    Ok(())
}

/// Complains about everything that takes more instructions than it may.
pub(crate) fn check() -> Result<()> {
    let (baseline, counts) = (read()?, counts()?);
    let same_compiler = baseline.compiler == built_by();
    if !same_compiler {
        println!(
            "counts are of {}, and this is {}: only parts of floors are compared, which depend little on it",
            baseline.compiler,
            built_by()
        );
    }
    let mut regressions = Vec::new();
    for name in PROMISED
        .iter()
        .filter(|name| !baseline.at_most.contains_key(**name))
    {
        regressions.push(format!("{name} has no limit (`at_most` in {})", file().display()));
    }
    for name in baseline.counts.keys().chain(baseline.at_most.keys()) {
        if !SUBJECTS.iter().any(|subject| subject.name == name) {
            regressions.push(format!(
                "{name} in {} is nothing that is counted",
                file().display()
            ));
        }
    }
    for subject in SUBJECTS.iter().filter(|subject| !subject.floor.is_empty()) {
        let (name, is) = (subject.name, counts[subject.name]);
        let part = is / counts[subject.floor];
        println!("{name}: {is:.0} instructions, {part:.3} of {}", subject.floor);
        if same_compiler {
            match baseline.counts.get(name) {
                Some(was) if is > was * MARGIN => regressions.push(format!(
                    "{name} ({}): was {was} instructions per call, is {is:.0}, limit {:.0}; if that is wanted, accept it with: {ACCEPT}",
                    subject.title,
                    was * MARGIN
                )),
                // What is not accepted could come back unseen. Or the call does less than it should.
                Some(was) if is < was * FELL => regressions.push(format!(
                    "{name} ({}): was {was} instructions per call, is {is:.0}; if the call still does all it should, accept it with: {ACCEPT}",
                    subject.title
                )),
                Some(_) => {}
                None => regressions.push(format!("{name} has no count in {}; {ACCEPT}", file().display())),
            }
        }
        if let Some(most) = baseline.at_most.get(name).filter(|most| part > **most) {
            regressions.push(format!(
                "{name} ({}): is {part:.3} of the instructions of {}, limit {most:.3} (`at_most` in {})",
                subject.title,
                subject.floor,
                file().display()
            ));
        }
    }
    if regressions.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the instructions of calls are not as accepted:\n{}",
        regressions.join("\n")
    )
    .into())
}
