//! Filters on a record's data: what a mapping drops before its function sees it.
//!
//! A mapping has filters; a record passes if one of them lets it through, or if there is none
//! ([Control which events Lambda sends to your function](https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html)).
//! Of a Kinesis record only `data` can be filtered
//! ([Using event filtering with a Kinesis event source](https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html)).
//! Beckon's mappings have none: a record that is dropped so leaves no trace.

use serde_json::{Map, Number, Value};
use std::cmp::Ordering;
use thiserror::Error;

/// Filters of a mapping at most, without asking AWS for more.
pub const FILTER_COUNT_MAX: usize = 5;

/// The filters of a mapping.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filters {
    /// The `data` part of each pattern; `None` where a pattern asks nothing of it.
    data: Vec<Option<Value>>,
}

/// A pattern that AWS would refuse.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FilterError {
    /// The pattern is not a JSON object.
    #[error("filter {0} is not a JSON object: write it as {{\"data\": {{…}}}}")]
    NotAnObject(usize),
    /// A key that a Kinesis mapping cannot filter on.
    #[error("filter {index} asks for `{key}`: a Kinesis mapping filters on `data` only")]
    NotData {
        /// Which filter, from 1.
        index: usize,
        /// The key.
        key: String,
    },
    /// The pattern of `data` is a text or a list: its data would have to be JSON.
    #[error("filter {0} has a pattern for `data` that is not a JSON object")]
    DataNotAnObject(usize),
    /// Too many filters.
    #[error("{0} filters: at most {FILTER_COUNT_MAX} are taken")]
    TooMany(usize),
}

impl Filters {
    /// Reads the patterns of `FilterCriteria`.
    ///
    /// # Errors
    /// The first pattern that AWS would refuse.
    pub fn parse(patterns: &[&str]) -> Result<Self, FilterError> {
        if patterns.len() > FILTER_COUNT_MAX {
            return Err(FilterError::TooMany(patterns.len()));
        }
        let data = (1..).zip(patterns).map(|(index, text)| data_pattern(index, text));
        Ok(Self { data: data.collect::<Result<_, _>>()? })
    }

    /// Whether the function is given a record with this data. Data that is not JSON passes no pattern of `data`: the
    /// record is dropped.
    #[must_use]
    pub fn let_through(&self, data: &[u8]) -> bool {
        if self.data.is_empty() || self.data.iter().any(Option::is_none) {
            return true;
        }
        let Ok(Value::Object(data)) = serde_json::from_slice(data) else { return false };
        self.data.iter().flatten().any(|pattern| object_matches(pattern, &data))
    }
}

fn data_pattern(index: usize, text: &str) -> Result<Option<Value>, FilterError> {
    let Ok(Value::Object(mut pattern)) = serde_json::from_str(text) else {
        return Err(FilterError::NotAnObject(index));
    };
    let data = pattern.remove("data");
    if let Some((key, _)) = pattern.into_iter().next() {
        return Err(FilterError::NotData { index, key });
    }
    match data {
        None => Ok(None),
        Some(data @ Value::Object(_)) => Ok(Some(data)),
        Some(_) => Err(FilterError::DataNotAnObject(index)),
    }
}

/// Every key of a pattern must hold: an object below it, or one of a list of matchers. `$or` holds if one of its patterns
/// does.
fn object_matches(pattern: &Value, data: &Map<String, Value>) -> bool {
    let Value::Object(pattern) = pattern else { return false };
    pattern.iter().all(|(key, pattern)| match (key.as_str(), pattern) {
        ("$or", Value::Array(patterns)) => patterns.iter().any(|pattern| object_matches(pattern, data)),
        (_, Value::Array(matchers)) => matchers.iter().any(|matcher| field_matches(matcher, data.get(key))),
        (_, pattern) => match data.get(key) {
            Some(Value::Object(below)) => object_matches(pattern, below),
            _ => false,
        },
    })
}

fn field_matches(matcher: &Value, field: Option<&Value>) -> bool {
    if let Some(exists) = matcher.get("exists").and_then(Value::as_bool) {
        return exists == field.is_some();
    }
    match field {
        None => false,
        // One element is enough.
        Some(Value::Array(elements)) => elements.iter().any(|element| value_matches(matcher, element)),
        Some(value) => value_matches(matcher, value),
    }
}

fn value_matches(matcher: &Value, value: &Value) -> bool {
    let Value::Object(operator) = matcher else { return matcher == value };
    let Some((name, operand)) = operator.iter().next() else { return false };
    let texts = value.as_str().zip(operand.as_str());
    match name.as_str() {
        "prefix" => texts.is_some_and(|(value, start)| value.starts_with(start)),
        "suffix" => texts.is_some_and(|(value, end)| value.ends_with(end)),
        "equals-ignore-case" => texts.is_some_and(|(value, other)| value.eq_ignore_ascii_case(other)),
        "anything-but" => match operand {
            Value::Array(others) => !others.contains(value),
            other => other != value,
        },
        "numeric" => match (value, operand) {
            (Value::Number(value), Value::Array(bounds)) => in_bounds(value, bounds),
            _ => false,
        },
        _ => false,
    }
}

/// `[">", 10, "<=", 100]`: every pair must hold.
fn in_bounds(value: &Number, bounds: &[Value]) -> bool {
    let holds = |pair: &[Value]| {
        let [Value::String(operator), Value::Number(bound)] = pair else { return false };
        let Some(order) = value.as_f64().zip(bound.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)) else {
            return false;
        };
        match operator.as_str() {
            "=" => order == Ordering::Equal,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            _ => false,
        }
    };
    !bounds.is_empty() && bounds.chunks(2).all(holds)
}
