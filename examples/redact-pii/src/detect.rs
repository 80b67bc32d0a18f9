//! The kinds of personal data and where they are in a text; `cerberust` does the finding.

use std::ops::Range;

use cerberust::scanner::detect::{detect_structured, resolve_overlaps};
use serde::Deserialize;

/// A kind of personal data.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// An e-mail address.
    Email,
    /// A phone number as it is written in North America, or anywhere with `+` and the country's code.
    Phone,
    /// A social security number of the United States.
    UsSsn,
    /// An IPv4 address.
    IpAddress,
    /// A card number of a known issuer whose check digit is right.
    CreditCard,
    /// An IBAN whose length and check digits are right.
    Iban,
    /// Whatever else a newer version of the library finds.
    Other,
}

impl Kind {
    fn of(label: &str) -> Self {
        match label {
            "EMAIL" => Self::Email,
            "PHONE" => Self::Phone,
            "US_SSN" => Self::UsSsn,
            "IP_ADDRESS" => Self::IpAddress,
            "CREDIT_CARD" => Self::CreditCard,
            "IBAN" => Self::Iban,
            _ => Self::Other,
        }
    }

    /// The name, as the settings have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::UsSsn => "us_ssn",
            Self::IpAddress => "ip_address",
            Self::CreditCard => "credit_card",
            Self::Iban => "iban",
            Self::Other => "other",
        }
    }
}

/// The personal data of the wanted kinds in a text, in its order and without overlaps.
pub(crate) fn find(text: &str, wanted: impl Fn(Kind) -> bool) -> Vec<(Kind, Range<usize>)> {
    let mut spans = detect_structured(text);
    // An unwanted kind must not hide a wanted one that lies in it.
    spans.retain(|span| wanted(Kind::of(&span.ty)));
    resolve_overlaps(spans)
        .into_iter()
        .map(|span| (Kind::of(&span.ty), span.start..span.end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        find(text, |_| true)
            .into_iter()
            .map(|(kind, range)| (kind, &text[range]))
            .collect()
    }

    #[test]
    fn every_kind_is_found_under_its_name() {
        let cases = [
            (Kind::Email, "alice@example.com"),
            (Kind::Phone, "+44 7700 900123"),
            (Kind::Phone, "(212) 555-0142"),
            (Kind::UsSsn, "078-05-1120"),
            (Kind::IpAddress, "192.0.2.17"),
            (Kind::CreditCard, "4111 1111 1111 1111"),
            (Kind::Iban, "GB82 WEST 1234 5698 7654 32"),
        ];
        for (kind, value) in cases {
            assert_eq!(kinds(&format!("It is {value}, I think.")), [(kind, value)]);
        }
    }

    #[test]
    fn numbers_whose_check_digits_are_wrong_are_no_cards_and_no_accounts() {
        assert_eq!(kinds("order 4111 1111 1111 1112"), []);
        assert_eq!(kinds("GB83 WEST 1234 5698 7654 32"), []);
    }
}
