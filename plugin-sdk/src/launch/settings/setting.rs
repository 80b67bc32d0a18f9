//! One setting, and its names in each place where it can be given.

use super::{Transport, kind::Kind, values::boolean};
use crate::environment::Environment;

/// Settings that are read in the same places, under names that begin alike.
#[derive(Debug)]
pub(crate) struct Group {
    /// The heading in the help; none for the options of the program.
    pub(crate) heading: Option<&'static str>,
    /// The server that the settings are for, in messages.
    pub(crate) server: &'static str,
    /// The transport that a flag of the group asks for.
    pub(crate) transport: Option<Transport>,
    /// The section of the configuration file, if there is one.
    pub(crate) section: Option<&'static str>,
    pub(super) flags: &'static str,
    pub(super) variables: &'static str,
}

impl Group {
    pub(super) const fn setting(&'static self, key: &'static str, kind: Kind, help: &'static str) -> Setting {
        Setting {
            group: self,
            key,
            kind,
            help,
            flag: Flag::OfKey,
            variables: Variables::OfKey,
            default: None,
            is_of_others: false,
            is_for_the_first_day: false,
        }
    }
}

/// One setting. Flag, key of the file, variable, help and documentation are made from this.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) group: &'static Group,
    /// The key in the section of the file; `tls.certfile` is within the section `tls` of it.
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    /// What it is for, without a full stop.
    pub(crate) help: &'static str,
    flag: Flag,
    variables: Variables,
    default: Option<&'static str>,
    /// Whether other programs have its variable too.
    pub(super) is_of_others: bool,
    /// Whether the short help has it.
    pub(crate) is_for_the_first_day: bool,
}

#[derive(Debug)]
enum Flag {
    /// The key with dashes, behind the beginning that the group has.
    OfKey,
    Named(&'static str),
    None,
}

#[derive(Debug)]
enum Variables {
    /// The key in capitals, behind the beginning that the group has.
    OfKey,
    /// A name behind that beginning.
    Ending(&'static str),
    /// Whole names; the first that is set counts.
    Named(&'static [&'static str]),
}

impl Setting {
    pub(super) const fn flag_named(mut self, flag: &'static str) -> Self {
        self.flag = Flag::Named(flag);
        self
    }

    pub(super) const fn without_flag(mut self) -> Self {
        self.flag = Flag::None;
        self
    }

    pub(super) const fn variable(mut self, ending: &'static str) -> Self {
        self.variables = Variables::Ending(ending);
        self
    }

    pub(super) const fn variables_named(mut self, names: &'static [&'static str]) -> Self {
        self.variables = Variables::Named(names);
        self
    }

    /// The default, where it is no value of a field.
    pub(super) const fn default_is(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Other programs have this variable too: a section of the file does not replace it, and whatever is not true is false.
    pub(super) const fn of_others(mut self) -> Self {
        self.is_of_others = true;
        self
    }

    pub(super) const fn on_the_first_day(mut self) -> Self {
        self.is_for_the_first_day = true;
        self
    }

    /// The flag, without the dashes in front.
    pub(crate) fn flag(&self) -> Option<String> {
        match self.flag {
            Flag::OfKey => Some(self.group.flags.to_owned() + &self.key.replace(['_', '.'], "-")),
            Flag::Named(flag) => Some(flag.to_owned()),
            Flag::None => None,
        }
    }

    /// The variables; the first that is set counts.
    pub(crate) fn variables(&self) -> Vec<String> {
        match self.variables {
            // The Python server says SSL.
            Variables::OfKey => {
                vec![self.group.variables.to_owned() + &self.key.replace("tls.", "ssl_").to_uppercase()]
            }
            Variables::Ending(ending) => vec![self.group.variables.to_owned() + ending],
            Variables::Named(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The variable that is set, and its value.
    pub(crate) fn in_environment<'a>(&self, environment: &'a Environment) -> Option<(String, &'a str)> {
        let mut names = self.variables().into_iter();
        names.find_map(|name| environment.value(&name).map(|value| (name, value)))
    }

    /// Whether the switch is on, by the environment or by its default.
    pub(crate) fn is_on(&self, environment: &Environment, problems: &mut Vec<String>) -> bool {
        let set = self.in_environment(environment).and_then(|(name, _)| {
            environment.boolean(&name).unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        });
        set.or_else(|| boolean(self.default?)).unwrap_or_default()
    }

    /// What holds if it is not given, as it would be written.
    pub(crate) fn default(&self) -> Option<String> {
        self.default.map(str::to_owned).or_else(|| self.kind.default())
    }

    /// Whether it says where a server is reached, and how.
    pub(crate) fn is_address(&self) -> bool {
        self.is_of_tls() || self.kind.is_address()
    }

    pub(super) fn is_of_tls(&self) -> bool {
        self.key.starts_with("tls")
    }
}
