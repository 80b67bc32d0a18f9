//! A project as its author has it: the files of the template, and a plugin that the container file's own commands have built.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use parse_dockerfile::Instruction;
use plugin_sdk_tests::process::without_package;

use super::container::{Stages, sources};
use crate::{
    installation::{INSTALL_PATIENCE, output},
    templates::generate,
};

/// The name that is asked for. No other program may have it: the project shares the directory of builds.
const NAME: &str = "deployed-words";

/// A project in a directory.
pub(super) struct Project {
    pub(super) directory: PathBuf,
    /// The program, built.
    pub(super) program: PathBuf,
}

impl Project {
    /// The project that all tests read. It is made and built once.
    pub(super) fn get() -> &'static Self {
        static PROJECT: OnceLock<Project> = OnceLock::new();
        PROJECT.get_or_init(|| {
            let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deployed");
            let _ = fs::remove_dir_all(&directory);
            generate(&directory);
            let program = build(&directory);
            Self { directory, program }
        })
    }

    pub(super) fn read(&self, file: &str) -> String {
        let path = self.directory.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// The project as the real `cargo generate` makes it, alone in its directory, with the lock file that its author commits.
fn generate(directory: &Path) {
    copy(&generate::generate("plugin-full", NAME, &[]), directory);
    let manifest = directory.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    // Else the workspace around the target directory would be looked at.
    fs::write(&manifest, text + "\n[workspace]\n").unwrap();
    // With the versions that this checkout is tested with.
    fs::copy(generate::root().join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    let mut cargo = Command::new("cargo");
    without_package(&mut cargo).args(["update", "--workspace", "--offline", "--quiet"]);
    output(cargo.current_dir(directory), INSTALL_PATIENCE).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Runs the commands of the container's build stage, in a directory that has what the stage has at each of them. Without
/// `--release`, which would build everything anew, and in the directory of builds of generated projects.
fn build(directory: &Path) -> PathBuf {
    let stage = directory.with_file_name("deployed-stage");
    let _ = fs::remove_dir_all(&stage);
    fs::create_dir_all(&stage).unwrap();
    let mut ran = 0;
    let text = fs::read_to_string(directory.join("Containerfile")).unwrap();
    for instruction in &Stages::of(&text).build {
        match instruction {
            Instruction::Copy(step) => {
                let to = stage.join(&*step.dest.value);
                for file in sources(&step.src) {
                    let source = directory.join(&file);
                    if source.is_dir() {
                        copy(&source, &to);
                    } else {
                        fs::copy(source, to.join(file)).unwrap();
                    }
                }
            }
            Instruction::Run(step) => {
                assert!(step.options.iter().all(|option| option.name.value == "mount"));
                let parse_dockerfile::Command::Shell(command) = &step.arguments else {
                    panic!("not a command of the shell: {step:?}")
                };
                let command = command.value;
                assert!(command.contains("cargo build --release --locked"), "{command}");
                let mut shell = Command::new("sh");
                generate::built_together(without_package(&mut shell))
                    .args(["-c", &command.replace(" --release", "")])
                    .current_dir(&stage);
                output(&mut shell, INSTALL_PATIENCE).unwrap();
                ran += 1;
            }
            Instruction::From(_) | Instruction::Workdir(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ran, 2, "the dependencies, then the program");
    generate::program(directory.with_file_name(NAME).as_path())
}
