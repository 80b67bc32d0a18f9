use super::*;

fn variables() -> BTreeMap<String, String> {
    [
        ("WORD", "a&b <c>"),
        ("EMPTY", ""),
        ("LIST", "a,b"),
        ("PORT", "8000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// With more time than others get: a busy machine does not decide by what a template is stopped.
fn rendered(source: &str) -> Result<String, SyntaxError> {
    render_within(Duration::from_secs(120), source, &variables()).map(|rendered| rendered.text)
}

/// What stops a template, and the processor time until then, which a busy machine does not make longer.
fn stopped(source: &str) -> (String, Duration) {
    let source = assignments::guard(source).into_owned();
    let (sender, receiver) = mpsc::channel();
    let render = move || {
        let stopped = on_this_stack(&source, &variables()).unwrap_err();
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanoseconds = statistics.split(' ').next().and_then(|time| time.parse().ok());
        let _ = sender.send((
            stopped.message,
            Duration::from_nanos(nanoseconds.unwrap_or_default()),
        ));
    };
    thread::Builder::new().stack_size(STACK).spawn(render).unwrap();
    receiver
        .recv_timeout(Duration::from_secs(120))
        .expect("is stopped")
}

fn message(source: &str) -> String {
    rendered(source).unwrap_err().message
}

fn unset(source: &str) -> Vec<(String, u64)> {
    let unset = render(source, &variables()).unwrap().unset;
    unset
        .into_iter()
        .map(|unset| (unset.expression, unset.line.unwrap()))
        .collect()
}

#[test]
fn variables_are_inserted_without_escaping() {
    assert_eq!(rendered("a: \"{{ env.WORD }}\"").unwrap(), "a: \"a&b <c>\"");
    assert_eq!(rendered("a: {{ env['WORD'] }}").unwrap(), "a: a&b <c>");
    assert_eq!(rendered("a: '{{ env.NOTHING }}'").unwrap(), "a: ''");
}

#[test]
fn defaults_can_be_given_in_the_usual_ways() {
    for (source, expected) in [
        (
            "{{ env.get('NOTHING', 'x') }}{{ env.get('WORD', 'x') }}",
            "xa&b <c>",
        ),
        ("{{ env.get('NOTHING', default='x') }}", "x"),
        ("{{ env.get('NOTHING') or 'x' }}", "x"),
        ("{{ env.NOTHING | default('x') }}", "x"),
        ("{{ env.EMPTY or 'x' }}", "x"),
        ("{{ env.get('NOTHING') }}", "None"),
    ] {
        assert_eq!(rendered(source).unwrap(), expected, "{source}");
    }
}

#[test]
fn the_usual_jinja_works() {
    for (source, expected) in [
        ("{{ env.LIST.split(',') | tojson }}", r#"["a", "b"]"#),
        ("{{ env.LIST.upper() }}", "A,B"),
        (
            "{% for k, v in {'b': 1, 'a': 2}.items() %}{{ k }}{{ v }}{% endfor %}",
            "b1a2",
        ),
        ("{{ env.WORD | urlencode }}", "a%26b%20%3Cc%3E"),
        (
            "{% macro f(x, y=2) %}{{ x }}{{ y }}{% endmacro %}{{ f(1) }}",
            "12",
        ),
        (
            "{{ env.PORT | int + 1 }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 'x' | float }} {{ ' 5 ' | int }}",
            "8001 0 7 0.0 5",
        ),
        (
            "{{ 'ff' | int(base=16) }} {{ '0x1F' | int(0, base=16) }}",
            "255 31",
        ),
        (
            "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}",
            "aba",
        ),
        (
            "{% set j = joiner() %}{% for x in [1, 2] %}{{ j() }}{{ x }}{% endfor %}",
            "1, 2",
        ),
        (
            "{{ 'a.b.c'.rsplit('.', 1) }} {{ ' a  b c '.rsplit(none, 1) }}",
            "['a.b', 'c'] ['a  b', 'c']",
        ),
        (
            "{{ 'a.b'.partition('.')[0] }} {{ 'a.b'.rpartition('/')[2] }}",
            "a a.b",
        ),
        ("{{ 'abc'.index('c') }} {{ [1, 2].index(2) }}", "2 1"),
        (
            "{{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'aB'.swapcase() }}",
            "bc ab Ab",
        ),
        (
            "{{ 'abc'.center(7) }}|{{ 'ab'.center(5) }}|{{ 'a'.ljust(3) }}|{{ 'a'.rjust(3, '.') }}|{{ '-5'.zfill(4) }}",
            "  abc  |  ab |a  |..a|-005",
        ),
        (
            "{{ {'a': 1}.copy() }} {{ 'a b' | wordcount }} {{ 'x' | center(3) }}",
            "{'a': 1} 2  x ",
        ),
        (
            "{{ none }} {{ true }} {{ [1, 'a', 1.0] }}",
            "None True [1, 'a', 1.0]",
        ),
        ("{% block x %}a{% endblock %}{{ self.x() }}", "aa"),
        (
            "{% for x in [1, 2] %}{{ loop.previtem }}{{ loop.nextitem }}{% endfor %}",
            "21",
        ),
        (
            "{{ 'LIST' in env }} {{ 'NOPE' in env }} {{ env.items() | list | length }}",
            "True False 4",
        ),
    ] {
        assert_eq!(rendered(source).unwrap(), expected, "{source}");
    }
}

#[test]
fn a_template_error_has_its_line() {
    for (source, line) in [
        ("a: 1\nb: {{ env. }}\n", 2),
        ("a: 1\n{% if %}\n", 2),
        ("\n\n{{ 1 + 'a' }}", 3),
        ("\n{% include 'a' %}", 2),
        ("\n\n{{ env.NOTHING | tojson }}", 3),
    ] {
        let error = rendered(source).unwrap_err();
        assert_eq!(error.line, Some(line), "{error:?}");
    }
    let far = format!("{}{{{{ 1 + 'a' }}}}", "\n".repeat(70_000));
    assert_eq!(rendered(&far).unwrap_err().line, Some(70_001));
}

#[test]
fn an_error_does_not_repeat_a_value() {
    for source in [
        "{{ env.WORD | int + env.WORD }}",
        "{{ env.WORD + 1 }}",
        "{{ env.WORD.nope() }}",
        "{{ [env.WORD] | sum }}",
        "{{ env.WORD | round }}",
        "{{ env.WORD | tojson(indent='a') }}",
        "{{ range(env.WORD) }}",
        "{{ env.WORD.x.y }}",
        "{{ env.WORD | dictsort }}",
        "{% for a, b in [env.WORD] %}{% endfor %}",
        "{{ env.WORD | abs }}",
        "{{ env.WORD.format() }}{{ env.WORD() }}",
        "{% include env.WORD %}",
    ] {
        let message = message(source);
        assert!(
            !message.contains("&b") && !message.contains("<c>"),
            "{source}: {message}"
        );
    }
}

#[test]
fn lines_of_the_text_are_those_of_the_file() {
    let source = "a\n{% for x in [1, 2] %}\nb: {{ x }}\n\n{%- if true %}\nc{% endif %}\n{% endfor %}\nd\n";
    let rendered = render(source, &variables()).unwrap();
    let lines: Vec<_> = rendered
        .text
        .lines()
        .zip(1..)
        .map(|(text, line)| (text, rendered.line(line)))
        .collect();
    assert_eq!(lines[0], ("a", 1));
    let of = |text: &str| -> Vec<u64> {
        lines
            .iter()
            .filter(|(line, _)| *line == text)
            .map(|(_, line)| *line)
            .collect()
    };
    assert_eq!(of("b: 1"), [3]);
    assert_eq!(of("b: 2"), [3]);
    assert_eq!(of("c"), [6, 6]);
    assert_eq!(of("d"), [8]);
}

#[test]
fn what_is_not_set_is_found_where_it_is_used() {
    let source = "a: {{ env.A }}\nb: {{ env['B'] | upper }}\nc: {{ 'x' ~ env.C }}\nd: {{ env.get('D') }}\n\
                  {% for k in ['E'] %}{{ env[k] }}{% endfor %}\nf: {{ F }}\n{{ env.A }}";
    let expected = [
        ("env.A", 1),
        ("env.B", 2),
        ("env.C", 3),
        ("env.D", 4),
        ("env.E", 5),
        ("F", 6),
    ];
    assert_eq!(
        unset(source),
        expected.map(|(name, line)| (name.to_owned(), line))
    );
    assert_eq!(
        unset("{% if env.MODE == 'a' %}{% endif %}\n{{ 'x' ~ env.MODE }}"),
        [("env.MODE".to_owned(), 1)]
    );
}

#[test]
fn what_becomes_part_of_a_text_is_used() {
    for used in [
        "env.A | e",
        "env.A | escape",
        "env.A | forceescape",
        "env.A | urlencode",
        "env.A | indent(2)",
        "[env.A, 'b'] | join(',')",
        "','.join([env.A])",
        "'{}'.format(env.A)",
    ] {
        let source = format!("\n{{{{ {used} }}}}");
        assert_eq!(unset(&source), [("env.A".to_owned(), 2)], "{used}");
        assert!(rendered(&source).is_ok(), "{used}");
    }
}

#[test]
fn that_more_is_not_set_is_said() {
    let source = |count: usize| {
        let lines: Vec<_> = (0..count).map(|name| format!("{{{{ env.N{name} }}}}")).collect();
        lines.join("\n")
    };
    let unset = |count| render(&source(count), &variables()).unwrap().unset;
    assert_eq!(unset(64).len(), 64);
    let found = unset(100);
    assert_eq!((found.len(), found[64].line), (65, None));
    assert!(found[64].message.starts_with("more variables are not set"));
}

#[test]
fn the_last_line_break_is_no_part_of_the_file() {
    for end in ["", "\n", "\r\n"] {
        assert_eq!(rendered(&format!("a: |{end}")).unwrap(), "a: |");
        assert_eq!(rendered(&format!("a: {{{{ 1 }}}}{end}")).unwrap(), "a: 1");
    }
}

#[test]
fn what_is_tested_or_has_a_default_is_not_reported() {
    for source in [
        "{{ env.A | default('x') }}{{ env.A | d('x') }}",
        "{{ env.A | default('x', true) | upper }}",
        "{{ env.A or 'x' }}{{ env.get('A', '') }}{{ env.get('A') or '' }}",
        "{% if env.A %}{{ env.A }}{% endif %}",
        "{% if env.A is defined %}{{ env.A }}{% endif %}{{ 'x' if env.A }}",
        "{% if env.A == 'x' or 'y' in env.A or env.A != 'z' %}{% endif %}",
        "{{ env.WORD }}{{ env.EMPTY }}{{ 'A' in env }}",
        "{% if not env.A and env.WORD %}{% endif %}",
    ] {
        assert_eq!(unset(source), [], "{source}");
    }
}

#[test]
fn what_would_not_end_is_stopped() {
    for source in [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        "{% set ns = namespace(a='x') %}{% for i in range(60) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
        "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a }}",
        "{{ 'x' * 99999999 }}",
        "{{ 'x'.ljust(9999999999) }}{{ 'x' | center(9999999999) }}",
        "{{ 'x'.replace('', 'y' * 1000000).replace('', 'y' * 1000000) }}",
        "{{ '%99999999d' | format(1) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ range(100000) | list | tojson(indent=100000) }}",
        "{{ range(100000) | join('x' * 100000) }}",
        "{{ ('a\n' * 100000) | indent(100000) }}",
        "{{ [[1] * 10000] * 10000 }}",
        "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}",
    ] {
        assert!(render(source, &variables()).is_err(), "{source}");
    }
    assert!(
        message("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
            .contains("too many steps")
    );
}

#[test]
fn a_namespace_cannot_hold_itself() {
    for stored in [
        "n",
        "[n]",
        "{'b': [(1, n)]}",
        "{n: 1}",
        "n.items()",
        "n | items",
        "[1] + [n]",
        "1, n",
        "namespace(b=n)",
        "cycler(n)",
    ] {
        for used in [
            "n",
            "n | tojson",
            "n | pprint",
            "n | string",
            "n ~ 1",
            "n == m",
            "{n: 1}",
            "[n, n] | sort",
            "[n, m] | unique | list",
        ] {
            let source = format!(
                "{{% set n = namespace() %}}{{% set m = namespace() %}}{{% set n.a = {stored} %}}{{% set m.a = {stored} %}}{{{{ {used} }}}}"
            );
            // What `items()` gave at that time was empty.
            if rendered(&source).is_ok() {
                assert!(stored.contains("items"), "{source}");
            }
        }
    }
    let refused = message("{% set n = namespace() %}\n{% set n.a = [n] %}");
    assert!(
        refused.contains("a namespace cannot hold a namespace"),
        "{refused}"
    );
    let block = "{% set n = namespace() %}{% set n.a | default(n, true) %}{% endset %}{{ n }}";
    assert!(message(block).contains("a namespace cannot hold a namespace"));
    let looping = "{% set n = namespace() %}{% for x in [1, 2, n] %}{% set n.a = loop %}{% endfor %}{{ n }}";
    assert!(message(looping).contains("can hold only"));
}

#[test]
fn a_namespace_keeps_what_it_is_given() {
    for (stored, expected) in [
        ("[1, 'a', none]", "[1, 'a', None]"),
        ("{'b': 1, 'a': [2]}", "{'b': 1, 'a': [2]}"),
        ("1, 2", "(1, 2)"),
        ("env.NOTHING", ""),
        ("'x' if false else 'y'", "y"),
        ("[1] + [2]", "[1, 2]"),
        ("range(3)", "[0, 1, 2]"),
        ("{'b': 1}.items() | list | length", "1"),
    ] {
        let source = format!("{{% set n = namespace() %}}{{% set n.a = {stored} -%}} {{{{ n.a }}}}");
        assert_eq!(rendered(&source).unwrap(), expected, "{stored}");
    }
    let source = "{% set n = namespace(a=[]) %}{% for i in range(300) %}{% set n.a = n.a + [i] %}{% endfor %}{{ n.a | length }}";
    assert_eq!(rendered(source).unwrap(), "300");
}

#[test]
fn a_large_file_may_not_nest_more() {
    let padding = format!("# {}\n", "x".repeat(15 << 20));
    let list = |inner: &str| format!("{}{inner}{}", "[".repeat(60), "]".repeat(60));
    let looped = format!(
        "{padding}{{% set ns = namespace(a=[]) %}}{{% for i in range(9000) %}}{{% set ns.a = {} %}}{{% endfor %}}{{{{ ns.a | string | length }}}}",
        list("ns.a")
    );
    assert!(message(&looped).contains("more than 256 values in one another"));
    let straight = format!("{{% set a = {} %}}", list("a")).repeat(7000);
    assert!(message(&format!("{straight}{{{{ a }}}}")).contains("more than 256 values in one another"));
    let steps = format!("{padding}{{% for i in range(99999) %}}{{% set x = [i] %}}{{% endfor %}}");
    assert!(message(&steps).contains("too many steps"));
    assert!(rendered(&format!("{padding}a: {{{{ env.PORT }}}}")).is_ok());
}

#[test]
fn what_is_doubled_is_not_written() {
    let double = "{% set a = [a, a] %}".repeat(60);
    for used in ["a | tojson", "a | pprint", "a | string", "a ~ 1", "a == a"] {
        let (message, time) = stopped(&format!("{{% set a = [1] %}}{double}{{{{ {used} }}}}"));
        assert!(message.contains("too many steps"), "{used}: {message}");
        assert!(time < Duration::from_secs(15), "{used}: {time:?}");
    }
    let nested = format!(
        "{}{{{{ a | tojson }}}}{}",
        "{% for a in [[a, a]] %}".repeat(60),
        "{% endfor %}".repeat(60)
    );
    assert!(message(&nested).contains("too many steps"));
}

#[test]
fn what_is_deep_does_not_overflow_the_stack() {
    let nested = |depth: usize| {
        format!(
            "{{% set ns = namespace(a=[]) %}}{{% for i in range({depth}) %}}{{% set ns.a = [ns.a] %}}{{% endfor %}}{{{{ ns.a }}}}"
        )
    };
    assert!(rendered(&nested(200)).is_ok());
    for source in [
        nested(300),
        nested(200_000),
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}".to_owned(),
        format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(100_000)),
        "{% if 1 %}".repeat(10_000),
    ] {
        assert!(rendered(&source).is_err());
    }
    for (open, close) in [
        ("not ", ""),
        ("-", ""),
        ("1 if 1 else ", ""),
        ("1 + ", ""),
        ("", "|string"),
        ("", " is defined"),
    ] {
        let most = 32_000 / (open.len() + close.len());
        let source = format!("{{{{ {}1{} }}}}", open.repeat(most), close.repeat(most));
        assert!(rendered(&source).is_ok(), "{open}{close}");
    }
    let elifs = format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(1000));
    assert!(rendered(&elifs).is_ok());
}
