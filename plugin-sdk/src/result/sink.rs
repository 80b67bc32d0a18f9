//! Where the result of a hook is written.

use serde::Serialize;

use super::PluginResult;
use crate::codec::{CodecError, Encoding, Writing, nesting::Nesting, write_json, write_struct_as};

/// Where the result of a hook is written, in the form in which its transport carries it.
#[derive(Debug)]
pub struct Sink<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) encoding: Encoding,
    /// The tag of the field of protobuf that the result is.
    pub(crate) tag: u8,
    pub(crate) nesting: Nesting,
    /// How large the document is that was read: what is written may be as large.
    pub(crate) expected: usize,
}

impl Sink<'_> {
    /// Writes the result of a hook.
    ///
    /// # Errors
    ///
    /// When a part of the result has no form on the wire: the error names the key.
    pub fn encode<T: Serialize>(&mut self, result: &PluginResult<T>) -> Result<(), CodecError> {
        let payload = result.modified_payload.as_ref().map_or(0, |_| self.expected);
        // A little more than what is known, for the rest of the result and for what a plugin adds.
        self.out.reserve(payload + payload / 64 + 256);
        match self.encoding {
            Encoding::Protobuf => {
                let writing = Writing::new(self.nesting.levels).expecting(payload);
                write_struct_as(self.out, result, self.tag, writing).map(drop)
            }
            Encoding::Json => write_json(self.out, result, self.nesting.json.in_result()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::{codec::nesting::JsonLevels, denial_metadata::DenialMetric};

    fn sent<T: Serialize>(result: &PluginResult<T>) -> Result<String, CodecError> {
        let mut out = b"before".to_vec();
        let mut sink = Sink {
            out: &mut out,
            encoding: Encoding::Json,
            tag: 0,
            nesting: Nesting::DEFAULT,
            expected: 0,
        };
        sink.encode(result)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn json_keeps_its_integers_and_refuses_what_it_has_no_text_for() {
        let largest = BTreeMap::from([("signed", i128::from(i64::MIN)), ("unsigned", u64::MAX.into())]);
        let result =
            PluginResult::modify_payload(largest).with_denial_metadata("n", DenialMetric::Integer(i64::MAX));
        assert_eq!(
            sent(&result).unwrap(),
            "before{\"continue_processing\":true,\"modified_payload\":{\"signed\":-9223372036854775808,\
             \"unsigned\":18446744073709551615},\"denial_metadata\":{\"n\":9223372036854775807}}"
        );
        for float in [f64::NAN, f64::INFINITY] {
            let payload = BTreeMap::from([("list", [0.0, float])]);
            let error = sent(&PluginResult::modify_payload(payload)).unwrap_err();
            assert_eq!(error.path(), "modified_payload.list[1]");
        }
        let nested = |count| (0..count).fold(json!({}), |inside, _| json!({ "k": inside }));
        assert!(sent(&PluginResult::modify_payload(nested(JsonLevels::DEFAULT - 1))).is_ok());
        let error = sent(&PluginResult::modify_payload(nested(JsonLevels::DEFAULT))).unwrap_err();
        assert!(
            error.is_too_deep() && error.path().starts_with("modified_payload.k.k"),
            "{error}"
        );
    }
}
