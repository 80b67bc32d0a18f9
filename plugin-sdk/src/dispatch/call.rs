//! One call of a hook, as the expansion of `#[plugin]` sees it.

use bytes::Bytes;

use super::json;
use crate::{
    codec::{CodecError, Document, Form, Sink, nesting::Nesting},
    context::PluginContext,
    denial_metadata::DenialMetadata,
    error::PluginError,
    hooks::Hook,
    plugin::checks::PayloadOf,
    repeated::limited,
    result::{HookResult, PluginResult},
    violation::PluginViolation,
};

/// A call: the payload that came in, its context, and the result that goes out.
///
/// The expansion of `#[plugin]` takes the payload, calls the author's method with it and the context, and hands over the
/// result. Everything else is done here, where it is compiled once.
#[derive(Debug)]
pub struct Call {
    payload: Payload,
    nesting: Nesting,
    context: PluginContext,
    out: Vec<u8>,
    outcome: Option<Outcome>,
}

/// The payload in the form of its transport.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Struct(Bytes),
    Json(Bytes),
}

impl Payload {
    fn len(&self) -> usize {
        match self {
            Self::Struct(bytes) | Self::Json(bytes) => bytes.len(),
        }
    }

    /// The form of the result: that of the payload.
    pub(crate) fn form(&self, nesting: Nesting) -> Form {
        match self {
            Self::Struct(_) => Form::Struct {
                tag: RESULT,
                levels: nesting.levels,
            },
            Self::Json(_) => Form::Json(nesting.json),
        }
    }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The result is written.
    Result {
        effect: Effect,
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

/// The tag of `InvokeHookResponse.result`.
const RESULT: u8 = 0x12;

impl Call {
    /// A call whose result is appended to `out`.
    pub(crate) fn new(payload: Payload, nesting: Nesting, context: PluginContext, out: Vec<u8>) -> Self {
        Self {
            payload,
            nesting,
            context,
            out,
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
        let decoded = match &self.payload {
            Payload::Struct(bytes) => decode(&Document::of_shared(bytes, self.nesting.levels)),
            Payload::Json(text) => {
                let levels = self.nesting.json;
                json::read(text, levels, |text| decode(&Document::of_json(text, levels)))
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
        let result = match result {
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
        let start = self.out.len();
        let form = self.payload.form(self.nesting);
        let written = H::encode_result(
            &result,
            &mut Sink {
                out: &mut self.out,
                form,
                expected: self.payload.len(),
            },
        );
        self.outcome = Some(match (written, bare_denial) {
            (Ok(()), bare_denial) => Outcome::Result {
                effect,
                denial_metadata: result.denial_metadata,
                bare_denial,
            },
            (Err(error), Some(bare)) => {
                limited!(warn, "a denial is sent without what comes with it, which can't be sent"; %error);
                self.out.truncate(start);
                self.out.extend_from_slice(&bare);
                Outcome::Result {
                    effect,
                    denial_metadata: None,
                    bare_denial: Some(bare),
                }
            }
            (Err(error), None) => {
                self.out.truncate(start);
                Outcome::Unsendable(error)
            }
        });
    }

    /// The result that denies the call and does nothing else: texts and numbers, which can always be sent.
    fn bare_denial(&self, violation: Option<&PluginViolation>) -> Option<Vec<u8>> {
        let mut denial = PluginResult::<()>::allow();
        denial.continue_processing = false;
        denial.violation = violation.map(PluginViolation::bare);
        let (mut out, form) = (Vec::new(), self.payload.form(self.nesting));
        (Sink {
            out: &mut out,
            form,
            expected: 0,
        })
        .encode(&denial)
        .ok()?;
        Some(out)
    }

    /// Notes that the plugin was called for a hook that it does not have.
    pub fn no_such_hook(&mut self) {
        self.outcome = Some(Outcome::NoSuchHook);
    }
}
