//! The `with_*` methods of payloads, results, extensions and settings, which differ only in the kind of their field.

/// Declares `with_*` methods: `with_reason(reason: Option<String>)` takes anything that turns into a `String` and
/// sets `Some`; a `Vec` takes anything to iterate over; every other field takes what turns into its type.
macro_rules! setters {
    ($target:ident { $($method:ident($field:ident: $($kind:tt)+);)+ }) => {
        impl $target {
            $($crate::setters::setters!(@method $method $field $($kind)+);)+
        }
    };
    (@method $method:ident $field:ident Option<Vec<$item:ty>>) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $method(mut self, $field: impl IntoIterator<Item = impl Into<$item>>) -> Self {
            self.$field = Some($field.into_iter().map(Into::into).collect());
            self
        }
    };
    (@method $method:ident $field:ident Option<$value:ty>) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $method(mut self, $field: impl Into<$value>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (@method $method:ident $field:ident Vec<$item:ty>) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $method(mut self, $field: impl IntoIterator<Item = impl Into<$item>>) -> Self {
            self.$field = $field.into_iter().map(Into::into).collect();
            self
        }
    };
    // A number has the type of the field, also where it is a literal.
    (@method $method:ident $field:ident usize) => {
        $crate::setters::setters!(@number $method $field usize);
    };
    (@method $method:ident $field:ident u32) => {
        $crate::setters::setters!(@number $method $field u32);
    };
    (@number $method:ident $field:ident $number:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $method(mut self, $field: $number) -> Self {
            self.$field = $field;
            self
        }
    };
    (@method $method:ident $field:ident $value:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $method(mut self, $field: impl Into<$value>) -> Self {
            self.$field = $field.into();
            self
        }
    };
}

pub(crate) use setters;
