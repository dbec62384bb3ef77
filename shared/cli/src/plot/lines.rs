//! Lines and points over two axes.

use super::Axis;
use super::axis::Fitted;
use super::canvas::{Anchor, BOTTOM, Canvas, HEIGHT, LEFT, TOP, colour, plot_right, text_width};

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// A line through marked points.
    #[default]
    Marked,
    /// A line without marks: many points.
    Plain,
    /// A dashed line, such as what would be ideal.
    Dashed,
    /// Points without a line.
    Points,
}

/// One series.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// (x, y), in the order in which they are joined.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
}

/// Series over two axes.
#[derive(Clone, Debug, Default)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// The axis at the bottom.
    pub x: Axis,
    /// The axis at the left.
    pub y: Axis,
    /// What is drawn, in this order.
    pub series: Vec<Series>,
}

impl LineChart {
    /// The chart as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        let names = || self.series.iter().map(|series| series.name.as_str());
        let (right, bottom) = (plot_right(names()), HEIGHT - BOTTOM);
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Fitted::new(&self.x, points().map(|point| point.0), LEFT, right);
        let y = Fitted::new(&self.y, points().map(|point| point.1), bottom, TOP);
        let mut canvas = Canvas::new(&self.title);
        canvas.y_axis(&self.y, &y, right, bottom);
        self.x_axis(&mut canvas, &x, right, bottom);
        for (index, series) in self.series.iter().enumerate() {
            let place = |point: &(f64, f64)| Some((x.place(point.0)?, y.place(point.1)?));
            let places: Vec<_> = series.points.iter().filter_map(place).collect();
            draw(&mut canvas, series.stroke, colour(index), &places);
        }
        canvas.legend(names(), right, |canvas, index, x, y| {
            let stroke = self.series.get(index).map(|series| series.stroke).unwrap_or_default();
            draw(canvas, stroke, colour(index), &[(x, y), (x + 22.0, y)]);
        });
        canvas.finish()
    }

    fn x_axis(&self, canvas: &mut Canvas, x: &Fitted, right: f64, bottom: f64) {
        let mut free_from = f64::NEG_INFINITY;
        for (value, name) in x.ticks() {
            let Some(place) = x.place(value) else { continue };
            canvas.line((place, TOP), (place, bottom), "#f0f0f0", 1.0);
            let half = text_width(&name) / 2.0;
            // A name that would touch the one before is left out; its line says where it is.
            if place - half > free_from {
                canvas.text(place, bottom + 20.0, Anchor::Middle, &name);
                free_from = place + half + 8.0;
            }
        }
        canvas.text(f64::midpoint(LEFT, right), bottom + 46.0, Anchor::Middle, &self.x.label);
    }
}

fn draw(canvas: &mut Canvas, stroke: Stroke, colour: &str, places: &[(f64, f64)]) {
    let dashes = if stroke == Stroke::Dashed { r#" stroke-dasharray="6 5""# } else { "" };
    if stroke != Stroke::Points {
        let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        canvas.put(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>"#,
            path.join(" ")
        ));
    }
    if matches!(stroke, Stroke::Marked | Stroke::Points) {
        for (x, y) in places {
            canvas.put(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"/>"#));
        }
    }
}
