//! What was measured, and how it is shown: one row for each figure and its floor.

pub(crate) mod json;
pub(crate) mod picture;
pub(crate) mod table;

use serde::{Deserialize, Serialize};

use crate::measure::Compared;

/// One figure beside its floor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Row {
    /// The path that measured it.
    pub(crate) path: String,
    pub(crate) case: String,
    /// What it is compared with.
    pub(crate) floor: String,
    pub(crate) unit: Unit,
    pub(crate) ours: f64,
    #[serde(deserialize_with = "or_nan")]
    pub(crate) floor_is: f64,
    /// Of ours to the floor: the median of the rounds, the lowest and the highest.
    #[serde(deserialize_with = "or_nan")]
    pub(crate) ratio: f64,
    #[serde(deserialize_with = "or_nan")]
    pub(crate) lowest: f64,
    #[serde(deserialize_with = "or_nan")]
    pub(crate) highest: f64,
    /// Microseconds of the server's processor for each call, ours and the floor's.
    pub(crate) processor: Option<(f64, f64)>,
    pub(crate) target: Option<Target>,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    CallsPerSecond,
    Picoseconds,
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Bytes,
    /// Given in bytes.
    Kibibytes,
    /// How many times as large as the payload.
    Copies,
    Instructions,
}

/// What is asked of a row.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    RatioAtLeast(f64),
    RatioAtMost(f64),
    AtMost(f64),
}

impl Row {
    pub(crate) fn new(
        path: &str,
        case: impl Into<String>,
        floor: &str,
        unit: Unit,
        compared: Compared,
    ) -> Self {
        Self {
            path: path.to_owned(),
            case: case.into(),
            floor: floor.to_owned(),
            unit,
            ours: compared.ours.median,
            floor_is: compared.floor.median,
            ratio: compared.ratio.median,
            lowest: compared.ratio.low,
            highest: compared.ratio.high,
            processor: None,
            target: None,
        }
    }

    pub(crate) fn with_processor(mut self, processor: Compared) -> Self {
        self.processor = Some((processor.ours.median, processor.floor.median));
        self
    }

    pub(crate) fn with_target(mut self, target: impl Into<Option<Target>>) -> Self {
        self.target = target.into();
        self
    }

    /// How much of its target a row reaches: 1 is all of it.
    pub(crate) fn reached(&self) -> Option<f64> {
        self.target.map(|target| match target {
            Target::RatioAtLeast(least) => self.ratio / least,
            Target::RatioAtMost(most) => most / self.ratio,
            Target::AtMost(most) => most / self.ours,
        })
    }

    pub(crate) fn is_met(&self) -> Option<bool> {
        self.reached().map(|reached| reached >= 1.0)
    }
}

/// JSON has no word for what is no number, which a row without a floor has.
fn or_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|number| number.unwrap_or(f64::NAN))
}

/// A ratio as one says it.
pub(crate) fn ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 10.0 => format!("{ratio:.0} ×"),
        ratio if ratio >= 1.995 => format!("{ratio:.1} ×"),
        ratio if ratio >= 0.3 => format!("{:.0} %", ratio * 100.0),
        ratio if ratio > 0.0 => format!("1/{:.1}", 1.0 / ratio),
        _ => "–".to_owned(),
    }
}

impl Unit {
    pub(crate) fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        match self {
            Self::CallsPerSecond => format!("{}/s", thousands(value)),
            Self::Picoseconds => format!("{} ps", thousands(value)),
            Self::Nanoseconds => format!("{} ns", thousands(value)),
            Self::Microseconds => format!("{value:.1} µs"),
            Self::Milliseconds => format!("{value:.1} ms"),
            Self::Seconds => format!("{value:.1} s"),
            Self::Bytes => format!("{:.1} MiB", value / f64::from(1 << 20)),
            Self::Kibibytes => format!("{:.1} KiB", value / 1024.0),
            Self::Copies => format!("{value:.2}"),
            Self::Instructions => thousands(value),
        }
    }
}

/// A number without digits that say nothing.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

impl Target {
    pub(crate) fn show(self, unit: Unit) -> String {
        match self {
            Self::RatioAtLeast(least) => format!("≥ {}", ratio(least)),
            Self::RatioAtMost(most) => format!("≤ {}", ratio(most)),
            Self::AtMost(most) => format!("≤ {}", unit.show(most)),
        }
    }
}
