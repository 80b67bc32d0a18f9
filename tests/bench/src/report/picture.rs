//! The rows that have a target as a picture: how much of it each reaches.

use std::fmt::Write;

use super::{Row, ratio};

const WIDTH: f64 = 900.0;
const ROW: f64 = 20.0;
const TITLE: f64 = 30.0;
/// Where the bars begin, and how long one is that just reaches its target.
const LEFT: f64 = 400.0;
const TARGET: f64 = 250.0;
/// More than this is as good as this.
const MOST: f64 = 1.6;

/// An SVG with a bar for each row.
pub(crate) fn draw(rows: &[Row]) -> String {
    let mut body = String::new();
    let mut y = 46.0;
    for (path, title) in crate::paths::titles() {
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row.path == path && row.target.is_some())
            .collect();
        if rows.is_empty() {
            continue;
        }
        // Writing to a text can't fail.
        let _ = writeln!(
            body,
            r#"<text class="title" x="10" y="{}">{}</text>"#,
            y + 18.0,
            escaped(title)
        );
        y += TITLE;
        for row in rows {
            body.push_str(&bar(row, y));
            y += ROW;
        }
    }
    let (line, height) = (LEFT + TARGET, y + 10.0);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">
<style>
text {{ fill: #24292f }} .title {{ font-weight: bold }} .met {{ fill: #2da44e }} .missed {{ fill: #d4722a }} .target {{ stroke: #57606a }}
.back {{ fill: #ffffff }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .target {{ stroke: #8b949e }} .back {{ fill: #0d1117 }} }}
</style>
<rect class="back" width="{WIDTH}" height="{height}"/>
<text class="title" x="10" y="22" font-size="15">How much of its target each figure reaches</text>
<text x="{line}" y="40" text-anchor="middle">target</text>
{body}<line class="target" x1="{line}" x2="{line}" y1="46" y2="{y}" stroke-dasharray="4 3"/>
</svg>
"#
    )
}

fn bar(row: &Row, y: f64) -> String {
    let reached = row
        .reached()
        .filter(|reached| reached.is_finite())
        .unwrap_or_default();
    let width = reached.min(MOST) * TARGET;
    let class = if reached >= 1.0 { "met" } else { "missed" };
    let of = row.target.map(|target| target.show(row.unit)).unwrap_or_default();
    let value = match row.target {
        Some(super::Target::AtMost(_)) => row.unit.show(row.ours),
        _ => ratio(row.ratio),
    };
    format!(
        concat!(
            r#"<text x="{label}" y="{text}" text-anchor="end">{case}</text>"#,
            r#"<rect class="{class}" x="{left}" y="{top}" width="{width:.1}" height="14"/>"#,
            r#"<text x="{after:.1}" y="{text}">{value} ({of})</text>"#,
            "\n"
        ),
        label = LEFT - 8.0,
        text = y + 13.0,
        case = escaped(&row.case),
        class = class,
        left = LEFT,
        top = y + 2.0,
        width = width,
        after = LEFT + width.max(TARGET) + 8.0,
        value = value,
        of = of,
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
