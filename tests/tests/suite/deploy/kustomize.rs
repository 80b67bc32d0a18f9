//! As much of kustomize as the kustomizations use: whatever else one says is an error here.

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kustomization {
    api_version: String,
    kind: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    config_map_generator: Vec<Generator>,
    #[serde(default)]
    images: Vec<Image>,
    #[serde(default)]
    patches: Vec<Patch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    name: String,
    files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Image {
    name: String,
    new_tag: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    path: String,
}

/// What `kubectl apply -k` would send. With `optional`, also what stands behind comment signs at the end of the kustomization.
pub(super) fn build(directory: &Path, optional: bool) -> Vec<Value> {
    let mut text = fs::read_to_string(directory.join("kustomization.yaml")).unwrap();
    if optional {
        let (always, rest) = text.split_once("\n# patches:").unwrap();
        text = format!("{always}\npatches:{}", rest.replace("\n# ", "\n"));
    }
    let kustomization: Kustomization = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(
        (kustomization.api_version.as_str(), kustomization.kind.as_str()),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    );
    let mut resources = Vec::new();
    for name in &kustomization.resources {
        let path = directory.join(name);
        if path.is_dir() {
            resources.extend(build(&path, false));
        } else {
            resources.push(read(&path));
        }
    }
    for generator in &kustomization.config_map_generator {
        let mut data = Map::new();
        for file in &generator.files {
            let (key, file) = file.split_once('=').unwrap_or((file, file));
            // Files come from the directory itself, unless kustomize is told otherwise.
            assert!(!file.contains('/'), "{file}");
            let text = fs::read_to_string(directory.join(file)).unwrap();
            data.insert(key.to_owned(), text.into());
        }
        let metadata = json!({"name": generator.name});
        resources.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}));
    }
    for patch in &kustomization.patches {
        let patch = read(&directory.join(&patch.path));
        let patched = resources.iter_mut().find(|resource| {
            resource["kind"] == patch["kind"] && resource["metadata"]["name"] == patch["metadata"]["name"]
        });
        merge(patched.unwrap(), &patch);
    }
    for Image { name, new_tag } in &kustomization.images {
        let mut used = false;
        for resource in &mut resources {
            tag(resource, name, new_tag, &mut used);
        }
        assert!(used, "no container has the image {name}");
    }
    resources
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tag(value: &mut Value, name: &str, tag_of_image: &str, used: &mut bool) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| tag(item, name, tag_of_image, used)),
        Value::Object(object) => {
            if object.get("image").is_some_and(|image| image == name) {
                object.insert("image".to_owned(), format!("{name}:{tag_of_image}").into());
                *used = true;
            }
            object
                .values_mut()
                .for_each(|item| tag(item, name, tag_of_image, used));
        }
        _ => {}
    }
}

/// A strategic merge: objects key by key, null removes, and lists by the names of their objects.
fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(object), Value::Object(patch)) => {
            for (key, patch) in patch {
                if patch.is_null() {
                    assert!(object.remove(key).is_some(), "{key} is not there to be removed");
                } else if let Some(value) = object.get_mut(key) {
                    merge(value, patch);
                } else {
                    object.insert(key.clone(), patch.clone());
                }
            }
        }
        (Value::Array(items), Value::Array(patches))
            if patches
                .iter()
                .all(|patch| patch["name"].is_string() || patch["mountPath"].is_string()) =>
        {
            for patch in patches {
                let key = if patch["mountPath"].is_string() {
                    "mountPath"
                } else {
                    "name"
                };
                if let Some(item) = items.iter_mut().find(|item| item[key] == patch[key]) {
                    merge(item, patch);
                } else {
                    items.push(patch.clone());
                }
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}
