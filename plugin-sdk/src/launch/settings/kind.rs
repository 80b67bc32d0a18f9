//! What the value of a setting is, and the field that takes it.

use std::{borrow::Cow, fmt, path::PathBuf, time::Duration};

use super::{
    Settings,
    values::{LARGEST, allowed_seconds, boolean, file_mode, host, path, seconds, size, whole},
};

/// The field that takes the value.
pub(super) type Field<T> = fn(&mut Settings) -> &mut T;

/// The same for the number types that fields have.
pub(super) type NumberField = fn(&mut Settings) -> &mut dyn Number;

/// What the value of a setting is.
pub(crate) enum Kind {
    /// The launcher reads it itself, before the settings of the server. The word stands for its value in the help.
    Own(&'static str),
    Switch(Field<bool>),
    Host(Field<String>),
    Port(Field<u16>),
    Socket(Field<PathBuf>),
    /// A socket instead of host and port.
    OtherSocket(Field<Option<PathBuf>>),
    /// The mode of a socket file.
    Mode(Field<u32>),
    /// A file in PEM.
    Pem(Field<Option<PathBuf>>),
    /// What only the owner should read.
    Secret(Field<Option<String>>),
    Seconds(Field<Duration>),
    /// Seconds, or a word for none.
    SecondsOr(&'static str, Field<Option<Duration>>),
    /// Bytes, at least this number.
    Size(usize, NumberField),
    /// From one to this number.
    Count(u64, NumberField),
    /// Something of its own.
    Other(Other),
}

/// A kind of value that only one setting has.
pub(crate) struct Other {
    pub(super) value: &'static str,
    pub(super) allowed: &'static str,
    pub(super) default: fn() -> Option<String>,
    pub(super) apply: fn(&mut Settings, &str) -> Option<()>,
}

/// A number of any size.
pub(crate) trait Number {
    fn get(&self) -> u64;
    /// `None` if it has no room for the value.
    fn set(&mut self, value: u64) -> Option<()>;
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl Number for $number {
            fn get(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }

            fn set(&mut self, value: u64) -> Option<()> {
                *self = Self::try_from(value).ok()?;
                Some(())
            }
        }
    )*};
}

number!(u32, usize);

impl Kind {
    /// What stands for the value in the help.
    pub(crate) fn value_name(&self) -> &'static str {
        match self {
            Self::Own(name) | Self::Other(Other { value: name, .. }) => name,
            Self::Switch(_) => "BOOLEAN",
            Self::Host(_) => "HOST",
            Self::Port(_) => "PORT",
            Self::Socket(_) | Self::OtherSocket(_) => "PATH",
            Self::Mode(_) => "MODE",
            Self::Pem(_) => "FILE",
            Self::Secret(_) => "TEXT",
            Self::Seconds(_) | Self::SecondsOr(..) => "SECONDS",
            Self::Size(..) => "SIZE",
            Self::Count(..) => "COUNT",
        }
    }

    /// What may be written, for the error message.
    pub(crate) fn allowed(&self) -> Cow<'static, str> {
        match self {
            Self::Own(_) | Self::Secret(_) => "a text".into(),
            Self::Switch(_) => "true or false".into(),
            Self::Host(_) => {
                "an address in full, 0.0.0.0 for every one of the machine, or a host name".into()
            }
            Self::Port(_) => "a port from 0 to 65535; 0 takes one that is free".into(),
            Self::Socket(_) => "the path of the socket file".into(),
            Self::OtherSocket(_) => "the path of a socket file, instead of host and port".into(),
            Self::Mode(_) => {
                "an octal file mode from 0600 to 0777 in which the owner can read and write".into()
            }
            Self::Pem(_) => "the path of a PEM file".into(),
            Self::Seconds(_) => (allowed_seconds() + ", with or without a fraction").into(),
            Self::SecondsOr(word, _) => format!("{word}, or {}", allowed_seconds()).into(),
            Self::Size(least, _) => {
                format!("bytes, {least} to {LARGEST}, or a number with KiB or MiB").into()
            }
            Self::Count(most, _) => format!("a whole number from 1 to {most}").into(),
            Self::Other(other) => other.allowed.into(),
        }
    }

    /// Sets the field. `None` if the value is not allowed; the field is then as it was.
    pub(super) fn apply(&self, settings: &mut Settings, text: &str) -> Option<()> {
        match self {
            Self::Own(_) => {}
            Self::Switch(field) => *field(settings) = boolean(text)?,
            Self::Host(field) => *field(settings) = host(text)?,
            Self::Port(field) => *field(settings) = text.parse().ok()?,
            Self::Socket(field) => *field(settings) = path(text)?,
            Self::OtherSocket(field) | Self::Pem(field) => *field(settings) = Some(path(text)?),
            Self::Mode(field) => *field(settings) = file_mode(text)?,
            Self::Secret(field) => *field(settings) = Some(text.to_owned()),
            Self::Seconds(field) => *field(settings) = seconds(text)?,
            Self::SecondsOr(word, field) => {
                *field(settings) = if text.eq_ignore_ascii_case(word) {
                    None
                } else {
                    Some(seconds(text)?)
                }
            }
            Self::Size(least, field) => {
                field(settings).set(size(text, *least)?.try_into().ok()?)?;
            }
            Self::Count(most, field) => field(settings).set(whole(text, 1..=*most)?)?,
            Self::Other(other) => (other.apply)(settings, text)?,
        }
        Some(())
    }

    /// The default of the field, as it would be written; none if it is empty.
    pub(super) fn default(&self) -> Option<String> {
        let settings = &mut Settings::default();
        match self {
            Self::Own(_) | Self::OtherSocket(_) | Self::Pem(_) | Self::Secret(_) => None,
            Self::Other(other) => (other.default)(),
            Self::Switch(field) => Some(field(settings).to_string()),
            Self::Host(field) => Some(field(settings).clone()),
            Self::Port(field) => Some(field(settings).to_string()),
            Self::Socket(field) => Some(field(settings).display().to_string()),
            Self::Mode(field) => Some(format!("{:04o}", field(settings))),
            Self::Seconds(field) => Some(field(settings).as_secs_f64().to_string()),
            Self::SecondsOr(word, field) => Some(match field(settings) {
                Some(value) => value.as_secs_f64().to_string(),
                None => (*word).to_owned(),
            }),
            Self::Size(_, field) => Some(match field(settings).get() {
                bytes if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
                bytes if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
                bytes => bytes.to_string(),
            }),
            Self::Count(_, field) => Some(field(settings).get().to_string()),
        }
    }

    /// Whether it is the path of a file or a socket.
    pub(crate) fn is_path(&self) -> bool {
        matches!(self, Self::Socket(_) | Self::OtherSocket(_) | Self::Pem(_))
    }

    /// Whether it is one that can be left out behind its flag.
    pub(crate) fn is_switch(&self) -> bool {
        matches!(self, Self::Switch(_))
    }

    pub(super) fn is_address(&self) -> bool {
        matches!(
            self,
            Self::Host(_) | Self::Port(_) | Self::Socket(_) | Self::OtherSocket(_)
        )
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.value_name())
    }
}
