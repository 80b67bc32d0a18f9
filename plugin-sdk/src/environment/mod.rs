//! The variables that settings are read from: those of the process, and beneath them those of a `.env` file.

mod dotenv;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use self::dotenv::DotEnv;

/// The file of variables, in the working directory.
const FILE: &str = ".env";

/// Bytes of that file.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// Variables by name. Names are compared without regard to case, as on the Python server.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// By name in capitals.
    variables: BTreeMap<String, String>,
    /// What a template of the configuration file sees: the process environment alone, by exact name.
    process: BTreeMap<String, String>,
    /// What is wrong with the `.env` file, for the log.
    pub(crate) warnings: Vec<String>,
}

impl Environment {
    /// Reads the process environment, and `.env` in the working directory if there is one.
    pub(crate) fn read() -> Self {
        // Variables that are not Unicode cannot be ours.
        let process = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let (file, warning) = match read_file(Path::new(FILE)) {
            Ok(bytes) => (bytes, None),
            // A directory of this name is some tool's, such as a virtual environment of Python.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
                (Vec::new(), None)
            }
            Err(error) => {
                let warning = format!("{FILE}: cannot be read and is ignored: {error}");
                (Vec::new(), Some(warning))
            }
        };
        let mut environment = Self::new(process, &file);
        environment.warnings.extend(warning);
        environment
    }

    /// Combines the process environment with the bytes of a `.env` file; the process wins.
    pub(crate) fn new(process: impl Iterator<Item = (String, String)>, file: &[u8]) -> Self {
        let process: BTreeMap<_, _> = process.collect();
        let file = DotEnv::read(file, &process);
        let mut variables = BTreeMap::new();
        for (name, value) in file.values {
            match value {
                Some(value) => variables.insert(name.to_uppercase(), value),
                None => variables.remove(&name.to_uppercase()),
            };
        }
        for (name, value) in &process {
            variables.insert(name.to_uppercase(), value.clone());
        }
        // Of names that differ only in case, the one in capitals is meant.
        for (name, value) in process.iter().filter(|(name, _)| **name == name.to_uppercase()) {
            variables.insert(name.clone(), value.clone());
        }
        let problems = file.problems.iter();
        let mut warnings: Vec<_> = problems
            .map(|problem| format!("{FILE}:{}: is ignored: {}", problem.line, problem.message))
            .collect();
        if file.more_problems > 0 {
            let more = file.more_problems;
            warnings.push(format!(
                "{FILE}: {more} more lines cannot be read and are ignored"
            ));
        }
        Self {
            variables,
            process,
            warnings,
        }
    }

    /// The value of the first of `names` that is set to something. Empty counts as unset.
    pub(crate) fn get<'a>(&'a self, names: &[&'static str]) -> Option<(&'static str, &'a str)> {
        names.iter().find_map(|name| {
            let value = self.value(name)?;
            Some((*name, value))
        })
    }

    /// The value of a variable. Empty counts as unset.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The names of all variables that are set, in capitals.
    #[cfg(feature = "cli")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// A switch such as `PLUGINS_FAIL_ON_PLUGIN_ERROR`.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match boolean(value) {
            Some(value) => Ok(Some(value)),
            None => Err(format!(
                "{name}: \"{value}\" is not a boolean; write true or false"
            )),
        }
    }

    /// The variables that a template of the configuration file sees.
    pub(crate) fn template_variables(&self) -> BTreeMap<String, String> {
        self.process.clone()
    }
}

/// The bytes of a file. A pipe or a device may have no end, and is not opened.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size > MAX_SIZE) {
        let message = format!("it is larger than {} MiB", MAX_SIZE >> 20);
        return Err(io::Error::other(message));
    }
    Ok(bytes)
}

/// Seconds that a setting may have.
pub(crate) const SECONDS: RangeInclusive<f64> = 0.001..=86_400.0;

/// The spellings that the Python server takes.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "t" | "y" => Some(true),
        "0" | "false" | "no" | "off" | "f" | "n" => Some(false),
        _ => None,
    }
}

/// `~` is the home directory; a relative path belongs to the working directory.
pub(crate) fn path(text: &str) -> Option<PathBuf> {
    if text.is_empty() {
        return None;
    }
    let path = match text.strip_prefix("~/") {
        Some(rest) => std::env::home_dir()?.join(rest),
        None => PathBuf::from(text),
    };
    std::path::absolute(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(process: &[(&str, &str)], file: &str) -> Environment {
        Environment::new(
            process
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
            file.as_bytes(),
        )
    }

    #[test]
    fn names_ignore_case_and_the_process_wins_over_the_file() {
        let found = environment(
            &[
                ("plugins_log_level", "debug"),
                ("PLUGINS_TRANSPORT", "unix"),
                ("Plugins_Transport", "grpc"),
            ],
            "plugins_log_level=ERROR\nexport plugins_config_path=\"a b.yaml\" # why\n",
        );
        assert_eq!(
            found.get(&["PLUGINS_LOG_LEVEL"]),
            Some(("PLUGINS_LOG_LEVEL", "debug"))
        );
        assert_eq!(
            found.get(&["PLUGINS_TRANSPORT"]),
            Some(("PLUGINS_TRANSPORT", "unix"))
        );
        assert_eq!(
            found.get(&["PLUGINS_CONFIG_PATH"]),
            Some(("PLUGINS_CONFIG_PATH", "a b.yaml"))
        );
        assert!(!found.template_variables().contains_key("plugins_config_path"));
    }

    #[test]
    fn an_empty_value_is_no_value() {
        let found = environment(
            &[("PLUGINS_UNIX_SOCKET_PATH", ""), ("UNIX_SOCKET_PATH", "/run/a")],
            "",
        );
        let names = ["PLUGINS_UNIX_SOCKET_PATH", "UNIX_SOCKET_PATH"];
        assert_eq!(found.get(&names), Some(("UNIX_SOCKET_PATH", "/run/a")));
        assert_eq!(found.boolean("PLUGINS_UNIX_SOCKET_PATH"), Ok(None));
    }

    #[test]
    fn booleans_have_many_spellings() {
        for (text, expected) in [
            ("1", true),
            ("True", true),
            ("y", true),
            ("OFF", false),
            ("f", false),
            ("No", false),
        ] {
            assert_eq!(
                environment(&[("X", text)], "").boolean("X"),
                Ok(Some(expected)),
                "{text}"
            );
        }
        let message = environment(&[("X", "maybe")], "").boolean("X").unwrap_err();
        assert_eq!(message, "X: \"maybe\" is not a boolean; write true or false");
    }

    #[test]
    fn a_broken_line_is_skipped_and_not_repeated() {
        let found = environment(&[], "A=1\nthis secret is broken\nB=2\n");
        assert_eq!(found.get(&["A"]), Some(("A", "1")));
        assert_eq!(found.get(&["B"]), Some(("B", "2")));
        assert_eq!(found.warnings, [".env:2: is ignored: it is not NAME=value"]);
    }

    #[test]
    fn many_broken_lines_are_counted() {
        let found = environment(&[], &format!("{}A=1\n", "broken line\n".repeat(1000)));
        assert_eq!(found.get(&["A"]), Some(("A", "1")));
        assert_eq!(found.warnings.len(), 21);
        assert_eq!(
            found.warnings[20],
            ".env: 980 more lines cannot be read and are ignored"
        );
    }

    #[test]
    fn only_a_regular_file_of_some_size_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let error = || read_file(&path).unwrap_err();
        assert_eq!(error().kind(), ErrorKind::NotFound);
        fs::write(&path, "A=1").unwrap();
        assert_eq!(read_file(&path).unwrap(), b"A=1");
        File::create(&path).unwrap().set_len(MAX_SIZE + 1).unwrap();
        assert_eq!(error().to_string(), "it is larger than 16 MiB");
        assert_eq!(
            read_file(directory.path()).unwrap_err().kind(),
            ErrorKind::IsADirectory
        );
        #[cfg(unix)]
        for endless in ["/dev/zero", "/dev/null"] {
            let error = read_file(Path::new(endless)).unwrap_err();
            assert_eq!(error.to_string(), "it is no regular file", "{endless}");
        }
    }
}
