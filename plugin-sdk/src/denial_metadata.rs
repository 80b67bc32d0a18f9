//! Numbers about a denial, for the gateway's telemetry.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    repeated::limited,
    value::{Map, Value},
};

/// Numbers about a denial ([protocol, section
/// 7.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#73-denial-metadata)). Integers
/// keep their 64 bits on every transport.
///
/// Hosts take at most 16 entries, whose keys are 1 to 64 characters out of `A-Z a-z 0-9 . _ -` and whose floats are finite;
/// with more entries they take none, and an entry that breaks a rule is left out. The server applies the same rules before
/// it sends, and logs what it leaves out.
///
/// ```
/// use plugin_sdk::DenialMetadata;
///
/// let mut metadata = DenialMetadata::new();
/// metadata.insert("tokens", 9_007_199_254_740_993_i64);
/// metadata.insert("score", 0.5);
/// metadata.insert("repeated", true);
/// assert_eq!(metadata.iter().count(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DenialMetadata(Vec<(String, DenialMetric)>);

/// One of the numbers of [`DenialMetadata`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DenialMetric {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number that is not NaN or infinite.
    Floating(f64),
}

/// Hosts drop everything when there are more entries than this.
const MAX_ENTRIES: usize = 16;
const MAX_KEY_LENGTH: usize = 64;

impl DenialMetadata {
    /// No entries yet. Set on a result, this is "present and empty", which hosts tell from absent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an entry.
    pub fn insert(&mut self, key: impl Into<String>, metric: impl Into<DenialMetric>) {
        let (key, metric) = (key.into(), metric.into());
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = metric,
            None => self.0.push((key, metric)),
        }
    }

    /// The entries, in the order in which they were set.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, DenialMetric)> {
        self.0.iter().map(|(key, metric)| (key.as_str(), *metric))
    }

    /// The entries that hosts accept.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (&str, DenialMetric)> {
        let too_many = self.0.len() > MAX_ENTRIES;
        if too_many {
            limited!(warn, kind: "denial metadata with too many entries"; entries = self.0.len(),
                "denial metadata is left out: hosts take at most {MAX_ENTRIES} entries");
        }
        self.iter()
            .filter(move |(key, metric)| !too_many && acceptable(key, *metric))
    }

    /// The entries of an object that hosts accept.
    pub(crate) fn of_map(map: &Map) -> Self {
        let metrics = map.iter().filter_map(|(key, value)| {
            let metric = match value {
                Value::Bool(value) => DenialMetric::Boolean(*value),
                Value::Number(value) => match value.as_i64() {
                    Some(value) => DenialMetric::Integer(value),
                    // An integer beyond 64 bits is none that hosts take.
                    None if value.is_integer() => return None,
                    None => DenialMetric::Floating(value.as_f64()?),
                },
                _ => return None,
            };
            Some((key.to_owned(), metric))
        });
        // What is no number counts among the entries, whose number is limited.
        if map.len() > MAX_ENTRIES {
            return Self::new();
        }
        metrics.collect::<Self>().into_accepted()
    }

    /// The entries that hosts accept.
    pub(crate) fn into_accepted(self) -> Self {
        self.accepted().collect()
    }
}

fn acceptable(key: &str, metric: DenialMetric) -> bool {
    let key_fits = (1..=MAX_KEY_LENGTH).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let accepted = key_fits && !matches!(metric, DenialMetric::Floating(value) if !value.is_finite());
    if !accepted {
        limited!(warn, kind: "entries of denial metadata left out"; key,
            "an entry of the denial metadata is left out: keys are 1 to {MAX_KEY_LENGTH} of A-Z a-z 0-9 . _ -, floats are finite");
    }
    accepted
}

impl<K: Into<String>, M: Into<DenialMetric>> FromIterator<(K, M)> for DenialMetadata {
    fn from_iter<I: IntoIterator<Item = (K, M)>>(entries: I) -> Self {
        let mut metadata = Self::new();
        for (key, metric) in entries {
            metadata.insert(key, metric);
        }
        metadata
    }
}

impl Serialize for DenialMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, metric) in self.accepted() {
            match metric {
                DenialMetric::Boolean(value) => map.serialize_entry(key, &value)?,
                DenialMetric::Integer(value) => map.serialize_entry(key, &value)?,
                DenialMetric::Floating(value) => map.serialize_entry(key, &value)?,
            }
        }
        map.end()
    }
}

macro_rules! metrics {
    ($($type:ty => $variant:ident,)*) => {$(
        impl From<$type> for DenialMetric {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

metrics! {
    bool => Boolean,
    i8 => Integer, i16 => Integer, i32 => Integer, i64 => Integer, u8 => Integer, u16 => Integer, u32 => Integer,
    f32 => Floating, f64 => Floating,
}
