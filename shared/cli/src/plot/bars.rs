//! Bars in groups, with error bars.

use super::axis::Fitted;
use super::canvas::{Anchor, BOTTOM, Canvas, HEIGHT, LEFT, TEXT_SIZE, TOP, colour, plot_right, text_width};
use super::{Axis, Scale};

/// Names of groups that do not fit side by side are turned by so much.
const TURNED_DEGREES: i32 = -35;
/// sin(35°): how far down a turned name reaches.
const TURNED_DEPTH: f64 = 0.574;
/// The most room for turned names, in pixels.
const TURNED_MAX: f64 = 130.0;

/// One bar in each group.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// Their name in the legend.
    pub name: String,
    /// (value, standard error) by group; an error of 0 is not drawn.
    pub values: Vec<(f64, f64)>,
}

/// Bars in groups.
#[derive(Clone, Debug, Default)]
pub struct BarChart {
    /// What it shows.
    pub title: String,
    /// The axis at the left. A linear one holds 0.
    pub y: Axis,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// One series for each bar of a group.
    pub bars: Vec<Bars>,
}

impl BarChart {
    /// The chart as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        let names = || self.bars.iter().map(|bars| bars.name.as_str());
        let right = plot_right(names());
        let slot = (right - LEFT) / self.groups.len().max(1) as f64;
        let widest = self.groups.iter().map(|group| text_width(group)).fold(0.0, f64::max);
        let is_turned = widest > slot * 0.92;
        let room = if is_turned { (widest * TURNED_DEPTH + TEXT_SIZE).min(TURNED_MAX) } else { 0.0 };
        let bottom = HEIGHT - BOTTOM + 20.0 - room;
        let values = self.bars.iter().flat_map(|bars| &bars.values);
        let zero = (self.y.scale == Scale::Linear).then_some(0.0);
        let ends = values.flat_map(|(value, error)| [value - error, value + error]).chain(zero);
        let y = Fitted::new(&self.y, ends, bottom, TOP);
        let mut canvas = Canvas::new(&self.title);
        canvas.y_axis(&self.y, &y, right, bottom);
        for (index, group) in self.groups.iter().enumerate() {
            let middle = LEFT + slot * (index as f64 + 0.5);
            if is_turned {
                canvas.turned(middle + 4.0, bottom + 16.0, TURNED_DEGREES, "end", group);
            } else {
                canvas.text(middle, bottom + 20.0, Anchor::Middle, group);
            }
            self.group(&mut canvas, &y, index, (middle, slot));
        }
        canvas.line((LEFT, y.base()), (right, y.base()), "#444444", 1.0);
        canvas.legend(names(), right, |canvas, index, x, y| {
            canvas.put(format_args!(
                r#"<rect x="{x:.1}" y="{:.1}" width="22" height="12" fill="{}"/>"#,
                y - 6.0,
                colour(index)
            ));
        });
        canvas.finish()
    }

    fn group(&self, canvas: &mut Canvas, y: &Fitted, group: usize, (middle, slot): (f64, f64)) {
        let width = (slot * 0.76 / self.bars.len().max(1) as f64).min(56.0);
        let left = middle - width * self.bars.len() as f64 / 2.0;
        for (index, bars) in self.bars.iter().enumerate() {
            let Some((value, error)) = bars.values.get(group).copied() else { continue };
            let Some(top) = y.place(value) else { continue };
            let (x, base) = (left + width * index as f64, y.base());
            canvas.put(format_args!(
                r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="{}"/>"#,
                x + 1.0,
                top.min(base),
                (width - 2.0).max(1.0),
                (base - top).abs(),
                colour(index)
            ));
            if let (true, Some(low), Some(high)) =
                (error > 0.0, y.place(value - error), y.place(value + error))
            {
                let (middle, cap) = (x + width / 2.0, (width / 5.0).min(6.0));
                canvas.line((middle, low), (middle, high), "#222222", 1.2);
                canvas.line((middle - cap, low), (middle + cap, low), "#222222", 1.2);
                canvas.line((middle - cap, high), (middle + cap, high), "#222222", 1.2);
            }
        }
    }
}
