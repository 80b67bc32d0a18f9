//! The list of values.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use super::{Value, deep};

/// A list of values: a `Vec<Value>` in all respects but one. However deep its values nest, it is dropped without recursion,
/// as a [`Map`](super::Map) is, so that no value can overflow the stack.
///
/// ```
/// use plugin_sdk::{List, Value};
///
/// let mut list = List::from(vec!["search", "rm"]);
/// list.push(3.into());
/// list.retain(|tool| *tool != "rm");
/// assert_eq!(Value::Array(list).to_string(), r#"["search",3]"#);
/// ```
#[derive(Default)]
pub struct List(Vec<Value>);

impl List {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The values.
    pub fn into_vec(mut self) -> Vec<Value> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if self.0.iter().any(deep::has_inside) {
            deep::take_apart(std::mem::take(&mut self.0));
        }
    }
}

impl Deref for List {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

impl DerefMut for List {
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        &mut self.0
    }
}

impl Clone for List {
    fn clone(&self) -> Self {
        deep::clone_list(self)
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        deep::equal_lists(self, other)
    }
}

impl fmt::Debug for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        deep::show_list(self, 0, formatter)
    }
}

impl<T: Into<Value>> From<Vec<T>> for List {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for List {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl From<List> for Vec<Value> {
    fn from(list: List) -> Self {
        list.into_vec()
    }
}

impl<T: Into<Value>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> Extend<T> for List {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.0.extend(values.into_iter().map(Into::into));
    }
}

impl IntoIterator for List {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut List {
    type Item = &'a mut Value;
    type IntoIter = std::slice::IterMut<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}
