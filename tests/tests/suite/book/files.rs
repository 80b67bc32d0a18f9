//! Files of servers and of gateways, loaded by who reads them.

use std::{fs, process::Command};

use plugin_sdk::host::GatewayConfig;
use plugin_sdk_tests::process::without_settings;

use super::{
    place::Place,
    rules::{Rule, blocks_with},
};
use crate::{installation::Failed, real_host::CURRENT};

/// A file with external plugins is the gateway's: our host half and the real host read it. Any other is a server's: `check` finds
/// nothing wrong with it.
#[test]
fn files_are_what_their_readers_take() -> Result<(), Failed> {
    let place = Place::make();
    let mut gateways = Vec::new();
    let mut servers = 0;
    for (number, block) in blocks_with(Rule::File).iter().enumerate() {
        let text = place.real(&block.text);
        let file = place.path().join(format!("file-{number}.yaml"));
        fs::write(&file, &text).unwrap();
        if text.contains("kind: external") {
            if let Err(error) = GatewayConfig::parse(&block.place, &text) {
                panic!("{error}");
            }
            gateways.push(file.to_str().unwrap().to_owned());
            continue;
        }
        servers += 1;
        let program = if text.contains("WordGuard") {
            "word-guard"
        } else {
            "replace-words"
        };
        let mut command = Command::new(place.programs().join(program));
        let checked = without_settings(&mut command)
            .args(["check", "--config"])
            .arg(&file)
            .current_dir(place.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(
            checked.status.success() && said.contains("ok: plugin"),
            "{}: {said}{}",
            block.place,
            String::from_utf8_lossy(&checked.stderr)
        );
    }
    assert!(servers > 2 && gateways.len() > 2);
    let arguments: Vec<&str> = gateways.iter().map(String::as_str).collect();
    let said = CURRENT.written_by("load_gateway_files.py", &arguments)?;
    if let Some(said) = said {
        assert_eq!(said.lines().count(), gateways.len(), "{said}");
    }
    Ok(())
}
