//! The policies and one question to them.

use std::{fs::File, io::Read, path::Path};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet,
    Request, RestrictedExpression, Schema, ValidationMode, Validator,
};

use crate::settings::Settings;

/// No file of policies that people write comes near it.
const LARGEST_FILE: u64 = 16 << 20;

/// The facts that policies find in `context`.
pub(crate) type Facts = Vec<(String, RestrictedExpression)>;

/// Policies that fit their schema.
pub(crate) struct Policies {
    set: PolicySet,
    schema: Schema,
    entities: Entities,
    authorizer: Authorizer,
    user: EntityTypeName,
    action: EntityTypeName,
}

/// What the policies say.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// These permit it, and none forbids it.
    Permitted(String),
    /// These forbid it.
    Forbidden(String),
    /// No policy is about it.
    Undecided,
    /// The question, or a policy's own reckoning, makes no sense. A `forbid` that cannot be reckoned would not forbid, so this
    /// is never a permission.
    Failed(String),
}

impl Policies {
    /// Reads and checks the policies; an error names the file and the policy.
    pub(crate) fn read(settings: &Settings) -> Result<Self, String> {
        let (schema, _warnings) = Schema::from_cedarschema_str(&read("schema", &settings.schema)?)
            .map_err(|error| in_file("schema", &settings.schema, &error))?;
        let policies: PolicySet = read("policies", &settings.policies)?
            .parse()
            .map_err(|error| in_file("policies", &settings.policies, &error))?;
        let checked = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        let mistakes: Vec<_> = checked.validation_errors().map(ToString::to_string).collect();
        if !mistakes.is_empty() {
            return Err(in_file("policies", &settings.policies, &mistakes.join("; ")));
        }
        if policies.is_empty() {
            return Err(in_file(
                "policies",
                &settings.policies,
                &"there is no policy in it",
            ));
        }
        let entities = match &settings.entities {
            Some(path) => Entities::from_json_str(&read("entities", path)?, Some(&schema))
                .map_err(|error| in_file("entities", path, &error))?,
            None => schema
                .action_entities()
                .map_err(|error| in_file("schema", &settings.schema, &error))?,
        };
        Ok(Self {
            set: policies,
            schema,
            entities,
            authorizer: Authorizer::new(),
            user: entity_type("User")?,
            action: entity_type("Action")?,
        })
    }

    /// Asks whether a user may do something.
    pub(crate) fn ask(
        &self,
        user: &str,
        action: &str,
        resource: (&EntityTypeName, &str),
        facts: Facts,
    ) -> Answer {
        let request = Context::from_pairs(facts)
            .map_err(|error| error.to_string())
            .and_then(|context| {
                Request::new(
                    entity(&self.user, user),
                    entity(&self.action, action),
                    entity(resource.0, resource.1),
                    context,
                    Some(&self.schema),
                )
                .map_err(|error| error.to_string())
            });
        let request = match request {
            Ok(request) => request,
            Err(error) => return Answer::Failed(error),
        };
        let response = self.authorizer.is_authorized(&request, &self.set, &self.entities);
        let diagnostics = response.diagnostics();
        if let Some(error) = diagnostics.errors().next() {
            return Answer::Failed(error.to_string());
        }
        let mut names: Vec<_> = diagnostics.reason().map(|id| self.name(id)).collect();
        names.sort_unstable();
        match response.decision() {
            Decision::Allow => Answer::Permitted(names.join(", ")),
            Decision::Deny if names.is_empty() => Answer::Undecided,
            Decision::Deny => Answer::Forbidden(names.join(", ")),
        }
    }

    /// What the policy is called in its `@id`, or else its place.
    fn name<'a>(&'a self, id: &'a PolicyId) -> &'a str {
        self.set.annotation(id, "id").unwrap_or_else(|| id.as_ref())
    }
}

/// The name of an entity type of the schema.
pub(crate) fn entity_type(name: &str) -> Result<EntityTypeName, String> {
    name.parse().map_err(|error| format!("{name}: {error}"))
}

fn entity(entity_type: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(entity_type.clone(), EntityId::new(id))
}

fn read(key: &str, path: &Path) -> Result<String, String> {
    let mut content = String::new();
    let file = File::open(path).map_err(|error| in_file(key, path, &error))?;
    file.take(LARGEST_FILE + 1)
        .read_to_string(&mut content)
        .map_err(|error| in_file(key, path, &error))?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(in_file(key, path, &"larger than 16 MiB"));
    }
    Ok(content)
}

fn in_file(key: &str, path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("config.{key}: {}: {error}", path.display())
}
