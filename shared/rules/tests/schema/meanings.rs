//! What operators, questions and properties mean, in the words of the reference. The loader says which there are, and a
//! test that each has a line here.

/// What each operator asks, in one line.
pub const MEANINGS: [(&str, &str); 21] = [
    ("eq", "Equal to this."),
    ("ne", "Known, and different from this."),
    ("gt", "More than this."),
    ("gte", "This or more."),
    ("lt", "Less than this."),
    ("lte", "This or less."),
    ("between", "From the first to the second; both belong to it."),
    ("in", "One of these."),
    ("not_in", "Known, and none of these."),
    ("contains", "Has this: a part of the text, or one of the list."),
    ("not_contains", "Known, and does not have this: no part of the text, or none of the list."),
    ("starts_with", "The text begins with this."),
    ("ends_with", "The text ends with this."),
    ("matches", "This regular expression finds something in the text; at most 200 characters."),
    ("exists", "`true`: it is known. `false`: it is not."),
    ("missing", "`true`: it is not known. `false`: it is."),
    ("has_any", "The list has at least one of these."),
    ("has_all", "The list has all of these."),
    ("has_none", "The list is known, and has none of these."),
    ("before", "Earlier than this."),
    ("after", "Later than this."),
];

/// What the questions about events mean, and what kind of value answers them.
pub const QUESTIONS: [(&str, &str, &str, &str); 8] = [
    ("count", "How often it happened: a number.", "number", r#"{"gte": 3}"#),
    ("sum", "Values added up; 0 without events.", "number", r#"{"of": "total", "gte": "100 EUR"}"#),
    ("avg", "The average.", "number", r#"{"of": "price", "lt": "20 EUR"}"#),
    ("min", "The smallest value.", "number", r#"{"of": "price", "lte": 5}"#),
    ("max", "The largest value.", "number", r#"{"of": "price", "gte": "150 EUR"}"#),
    ("distinct", "How many different values.", "number", r#"{"of": "product_id", "gte": 3}"#),
    ("last", "The newest value.", "any", r#"{"of": "category", "eq": "tents"}"#),
    ("first", "The oldest value.", "any", r#"{"of": "brand", "eq": "Northpeak"}"#),
];

/// What the properties of events mean.
pub const PROPERTIES: [(&str, &str); 9] = [
    ("product_id", "The shop's id of the product."),
    ("category", "The product's category."),
    ("brand", "The product's brand."),
    ("name", "What the product is called."),
    ("price", "The price of one unit."),
    ("quantity", "Units of the product."),
    ("total", "The worth of an order."),
    ("order_id", "The shop's id of an order."),
    ("segment", "The segment of `Segment Entered` and `Segment Exited`."),
];
