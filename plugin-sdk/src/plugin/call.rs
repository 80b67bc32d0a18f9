//! One call of a hook, as the expansion of `#[plugin]` sees it.

use bytes::Bytes;
use serde::Serialize;

use super::checks::PayloadOf;
use crate::{
    codec::{CodecError, Encoding, nesting::Nesting},
    context::PluginContext,
    denial_metadata::DenialMetadata,
    error::PluginError,
    hooks::Hook,
    protocol::response::RESULT_TAG,
    repeated::limited,
    result::{HookResult, PluginResult, Sink},
    value::{Document, read_lenient},
    violation::PluginViolation,
};

/// A call: the payload that came in, its context, and the result that goes out.
///
/// The expansion of `#[plugin]` takes the payload, calls the author's method with it and the context, and hands over the
/// result. Everything else is done here, where it is compiled once.
#[derive(Debug)]
pub struct Call {
    /// The form of the payload, and of the result.
    encoding: Encoding,
    payload: Bytes,
    nesting: Nesting,
    context: PluginContext,
    out: Vec<u8>,
    outcome: Option<Outcome>,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The result is written.
    Result {
        effect: Effect,
        /// Where it is not part of the result.
        denial_metadata: Option<DenialMetadata>,
        bare_denial: Option<Vec<u8>>,
    },
    /// The payload does not fit the hook.
    Payload(CodecError),
    /// The hook failed.
    Error(PluginError),
    /// The result has no form on the wire.
    Unsendable(CodecError),
    /// The plugin does not have the hook after all.
    NoSuchHook,
}

/// What a result does to the call of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Modify,
    Deny,
}

impl Effect {
    fn of<T>(result: &PluginResult<T>) -> Self {
        if !result.continue_processing {
            Self::Deny
        } else if result.modified_payload.is_some() || result.modified_extensions.is_some() {
            Self::Modify
        } else {
            Self::Allow
        }
    }
}

impl Call {
    /// A call that has not been made yet.
    pub(crate) fn new(encoding: Encoding, payload: Bytes, nesting: Nesting, context: PluginContext) -> Self {
        Self {
            encoding,
            payload,
            nesting,
            context,
            out: Vec::new(),
            outcome: None,
        }
    }

    /// What is left once the hook has ended: the outcome, the context, and the output.
    pub(crate) fn into_parts(self) -> (Option<Outcome>, PluginContext, Vec<u8>) {
        (self.outcome, self.context, self.out)
    }

    /// The payload as the type that the hook's method takes. Without one the error is already noted.
    pub fn payload<H: Hook, P: PayloadOf<H>>(&mut self) -> Option<P> {
        self.decode(H::decode_payload).map(P::from_payload)
    }

    fn decode<P>(&mut self, decode: fn(&Document<'_>) -> Result<P, CodecError>) -> Option<P> {
        let decoded = match self.encoding {
            Encoding::Protobuf => decode(&Document::of_shared(&self.payload, self.nesting.levels)),
            Encoding::Json => {
                let levels = self.nesting.json;
                read_lenient(&self.payload, levels, |text| {
                    decode(&Document::of_json(text, levels))
                })
            }
        };
        match decoded {
            Ok(payload) => Some(payload),
            Err(error) => {
                self.outcome = Some(Outcome::Payload(error));
                None
            }
        }
    }

    /// The context, for the hook to read and change.
    pub fn context(&mut self) -> &mut PluginContext {
        &mut self.context
    }

    /// Takes the result of the hook.
    pub fn finish<H: Hook>(&mut self, result: HookResult<H::Result>) {
        let mut result = match result {
            Ok(result) => result,
            Err(error) => match error.into_violation() {
                Ok(violation) => PluginResult::deny(violation),
                Err(error) => {
                    self.outcome = Some(Outcome::Error(error));
                    return;
                }
            },
        };
        // A denial is never lost to what comes with it.
        let bare_denial = if result.continue_processing {
            None
        } else {
            self.bare_denial(result.violation.as_ref())
        };
        let effect = Effect::of(&result);
        let denial_metadata = match self.encoding {
            Encoding::Protobuf => result.denial_metadata.take(),
            Encoding::Json => None,
        };
        let written = H::encode_result(
            &result,
            &mut Sink {
                out: &mut self.out,
                encoding: self.encoding,
                tag: RESULT_TAG,
                nesting: self.nesting,
                expected: self.payload.len(),
            },
        );
        self.outcome = Some(match (written, bare_denial) {
            (Ok(()), bare_denial) => Outcome::Result {
                effect,
                denial_metadata,
                bare_denial,
            },
            (Err(error), Some(bare)) => {
                limited!(warn, "a denial is sent without what comes with it, which can't be sent"; %error);
                self.out.clone_from(&bare);
                Outcome::Result {
                    effect,
                    denial_metadata: None,
                    bare_denial: Some(bare),
                }
            }
            (Err(error), None) => Outcome::Unsendable(error),
        });
    }

    /// The result that denies the call and does nothing else: texts and numbers, which can always be sent.
    fn bare_denial(&self, violation: Option<&PluginViolation>) -> Option<Vec<u8>> {
        let mut denial = PluginResult::<()>::allow();
        denial.continue_processing = false;
        denial.violation = violation.map(PluginViolation::bare);
        written(&denial, self.encoding, self.nesting).ok()
    }

    /// Notes that the plugin was called for a hook that it does not have.
    pub fn no_such_hook(&mut self) {
        self.outcome = Some(Outcome::NoSuchHook);
    }
}

/// A result by itself, in the form in which it goes into a response.
pub(crate) fn written<T: Serialize>(
    result: &PluginResult<T>,
    encoding: Encoding,
    nesting: Nesting,
) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    let mut sink = Sink {
        out: &mut out,
        encoding,
        tag: RESULT_TAG,
        nesting,
        expected: 0,
    };
    sink.encode(result).map(|()| out)
}
