//! The rows as a file: what a later run of some paths leaves of the others.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use super::Row;
use crate::Result;

/// All that was measured.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Record {
    /// What it was measured on, as a sentence.
    pub(crate) machine: String,
    pub(crate) rows: Vec<Row>,
}

impl Record {
    /// What is in the file; nothing when there is none.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(file)?;
        serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}; delete it to start anew", file.display()).into())
    }

    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.rows.iter().any(|row| row.path == path)
    }

    /// Replaces the rows of a path.
    pub(crate) fn put(&mut self, path: &str, rows: Vec<Row>) {
        self.rows.retain(|row| row.path != path);
        self.rows.extend(rows);
        self.machine = machine();
    }
}

/// Processor, cores, system and compiler.
fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows is the distribution's.
    let system = system.trim().split('-').next().unwrap_or_default();
    format!(
        "Measured on {cores} cores of {model}, Linux {}, {}.",
        system,
        plugin_sdk_instructions::count::compiler()
    )
}
