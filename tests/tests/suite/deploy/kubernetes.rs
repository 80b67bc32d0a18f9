//! The manifests fit the schemas of Kubernetes itself, and each other.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{kustomize, project::Project, tool};
use crate::installation::Failed;

/// Where the kustomizations begin to work, and the newest that there are schemas of.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];

/// What is applied, by the name of the variant.
pub(super) fn variants() -> [(&'static str, Vec<Value>); 3] {
    let kubernetes = Project::get().directory.join("kubernetes");
    let service = kubernetes.join("service");
    [
        ("service", kustomize::build(&service, false)),
        ("service with TLS", kustomize::build(&service, true)),
        ("sidecar", super::sidecar::manifests()),
    ]
}

/// The one resource of a kind.
pub(super) fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> &'a Value {
    let mut found = manifests.iter().filter(|manifest| manifest["kind"] == kind);
    let one = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "more than one {kind}");
    one
}

/// The verdict on manifests, as from [`tool`].
fn validate(version: &str, manifests: &[Value]) -> Result<Option<Result<String, String>>, Failed> {
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = manifests
        .iter()
        .enumerate()
        .map(|(index, manifest)| {
            let file = directory.path().join(format!("{index}.yaml"));
            fs::write(&file, manifest.to_string()).unwrap();
            file
        })
        .collect();
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let arguments = ["--strict", "--kubernetes-version", version];
    tool("kubernetes-validate", &arguments, &files)
}

#[test]
fn the_manifests_fit_the_schemas() -> Result<(), Failed> {
    for version in VERSIONS {
        for (name, manifests) in variants() {
            if let Some(report) = validate(version, &manifests)? {
                let report = report.unwrap_or_else(|report| panic!("{name}: {report}"));
                let passed = report.matches(" passed ").count();
                assert_eq!(passed, manifests.len(), "{name}: {report}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_misspelt_key_does_not() -> Result<(), Failed> {
    let [(_, manifests), ..] = variants();
    let mut deployment = of_kind(&manifests, "Deployment").clone();
    let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
    let context = container["securityContext"].as_object_mut().unwrap();
    let value = context.remove("readOnlyRootFilesystem").unwrap();
    context.insert("readOnlyRootFileSystem".to_owned(), value);
    if let Some(report) = validate(VERSIONS[1], &[deployment])? {
        let report = report.unwrap_err();
        assert!(report.contains("readOnlyRootFileSystem"), "{report}");
    }
    Ok(())
}

/// The names by which the parts find each other.
#[test]
fn selectors_accounts_and_volumes_lead_to_what_is_there() {
    let [(_, service), _, (_, sidecar)] = variants();
    let deployment = of_kind(&service, "Deployment");
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let name = &deployment["metadata"]["name"];
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&of_kind(&service, "Service")["spec"]["selector"], labels);
    for kind in ["PodDisruptionBudget", "NetworkPolicy"] {
        let spec = &of_kind(&service, kind)["spec"];
        let selector = if spec["selector"].is_object() {
            &spec["selector"]
        } else {
            &spec["podSelector"]
        };
        assert_eq!(&selector["matchLabels"], labels, "{kind}");
    }
    assert_eq!(
        &of_kind(&service, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"],
        name
    );
    let account = &of_kind(&service, "ServiceAccount")["metadata"]["name"];
    assert_eq!(
        &deployment["spec"]["template"]["spec"]["serviceAccountName"],
        account
    );

    let gateway = of_kind(&sidecar, "Deployment");
    let labels = &gateway["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&of_kind(&sidecar, "Service")["spec"]["selector"], labels);
    // The gateways that the network policy lets through are those of the other variant.
    let policy = &of_kind(&service, "NetworkPolicy")["spec"]["ingress"][0]["from"][0];
    assert_eq!(&policy["podSelector"]["matchLabels"], labels);
}

/// What every container of ours keeps to.
#[test]
fn containers_have_bounds_and_no_rights() {
    for (name, manifests) in variants() {
        let spec = &of_kind(&manifests, "Deployment")["spec"]["template"]["spec"];
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(
            spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
            "{name}"
        );
        assert_eq!(spec["automountServiceAccountToken"], false, "{name}");
        let container = super::pod::plugin(&manifests);
        let context = &container["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(context["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(context["capabilities"]["drop"][0], "ALL", "{name}");
        assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
        assert!(container["resources"]["requests"]["cpu"].is_string(), "{name}");
    }
}
