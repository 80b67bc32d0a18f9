//! What the templates offer is what there is.

use std::{collections::BTreeSet, fs};

use super::{generate::root, projects::hook_words};

fn template(file: &str) -> String {
    let path = root().join("templates").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first list of strings after `start`.
fn list(text: &str, start: &str) -> Vec<String> {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start:?} in {text}"));
    let (_, rest) = rest.split_once('[').unwrap();
    let (list, _) = rest.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_hooks_are_all_there_are() {
    let one = template("plugin/cargo-generate.toml");
    assert_eq!(list(&one, "[placeholders.hooks]"), hook_words());
    let many = template("plugin-full/cargo-generate.toml");
    assert_eq!(list(&many, "[placeholders.hooks]"), hook_words());
}

#[test]
fn the_transports_are_features_of_the_sdk() {
    let features = fs::read_to_string(root().join("plugin-sdk/Cargo.toml")).unwrap();
    for file in ["plugin/cargo-generate.toml", "plugin-full/cargo-generate.toml"] {
        let text = template(file);
        let (_, rest) = text.split_once("[placeholders.transports]").unwrap();
        let (transports, _) = rest.split_once("\n[").unwrap();
        let chosen = list(transports, "default = ");
        assert_eq!(chosen, ["unix", "grpc", "mcp"]);
        for transport in chosen {
            assert!(
                transports.contains(&format!("{{ value = \"{transport}\"")),
                "{file}: {transport}"
            );
            assert!(features.contains(&format!("\n{transport} = [")), "{transport}");
        }
    }
}

/// One text in two places, since each template stands alone.
#[test]
fn what_the_templates_share_is_the_same_in_both() {
    for file in [
        "name.rhai",
        "checks.rhai",
        "deployment.rhai",
        "gateway.yaml",
        "Containerfile",
        ".dockerignore",
        "resources/plugins/kustomization.yaml",
        "kubernetes/service/autoscaler.yaml",
        "kubernetes/service/deployment.yaml",
        "kubernetes/service/disruption-budget.yaml",
        "kubernetes/service/kustomization.yaml",
        "kubernetes/service/network-policy.yaml",
        "kubernetes/service/service-account.yaml",
        "kubernetes/service/service.yaml",
        "kubernetes/service/tls.yaml",
        "kubernetes/sidecar/deployment.yaml",
        "kubernetes/sidecar/kustomization.yaml",
        "kubernetes/sidecar/service.yaml",
    ] {
        assert_eq!(
            template(&format!("plugin/{file}")),
            template(&format!("plugin-full/{file}")),
            "{file}"
        );
    }
}

#[test]
fn the_repository_is_that_of_the_workspace() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("\nrepository = \"").unwrap();
    let (repository, _) = rest.split_once('"').unwrap();
    assert!(template("plugin/checks.rhai").contains(&format!("git = \"{repository}\"")));
    for file in ["plugin/README.md", "plugin-full/README.md"] {
        assert!(template(file).contains(repository), "{file}");
    }
}

/// A project whose type has the name of something in scope would not compile.
#[test]
fn no_name_of_the_prelude_may_be_taken() {
    let prelude = fs::read_to_string(root().join("plugin-sdk/src/prelude.rs")).unwrap();
    let names: BTreeSet<&str> = prelude
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| word.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .filter(|word| !word.ends_with("Payload") && *word != "What")
        .collect();
    assert!(names.contains("PluginResult"), "{names:?}");
    let uses = own_uses();
    assert!(uses.contains("ContentPart"), "{uses:?}");
    let names = names.iter().copied().chain(uses.iter().map(String::as_str));
    let refused = list(&template("plugin/name.rhai"), "let in_scope = ");
    for name in names {
        assert!(
            refused.iter().any(|refused| refused == name),
            "{name} is not refused"
        );
    }
}

/// The types that the code of the templates names in a `use`.
fn own_uses() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root().join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                for statement in text
                    .split("use ")
                    .skip(1)
                    .filter_map(|rest| rest.split(';').next())
                {
                    let words = statement.split(|letter: char| !letter.is_ascii_alphanumeric());
                    let types =
                        words.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase()));
                    // What else begins with "use " is prose.
                    let is_path = statement.contains("::");
                    // Those are refused by their end.
                    let types = types.filter(|word| is_path && !word.ends_with("Payload"));
                    names.extend(types.map(str::to_owned));
                }
            }
        }
    }
    names
}

/// Neither may the name of a crate that the project depends on.
#[test]
fn no_name_of_a_dependency_may_be_taken() {
    let names = template("plugin/name.rhai");
    for file in ["plugin/Cargo.toml.liquid", "plugin-full/Cargo.toml.liquid"] {
        let text = template(file);
        let (_, dependencies) = text.split_once("[dependencies]").unwrap();
        let (dependencies, _) = dependencies.split_once("[lints").unwrap();
        for line in dependencies.lines() {
            let Some((name, _)) = line.split_once(" = ") else {
                continue;
            };
            let project = name.replace('_', "-");
            let refused = project.starts_with("plugin-sdk") || names.contains(&format!("\"{project}\""));
            assert!(refused, "{file}: {name}");
        }
    }
}
