//! Puts a tree together from the text of a document, as `PyYAML`'s safe loader does.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::{
    entries::{Entries, RepeatedKey},
    node::{Content, Node},
    scalar,
};

/// Values in one another. Hosts fail somewhere above 300.
const MAX_DEPTH: usize = 256;

/// Values in a document, with those that aliases repeat.
const MAX_NODES: usize = 2_000_000;

/// Bytes of text and of keys that aliases may repeat.
const MAX_REPEATED: usize = 64 * 1024 * 1024;

const YAML_TAG: &str = "tag:yaml.org,2002:";

/// A text that is not a YAML document.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
}

/// Reads the one document of `text`. A text without any document is null.
pub(super) fn compose(text: &str) -> Result<(Node, Vec<RepeatedKey>), SyntaxError> {
    let options = granit_parser::options! {
        // As PyYAML reads a text that ends within a block scalar, which a rendered template often does.
        block_scalar_eof_without_line_feed: true,
        emit_comments: false,
        // A whole line of flow collections may be the value of a key.
        simple_key_max_lookahead: usize::MAX,
    };
    let events = || Parser::new_from_str_with_options(text, options.clone());
    // Only these are kept a second time.
    let aliased = if text.contains('*') {
        events()
            .map_while(Result::ok)
            .filter_map(|(event, _)| match event {
                Event::Alias(id) => Some(id),
                _ => None,
            })
            .collect()
    } else {
        HashSet::new()
    };
    let mut composer = Composer {
        events: events(),
        aliased,
        anchors: HashMap::new(),
        nodes: 0,
        bytes: 0,
        repeated_bytes: 0,
        repeated: Vec::new(),
    };
    let root = composer.document()?;
    Ok((root, composer.repeated))
}

struct Composer<'input> {
    events: Parser<'input, StrInput<'input>>,
    /// The anchors that an alias refers to.
    aliased: HashSet<usize>,
    /// By the parser's number. A name that is given again has another number.
    anchors: HashMap<usize, Anchored>,
    /// Values so far, with those that aliases repeat.
    nodes: usize,
    /// Bytes of scalars and keys so far, with those that aliases repeat.
    bytes: usize,
    /// Of these, what aliases repeat.
    repeated_bytes: usize,
    repeated: Vec<RepeatedKey>,
}

/// What an alias repeats.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

/// A node, and how deep it is.
type Composed = (Node, usize);

impl<'input> Composer<'input> {
    fn next(&mut self) -> Result<(Event<'input>, Span), SyntaxError> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(SyntaxError {
                line: u64::try_from(error.marker().line()).ok().filter(|line| *line > 0),
                message: error.info(),
            }),
            None => Err(SyntaxError {
                line: None,
                message: "ends too early".to_owned(),
            }),
        }
    }

    fn document(&mut self) -> Result<Node, SyntaxError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root.unwrap_or_else(|| Node::new(Content::Null, 1))),
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(at(&span, "a second document begins here; a file has only one"));
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, &span, 0)?.0);
                }
                _ => {}
            }
        }
    }

    /// The node that begins with `event`, within `outer` others.
    fn node(&mut self, event: Event<'input>, span: &Span, outer: usize) -> Result<Composed, SyntaxError> {
        if outer >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        let (nodes, bytes) = (self.nodes, self.bytes);
        self.count(1, span)?;
        let (anchor, (mut node, depth)) = match event {
            Event::Alias(id) => return self.alias(id, span, outer),
            Event::Scalar(text, style, anchor, tag) => {
                self.bytes += text.len();
                let node = plain(&text, style, tag.as_deref(), line(span));
                (anchor, (node.map_err(|message| at(span, message))?, 1))
            }
            Event::SequenceStart(_, anchor, tag) => (anchor, self.sequence(tag.as_deref(), span, outer)?),
            Event::MappingStart(_, anchor, tag) => (anchor, self.mapping(tag.as_deref(), span, outer)?),
            _ => return Err(at(span, "a value is missing here")),
        };
        node.line = line(span);
        if self.aliased.contains(&anchor) {
            let anchored = Anchored {
                node: node.clone(),
                nodes: self.nodes - nodes,
                bytes: self.bytes - bytes,
                depth,
            };
            self.anchors.insert(anchor, anchored);
        }
        Ok((node, depth))
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), SyntaxError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            let message =
                format!("there are more than {MAX_NODES} values, counting those that aliases repeat");
            return Err(at(span, message));
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: &Span, outer: usize) -> Result<Composed, SyntaxError> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(at(span, "an alias cannot stand within the value that it repeats"));
        };
        let Anchored {
            nodes, bytes, depth, ..
        } = *anchored;
        if outer + depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.count(nodes, span)?;
        self.bytes = self.bytes.saturating_add(bytes);
        self.repeated_bytes = self.repeated_bytes.saturating_add(bytes);
        if self.repeated_bytes > MAX_REPEATED {
            let message = format!("aliases repeat more than {} MiB of text", MAX_REPEATED >> 20);
            return Err(at(span, message));
        }
        let mut node = self.anchors[&id].node.clone();
        node.line = line(span);
        Ok((node, depth))
    }

    fn sequence(&mut self, tag: Option<&Tag>, span: &Span, outer: usize) -> Result<Composed, SyntaxError> {
        let (mut items, mut deepest) = (Vec::new(), 0);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            let (item, depth) = self.node(event, &span, outer + 1)?;
            deepest = deepest.max(depth);
            items.push(item);
        }
        match name(tag).as_deref() {
            None | Some("seq") => {}
            // Lists of pairs, to Python as to JSON.
            Some("omap" | "pairs") => {
                deepest += 1;
                for item in &mut items {
                    let Content::Mapping(entries) = &mut item.content else {
                        return Err(at(span, "every item must be a mapping with one key"));
                    };
                    let (Some((key, value)), true) = (entries.pop(), entries.is_empty()) else {
                        return Err(at(span, "every item must be a mapping with one key"));
                    };
                    let key = Node::new(Content::String(key), value.line);
                    item.content = Content::Sequence(vec![key, value]);
                }
            }
            Some(tag) => return Err(unfit(span, tag, "a list")),
        }
        Ok((Node::new(Content::Sequence(items), 0), deepest + 1))
    }

    fn mapping(&mut self, tag: Option<&Tag>, span: &Span, outer: usize) -> Result<Composed, SyntaxError> {
        let mut own = Entries::default();
        let mut merged = Entries::default();
        let mut deepest = 0;
        loop {
            let (event, key_span) = self.next()?;
            let is_merge = match &event {
                Event::MappingEnd => break,
                Event::Scalar(text, ScalarStyle::Plain, _, tag) => {
                    text == "<<" && name(tag.as_deref()).is_none()
                }
                _ => false,
            };
            let written = match &event {
                Event::Scalar(text, ..) => Some(text.to_string()),
                _ => None,
            };
            let (key, _) = self.node(event, &key_span, outer + 1)?;
            let (event, value_span) = self.next()?;
            let (value, depth) = self.node(event, &value_span, outer + 1)?;
            deepest = deepest.max(depth);
            if is_merge {
                merged.merge(value).ok_or_else(|| {
                    at(
                        &value_span,
                        "<<: must be followed by a mapping or a list of mappings (an alias of one)",
                    )
                })?;
                continue;
            }
            let key = written
                .or_else(|| key.written())
                .ok_or_else(|| at(&key_span, "a key must be a scalar"))?;
            if let Some(earlier) = own.insert(key, (line(&key_span), value)) {
                self.repeated.push(earlier);
            }
        }
        for (key, entry) in own.into_list() {
            merged.insert(key, entry);
        }
        let entries = merged
            .into_list()
            .into_iter()
            .map(|(key, (_, value))| (key, value));
        let content = match name(tag).as_deref() {
            None | Some("map") => Content::Mapping(entries.collect()),
            // A list of its keys, to JSON.
            Some("set") => Content::Sequence(
                entries
                    .map(|(key, value)| Node::new(Content::String(key), value.line))
                    .collect(),
            ),
            Some(tag) => return Err(unfit(span, tag, "a mapping")),
        };
        Ok((Node::new(content, 0), deepest + 1))
    }
}

fn plain(text: &str, style: ScalarStyle, tag: Option<&Tag>, line: u64) -> Result<Node, String> {
    let content = match (name(tag), style) {
        (Some(tag), _) => match tag.strip_prefix('!') {
            Some(_) => return Err(format!("the tag {tag} is not known; leave it out")),
            None => scalar::tagged(text, &tag)?,
        },
        (None, ScalarStyle::Plain) => scalar::resolve(text)?,
        (None, _) => Content::String(text.to_owned()),
    };
    let mut node = Node::new(content, line);
    if matches!(node.content, Content::Number(_) | Content::Bool(_)) {
        node.raw = Some(text.into());
    }
    Ok(node)
}

/// The name of a tag of YAML's own; any other as it is written. `None` for no tag, and for `!`, which says nothing.
fn name(tag: Option<&Tag>) -> Option<Cow<'_, str>> {
    let tag = tag?;
    if let Some(name) = tag.suffix_in_namespace(YAML_TAG) {
        return Some(name);
    }
    let written = tag.original();
    (written != "!").then_some(Cow::Owned(written))
}

fn unfit(span: &Span, tag: &str, what: &str) -> SyntaxError {
    let tag = match tag.strip_prefix('!') {
        Some(_) => tag.to_owned(),
        None => format!("!!{tag}"),
    };
    at(span, format!("the tag {tag} does not fit {what}; leave it out"))
}

fn too_deep(span: &Span) -> SyntaxError {
    at(
        span,
        format!("there are more than {MAX_DEPTH} values in one another"),
    )
}

fn line(span: &Span) -> u64 {
    u64::try_from(span.start.line()).unwrap_or(u64::MAX)
}

fn at(span: &Span, message: impl Into<String>) -> SyntaxError {
    SyntaxError {
        line: Some(line(span)),
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Node {
        compose(text).unwrap().0
    }

    fn json(text: &str) -> String {
        serde_json::to_string(&parse(text).to_value()).unwrap()
    }

    fn failure(text: &str) -> (u64, String) {
        let error = compose(text).unwrap_err();
        (error.line.unwrap(), error.message)
    }

    #[test]
    fn values_are_those_of_pyyaml() {
        for (text, expected) in [
            ("a: yes", r#"{"a":true}"#),
            ("a: 'yes'", r#"{"a":"yes"}"#),
            ("a: y", r#"{"a":"y"}"#),
            ("a: !!str yes", r#"{"a":"yes"}"#),
            ("a: ! 5", r#"{"a":5}"#),
            ("a: !!int '5'", r#"{"a":5}"#),
            ("a: 2026-01-02", r#"{"a":"2026-01-02"}"#),
            ("a: !!set {x, y}", r#"{"a":["x","y"]}"#),
            ("a: !!omap [x: 1, y: 2]", r#"{"a":[["x",1],["y",2]]}"#),
            ("a: !!pairs [x: 1, x: 2]", r#"{"a":[["x",1],["x",2]]}"#),
            ("a: !!map {b: !!seq [c]}", r#"{"a":{"b":["c"]}}"#),
            ("a: !<tag:yaml.org,2002:str> 1", r#"{"a":"1"}"#),
            ("%YAML 1.1\n---\na: 1\n...\n", r#"{"a":1}"#),
            ("a: &x 1\nb: &x 2\nc: *x", r#"{"a":1,"b":2,"c":2}"#),
            ("&a a: 1\nb: *a", r#"{"a":1,"b":"a"}"#),
            ("yes: 1\n010: 2\n~: 3", r#"{"yes":1,"010":2,"~":3}"#),
            ("a:\tb\tc\n", "{\"a\":\"b\\tc\"}"),
            ("a: |\n  b\n", r#"{"a":"b\n"}"#),
            ("a: |\n  b", r#"{"a":"b"}"#),
            ("\u{feff}a: 1", r#"{"a":1}"#),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
        let long = "x".repeat(2000);
        assert_eq!(
            json(&format!("a: {{b: {long}, c: 1}}")),
            format!(r#"{{"a":{{"b":"{long}","c":1}}}}"#)
        );
        assert_eq!(json(&format!("{{{long}: 1}}")), format!(r#"{{"{long}":1}}"#));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let (root, repeated) = compose("a: 1\nb: {c: 1, c: 2}\na: 3\n").unwrap();
        assert_eq!(
            serde_json::to_string(&root.to_value()).unwrap(),
            r#"{"a":3,"b":{"c":2}}"#
        );
        let found: Vec<_> = repeated
            .iter()
            .map(|it| (it.key.as_str(), it.line, it.earlier))
            .collect();
        assert_eq!(found, [("c", 2, 2), ("a", 3, 1)]);
    }

    #[test]
    fn merged_mappings_stand_behind_what_is_given() {
        let base = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: ";
        for (merge, expected) in [
            ("{<<: *x, a: 3}", r#"{"a":3,"b":1}"#),
            ("{a: 3, <<: *x}", r#"{"a":3,"b":1}"#),
            ("{<<: *x, <<: *y}", r#"{"a":1,"b":2,"c":2}"#),
            ("{'<<': 1}", r#"{"<<":1}"#),
            ("{!!str <<: 1}", r#"{"<<":1}"#),
            ("{<<: {a: 1}}", r#"{"a":1}"#),
            ("{<<: []}", "{}"),
        ] {
            let (root, repeated) = compose(&format!("{base}{merge}")).unwrap();
            let found = root.get("z").unwrap().to_value();
            assert_eq!(serde_json::to_string(&found).unwrap(), expected, "{merge}");
            assert!(repeated.is_empty(), "{merge}");
        }
        let (root, _) = compose(&format!("{base}{{<<: [*x, *y]}}")).unwrap();
        let found = root.get("z").unwrap();
        let number = |key: &str| found.get(key).unwrap().to_value().as_i64();
        assert_eq!(
            (number("a"), number("b"), number("c")),
            (Some(1), Some(1), Some(2))
        );
    }

    #[test]
    fn what_pyyaml_refuses_is_refused() {
        for (text, line, message) in [
            ("a: 1\n---\nb: 2", 2, "a second document"),
            ("a: !mine b", 1, "the tag !mine is not known"),
            (
                "a: !!python/name:os.system ''",
                1,
                "!!python/name:os.system does not fit",
            ),
            ("a:\n  !!set [a]", 2, "the tag !!set does not fit a list"),
            ("a: !x {b: 1}", 1, "the tag !x does not fit a mapping"),
            ("a: *b", 1, "unknown anchor"),
            ("a: &a [*a]", 1, "an alias cannot stand within"),
            ("? [a]\n: b", 1, "a key must be a scalar"),
            ("a: 1\n<<: 5", 2, "<<: must be followed by a mapping"),
            ("a: !!omap [{a: 1, b: 2}]", 1, "one key"),
            ("a: !!int x", 1, "is no whole number"),
            ("a: [1, 2\nb: 3\n", 2, ""),
            ("a: .inf", 1, "infinity"),
        ] {
            let (found, text_found) = failure(text);
            assert!(
                found >= line && text_found.contains(message),
                "{text}: {found} {text_found}"
            );
        }
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(compose(&nested(200)).is_ok());
        assert!(compose(&nested(100_000)).is_err());
        let chain: Vec<_> = (1..1000)
            .map(|level| format!("k{level}: &a{level} [*a{}]\n", level - 1))
            .collect();
        let (_, message) = failure(&format!("k0: &a0 1\n{}", chain.concat()));
        assert!(message.contains("values in one another"), "{message}");
        let laughs: Vec<_> = (1..9)
            .map(|level| {
                let items = vec![format!("*a{}", level - 1); 20].join(",");
                format!("k{level}: &a{level} [{items}]\n")
            })
            .collect();
        let laughs = laughs.concat();
        let (_, message) = failure(&format!("k0: &a0 1\n{laughs}"));
        assert!(message.contains("more than 2000000 values"), "{message}");
        assert!(compose(&"- ".repeat(100_000)).is_err());
    }

    #[test]
    fn only_aliases_repeat_what_an_anchor_has() {
        let text = "x".repeat(1 << 20);
        let repeats = |count: usize| format!("a: &a {text}\nb: [{}]", vec!["*a"; count].join(","));
        assert!(compose(&repeats(64)).is_ok());
        let (line, message) = failure(&repeats(65));
        assert_eq!(
            (line, message.as_str()),
            (2, "aliases repeat more than 64 MiB of text")
        );
        let keys = format!("a: &a {{? {text}\n: 1}}\nb: [{}]", vec!["*a"; 65].join(","));
        assert_eq!(failure(&keys).1, message);
        let levels: Vec<_> = (0..20).map(|level| format!("&a{level} [")).collect();
        let items = vec!["1"; 200_000].join(",");
        assert!(compose(&format!("{}{items}{}", levels.concat(), "]".repeat(20))).is_ok());
        assert!(compose(&format!("a: [{}{items}{}, *a1]", levels.concat(), "]".repeat(20))).is_ok());
    }

    #[test]
    fn a_text_without_a_document_is_null() {
        assert!(parse("").is_null());
        assert!(parse("# nothing yet\n").is_null());
    }
}
