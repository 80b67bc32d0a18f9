//! `applied_to` of an entry: data for the plugin, of which hosts check the form.

use super::{
    fields::Fields,
    node::{Content, Node},
};
use crate::environment::boolean;

impl Node {
    /// A boolean in any of the spellings that hosts take.
    pub(crate) fn to_bool(&self) -> Option<bool> {
        match &self.content {
            Content::Bool(value) => Some(*value),
            Content::String(text) => boolean(text),
            Content::Number(number) => match number.as_f64() {
                Some(0.0) => Some(false),
                Some(1.0) => Some(true),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Fields<'_> {
    /// Checks the templates of tools, prompts and resources.
    pub(super) fn applied_to(&mut self) {
        if self.optional_mapping("applied_to").is_none() {
            return;
        }
        for (kind, name) in [
            ("tools", "tool_name"),
            ("prompts", "prompt_name"),
            ("resources", "resource_uri"),
        ] {
            let path = format!("applied_to.{kind}");
            let value = self.node.get("applied_to").and_then(|section| section.get(kind));
            let Some(value) = value.filter(|value| !value.is_null()) else {
                continue;
            };
            let Some(items) = value.as_sequence() else {
                self.wrong_type(&path, "a list of mappings", value);
                continue;
            };
            for (index, item) in items.iter().enumerate() {
                self.template(&format!("{path}[{index}]"), item, name);
            }
        }
    }

    fn template(&mut self, path: &str, item: &Node, name: &str) {
        if item.as_mapping().is_none() {
            return self.wrong_type(path, "a mapping", item);
        }
        let place = self.place(path);
        let mut template = Fields {
            path: &place,
            node: item,
            findings: self.findings,
        };
        match item.get(name) {
            None => template
                .findings
                .problem(item.line, &place, format!("{name} is missing")),
            Some(value) if value.as_str().is_none() => template.wrong_type(name, "a string", value),
            Some(_) => {}
        }
        for key in ["fields", "context"] {
            if item.get(key).is_some_and(|value| !value.is_null()) {
                template.strings(key);
            }
        }
        template.optional_mapping("extensions");
        if let Some(value) = item.get("result")
            && value.to_bool().is_none()
        {
            template.wrong_type("result", "true or false", value);
        }
    }
}
