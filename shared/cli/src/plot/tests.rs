//! What somebody who looks at a plot relies on.

use super::*;

/// The text of every element, in order; panics unless each element that begins ends where it must.
fn texts(svg: &str) -> Vec<String> {
    let (mut open, mut texts, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some(at) = rest.find('<') {
        let text = rest[..at].trim();
        if !text.is_empty() {
            assert!(!open.is_empty(), "text outside of the document: {text}");
            texts.push(
                text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"),
            );
        }
        let end = at + rest[at..].find('>').expect("a tag that does not end");
        let tag = &rest[at + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
    texts
}

fn line_chart(x: Axis, points: &[(f64, f64)]) -> LineChart {
    let series = Series { name: "measured".to_owned(), points: points.to_vec(), ..Series::default() };
    LineChart { title: "Units by age".to_owned(), x, y: Axis::linear("units"), series: vec![series] }
}

#[test]
fn a_chart_names_its_title_its_axes_and_every_series() {
    let chart = line_chart(Axis::linear("age (s)"), &[(0.0, 1.0), (10.0, 3.0)]);
    let texts = texts(&chart.svg());
    for wanted in ["Units by age", "age (s)", "units", "measured", "10", "3.0"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
}

#[test]
fn names_from_outside_cannot_break_the_document() {
    let mut chart = line_chart(Axis::linear("x"), &[(0.0, 1.0)]);
    chart.series[0].name = "</text><script>\"&\u{0}".to_owned();
    let svg = chart.svg();
    assert!(!svg.contains("<script"), "{svg}");
    assert!(texts(&svg).iter().any(|text| text == "</text><script>\"&"));
}

#[test]
fn a_logarithmic_axis_names_decades_and_leaves_out_what_it_cannot_show() {
    let chart =
        line_chart(Axis::log("age (s)"), &[(0.0, 1.0), (1.0, 2.0), (100_000.0, 3.0), (f64::NAN, 9.0)]);
    let svg = chart.svg();
    let texts = texts(&svg);
    for wanted in ["1", "10", "100", "1,000", "10,000", "100,000"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
    // Two points can be shown; two more circles are the legend's.
    assert_eq!(svg.matches("<circle").count(), 4);
}

#[test]
fn a_bar_is_as_high_as_its_value_and_its_error_stands_around_its_end() {
    let bars = vec![Bars { name: "HR@20".to_owned(), values: vec![(0.5, 0.1), (1.0, 0.0)] }];
    let groups = vec!["fresh".to_owned(), "snapshot".to_owned()];
    let chart =
        BarChart { title: "Quality".to_owned(), y: Axis::linear("share").between(0.0, 1.0), groups, bars };
    let svg = chart.svg();
    let heights: Vec<f64> = svg
        .lines()
        .filter(|line| line.starts_with("<rect x") && !line.contains("height=\"12\""))
        .filter_map(|line| line.split("height=\"").nth(1)?.split('"').next()?.parse().ok())
        .collect();
    assert_eq!(heights.len(), 2);
    assert!((heights[0] * 2.0 - heights[1]).abs() < 0.2, "{heights:?}");
    // One error bar: its line with a cap at each end.
    assert_eq!(svg.matches("stroke-width=\"1.2\"").count(), 3);
    assert!(texts(&svg).iter().any(|text| text == "snapshot"));
}

#[test]
fn many_long_names_of_groups_are_turned_and_a_chart_of_nothing_is_still_one() {
    let group = |n: u32| format!("a layer with a long name {n}");
    let groups: Vec<String> = (0..12).map(group).collect();
    let bars = vec![Bars { name: "p50".to_owned(), values: vec![(3.0, 0.0); 12] }];
    let chart = BarChart { title: "t".to_owned(), y: Axis::log("us"), groups, bars };
    assert_eq!(chart.svg().matches("rotate(-35)").count(), 12);
    for axis in [Axis::linear("x"), Axis::log("x")] {
        texts(&line_chart(axis.clone(), &[]).svg());
        texts(&BarChart { y: axis, ..BarChart::default() }.svg());
    }
}
