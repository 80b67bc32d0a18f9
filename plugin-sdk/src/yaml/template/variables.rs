//! `env` of a template.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Enumerator, Kwargs, Object, ObjectRepr, from_args},
};

/// The environment as a mapping, with what Python's `os.environ` has that a mapping of a template does not.
#[derive(Debug)]
pub(super) struct Variables {
    set: BTreeMap<String, String>,
    /// What stands for some variables that are not set. `None` unless those are looked for.
    stand_ins: Option<BTreeMap<String, Value>>,
    missed: Mutex<Option<String>>,
}

impl Variables {
    pub(super) fn new(set: &BTreeMap<String, String>) -> Self {
        Self {
            set: set.clone(),
            stand_ins: None,
            missed: Mutex::default(),
        }
    }

    /// With these in the place of variables that are not set.
    pub(super) fn with(mut self, stand_ins: BTreeMap<String, Value>) -> Self {
        self.stand_ins = Some(stand_ins);
        self
    }

    /// The variable that was looked up last without being set.
    pub(super) fn last_missed(&self) -> Option<String> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, name: &str) -> Option<Value> {
        let found = self.set.get(name).map(Value::from);
        let found = found.or_else(|| self.stand_ins.as_ref()?.get(name).cloned());
        if found.is_none() {
            *self.missed.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_owned());
        }
        found
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.set.keys().map(Value::from).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        if method != "get" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (name, default, named): (&str, Option<Value>, Kwargs) = from_args(arguments)?;
        let default = default.or(named.get("default")?);
        named.assert_all_used()?;
        Ok(match (self.find(name), default, &self.stand_ins) {
            (Some(value), ..) | (None, Some(value), _) => value,
            // None is printed as the word, which hides that the variable is not set.
            (None, None, Some(_)) => Value::UNDEFINED,
            (None, None, None) => Value::from(()),
        })
    }
}

/// Stands for a variable that is not set, and remembers whether it was printed.
#[derive(Debug, Default)]
pub(super) struct Absent {
    pub(super) is_printed: AtomicBool,
}

impl Object for Absent {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.is_printed.store(true, Ordering::Relaxed);
        Ok(())
    }
}
