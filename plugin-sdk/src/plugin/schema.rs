//! The JSON Schema of a plugin's settings, where their type derives one.
//!
//! `#[plugin]` can't see what the author's type derives. The compiler chooses: it takes the method that needs no further
//! reference, which only is one when the bound holds.

use std::marker::PhantomData;

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::value::{Map, Value};

/// A type whose schema is asked for.
pub struct SchemaOf<C>(PhantomData<C>);

impl<C> SchemaOf<C> {
    /// The question.
    pub const NEW: Self = Self(PhantomData);
}

/// Types with a schema.
pub trait WithSchema {
    /// The schema.
    fn config_schema(&self) -> Option<Map>;
}

impl<C: JsonSchema> WithSchema for SchemaOf<C> {
    fn config_schema(&self) -> Option<Map> {
        let schema = SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<C>();
        match Value::from(serde_json::Value::from(schema)) {
            Value::Object(schema) => Some(schema),
            // `true`: whatever is written is valid.
            _ => Some(Map::new()),
        }
    }
}

/// Types without one.
pub trait WithoutSchema {
    /// Nothing.
    fn config_schema(&self) -> Option<Map>;
}

impl<C> WithoutSchema for &SchemaOf<C> {
    fn config_schema(&self) -> Option<Map> {
        None
    }
}
