//! The words, and what is put in their place.
{% if values %}
use plugin_sdk::Value;
{% endif %}
/// Words to look for.
#[derive(Debug)]
pub(crate) struct Words {
    words: Vec<String>,
    replacement: String,
}

impl Words {
    pub(crate) fn new(words: Vec<String>, replacement: String) -> Self {
        Self { words, replacement }
    }

    /// The text with the replacement in the place of each word; `None` if it has none of them.
    pub(crate) fn replaced_in(&self, text: &str) -> Option<String> {
        let mut replaced = None;
        for word in &self.words {
            let text = replaced.as_deref().unwrap_or(text);
            if text.contains(word) {
                replaced = Some(text.replace(word, &self.replacement));
            }
        }
        replaced
    }
{%- if values %}

    /// Replaces the words in all strings of a value. Whether there were any.
    pub(crate) fn replace_in(&self, value: &mut Value) -> bool {
        let mut found = false;
        match value {
            Value::String(text) => {
                if let Some(replaced) = self.replaced_in(text) {
                    *text = replaced;
                    found = true;
                }
            }
            Value::Array(values) => {
                for value in values {
                    found |= self.replace_in(value);
                }
            }
            Value::Object(map) => {
                for value in map.values_mut() {
                    found |= self.replace_in(value);
                }
            }
            _ => {}
        }
        found
    }
{%- endif %}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_replaced_wherever_it_is() {
        let words = Words::new(vec!["red".into(), "blue".into()], "?".into());
        assert_eq!(words.replaced_in("red, blue, red").unwrap(), "?, ?, ?");
        assert_eq!(words.replaced_in("green"), None);
    }
{%- if values %}

    #[test]
    fn values_are_looked_through_at_any_depth() {
        let words = Words::new(vec!["red".into()], "?".into());
        let mut value = Value::from(serde_json::json!({"a": [1, {"b": "red"}], "red": null}));
        assert!(words.replace_in(&mut value));
        assert_eq!(value["a"][1]["b"], "?");
        assert!(!words.replace_in(&mut value));
    }
{%- endif %}
}
