//! What a call is answered with, before it takes the form of a transport.

use super::counts::Counts;
use crate::{
    codec::{CodecError, Encoding, nesting::Nesting},
    plugin::call::{Effect, written},
    protocol::{error::ReportedError, response::WrittenResult},
    repeated::limited,
    result::PluginResult,
};

/// The answer to one call.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) outcome: Result<WrittenResult, ReportedError>,
    /// Of a denial: the result with nothing but what denies the call.
    pub(super) bare_denial: Option<Vec<u8>>,
    /// How it is counted once it can be sent. What was counted already has none.
    pub(super) counted: Option<(&'a Counts, Effect)>,
}

impl From<ReportedError> for Answer<'_> {
    fn from(error: ReportedError) -> Self {
        Self {
            outcome: Err(error),
            bare_denial: None,
            counted: None,
        }
    }
}

impl Answer<'_> {
    /// The answer to a failed call of a plugin whose failures the operator wants ignored: nothing but permission.
    pub(super) fn allow(encoding: Encoding, nesting: Nesting) -> Self {
        Self {
            outcome: written(&PluginResult::<()>::allow(), encoding, nesting)
                .map(WrittenResult::of)
                .map_err(|error| ReportedError::unsendable("", "", &error)),
            bare_denial: None,
            counted: None,
        }
    }

    /// Writes the answer in the form of a transport. What can't be sent, or is too large, is replaced: a denial by what is left of
    /// it when everything optional is gone, anything else by an error.
    pub(super) fn write<T>(
        self,
        plugin_name: &str,
        limit: AnswerLimit,
        size: impl Fn(&T) -> usize,
        write: impl Fn(Result<WrittenResult, ReportedError>) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        let count = |outcome: fn(&Counts, Effect)| {
            if let Some((counts, effect)) = self.counted {
                outcome(counts, effect);
            }
        };
        let AnswerLimit { size: most, setting } = limit;
        let error = match write(self.outcome) {
            Ok(written) if size(&written) <= most => {
                count(Counts::result);
                return Ok(written);
            }
            Ok(written) => ReportedError::too_large(plugin_name, size(&written), most, setting),
            Err(error) => ReportedError::unsendable_context(plugin_name, &error),
        };
        limited!(warn, kind: "answers that can't be sent"; plugin_name = error.plugin_name, "{}", error.message);
        if let Some(Ok(written)) = self
            .bare_denial
            .map(|denial| write(Ok(WrittenResult::of(denial))))
            && size(&written) <= most
        {
            count(Counts::result);
            return Ok(written);
        }
        count(|counts, _| counts.error());
        write(Err(error))
    }
}

/// The largest answer that may be sent, and the setting that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerLimit {
    pub(crate) size: usize,
    pub(crate) setting: &'static str,
}

impl AnswerLimit {
    /// The limit of the server, for a transport that has none of its own.
    pub(crate) fn of_message(size: usize) -> Self {
        Self {
            size,
            setting: "PLUGINS_MAX_MESSAGE_SIZE",
        }
    }
}
