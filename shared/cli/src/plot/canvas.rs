//! The sheet that charts are drawn on: SVG elements, and the frame that all charts share.

use super::Axis;
use super::axis::Fitted;
use std::fmt::Write;

pub(super) const WIDTH: f64 = 920.0;
pub(super) const HEIGHT: f64 = 520.0;
/// Left of the plot: names of values, and the axis' label.
pub(super) const LEFT: f64 = 84.0;
/// Above the plot: the title.
pub(super) const TOP: f64 = 56.0;
/// Below the plot: names of values, and the axis' label.
pub(super) const BOTTOM: f64 = 66.0;
/// Between the plot and the legend, and right of it.
const GAP: f64 = 24.0;
/// A character's width, as a share of the letters' size: of the widest usual font.
const CHARACTER_WIDTH: f64 = 0.6;
/// The letters' size, in pixels.
pub(super) const TEXT_SIZE: f64 = 13.0;
/// The most of a name that a legend has.
const LEGEND_CHARS_MAX: usize = 28;
const LEGEND_LINE: f64 = 22.0;
const SWATCH: f64 = 22.0;

/// Colours that people with any kind of sight can tell apart (Okabe and Ito, "Color Universal Design", 2008).
const COLOURS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];

/// The colour of a series.
pub(super) fn colour(index: usize) -> &'static str {
    COLOURS.get(index % COLOURS.len()).copied().unwrap_or("#000000")
}

/// How wide a text is, at most.
pub(super) fn text_width(text: &str) -> f64 {
    // What is not ASCII may be twice as wide.
    let characters: f64 = text.chars().map(|c| if c.is_ascii() { 1.0 } else { 1.7 }).sum();
    characters * CHARACTER_WIDTH * TEXT_SIZE
}

/// A text as XML takes it; what has no place in XML is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Which point of a text is at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG document being drawn.
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    /// A white sheet with a title.
    pub fn new(title: &str) -> Self {
        let mut canvas = Self { body: String::new() };
        canvas.put(format_args!("<title>{}</title>", escaped(title)));
        canvas.put(format_args!(r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##));
        canvas.put(format_args!(
            r#"<text x="{LEFT}" y="32" font-size="17" font-weight="bold">{}</text>"#,
            escaped(title)
        ));
        canvas
    }

    /// Adds an element.
    pub fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// Adds a text.
    pub fn text(&mut self, x: f64, y: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.put(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{}</text>"#,
            escaped(text)
        ));
    }

    /// Adds a text that is turned around its end.
    pub fn turned(&mut self, x: f64, y: f64, degrees: i32, anchor: &str, text: &str) {
        self.put(format_args!(
            r#"<text transform="translate({x:.1} {y:.1}) rotate({degrees})" text-anchor="{anchor}">{}</text>"#,
            escaped(text)
        ));
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        self.put(format_args!(
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{colour}" stroke-width="{width}"/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    /// The upright axis: its values with lines across the plot, and its label.
    pub fn y_axis(&mut self, axis: &Axis, fitted: &Fitted, right: f64, bottom: f64) {
        for (value, name) in fitted.ticks() {
            let Some(y) = fitted.place(value) else { continue };
            self.line((LEFT, y), (right, y), "#e3e3e3", 1.0);
            self.text(LEFT - 8.0, y + 4.5, Anchor::End, &name);
        }
        self.line((LEFT, bottom), (right, bottom), "#444444", 1.0);
        self.turned(22.0, f64::midpoint(TOP, bottom), -90, "middle", &axis.label);
    }

    /// What each series is called, right of the plot. `draw` draws its mark, `SWATCH` wide, at a place.
    pub fn legend<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
        right: f64,
        draw: impl Fn(&mut Self, usize, f64, f64),
    ) {
        for (index, name) in names.enumerate() {
            let y = TOP + 12.0 + index as f64 * LEGEND_LINE;
            draw(self, index, right + GAP, y);
            self.text(right + GAP + SWATCH + 8.0, y + 4.5, Anchor::Start, &shortened(name));
        }
    }

    /// The document.
    pub fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\" \
             font-size=\"{TEXT_SIZE}\" fill=\"#222222\">\n{}</svg>\n",
            self.body
        )
    }
}

/// Where the plot ends, so that the legend fits beside it.
pub(super) fn plot_right<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let widest = names.map(|name| text_width(&shortened(name))).fold(0.0, f64::max);
    WIDTH - GAP - widest - SWATCH - 8.0 - GAP
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LEGEND_CHARS_MAX {
        return name.to_owned();
    }
    name.chars().take(LEGEND_CHARS_MAX - 1).chain(['…']).collect()
}
