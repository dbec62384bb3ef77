//! CloudFormation's YAML as JSON: short forms (`!Ref X`) become their long form (`{"Ref": "X"}`).
//!
//! `serde-saphyr` drops tags that it does not know, so this reads the events of the parser below it.

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// Reads one document.
///
/// # Errors
/// One line with the place: not YAML, a key twice, an alias, or a word that YAML 1.1 (CloudFormation) and YAML 1.2 read
/// differently.
pub fn parse(text: &str) -> Result<Value, String> {
    let events = Parser::new_from_str(text).filter(|e| !matches!(e, Ok((Event::Comment(..), _))));
    let mut reader = Reader { events, line: 0 };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => return Ok(Value::Null),
            event => return reader.value(event),
        }
    }
}

struct Reader<I> {
    events: I,
    line: usize,
}

impl<'a, I> Reader<I>
where
    I: Iterator<Item = Result<(Event<'a>, granit_parser::Span), granit_parser::ScanError>>,
{
    fn next(&mut self) -> Result<Event<'a>, String> {
        let (event, span) =
            self.events.next().ok_or("the document ends too early")?.map_err(|e| e.to_string())?;
        self.line = span.start.line();
        Ok(event)
    }

    fn fault<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("line {}: {what}", self.line))
    }

    fn value(&mut self, event: Event<'a>) -> Result<Value, String> {
        let tag = event.tag().map(suffix);
        let value = match event {
            Event::Scalar(text, style, _, tag) => {
                if style == ScalarStyle::Plain && tag.is_none() {
                    self.plain(&text)?
                } else {
                    Value::String(text.into_owned())
                }
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break Value::Array(items),
                        event => items.push(self.value(event)?),
                    }
                }
            }
            Event::MappingStart(..) => self.mapping()?,
            Event::Alias(_) => return self.fault("an alias: write the value out"),
            _ => return self.fault("no value where one is expected"),
        };
        Ok(match tag {
            Some(name) => long_form(&name, value),
            None => value,
        })
    }

    fn mapping(&mut self) -> Result<Value, String> {
        let mut fields = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Object(fields)),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return self.fault("a key that is not a text"),
            };
            let line = self.line;
            let event = self.next()?;
            let value = self.value(event)?;
            let value = if key == "Fn::GetAtt" { get_att(value) } else { value };
            if fields.insert(key.clone(), value).is_some() {
                return Err(format!("line {line}: {key} a second time: remove one"));
            }
        }
    }

    fn plain(&self, text: &str) -> Result<Value, String> {
        Ok(match text {
            "" | "~" | "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "yes" | "no" | "on" | "off" | "Yes" | "No" | "On" | "Off" => {
                return self.fault(&format!("{text} is a truth value to some readers: quote it"));
            }
            _ => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                    number.into()
                }
                _ => Value::String(text.to_owned()),
            },
        })
    }
}

fn suffix(tag: &Tag) -> String {
    tag.suffix().to_owned()
}

fn long_form(name: &str, value: Value) -> Value {
    let (name, value) = match name {
        "Ref" | "Condition" => (name.to_owned(), value),
        "GetAtt" => ("Fn::GetAtt".to_owned(), get_att(value)),
        name => (format!("Fn::{name}"), value),
    };
    Value::Object(Map::from_iter([(name, value)]))
}

/// `A.B.C` as the pair that it stands for.
fn get_att(value: Value) -> Value {
    match value.as_str().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) => vec![resource, attribute].into(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_forms_become_long_forms_however_they_are_nested() {
        let text = r#"
A: !Ref Table
B: !GetAtt Table.Arn
C: !Sub "${Table.Arn}/x" # a comment
D: !If [Live, !Ref One, !Join ["-", [a, !Ref AWS::Region]]]
E: !Sub
  - "${X}/y"
  - X: !Select [0, !Split [",", "a,b"]]
F: {Fn::GetAtt: Table.Stream.Arn}
G: !Not [!Equals [!Ref Stage, ""]]
H: !FindInMap [Map, !Ref Stage, Size]
I: !And [!Condition Live]
"#;
        let expected = json!({
            "A": {"Ref": "Table"},
            "B": {"Fn::GetAtt": ["Table", "Arn"]},
            "C": {"Fn::Sub": "${Table.Arn}/x"},
            "D": {"Fn::If": ["Live", {"Ref": "One"}, {"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}]},
            "E": {"Fn::Sub": ["${X}/y", {"X": {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}}]},
            "F": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
            "G": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, ""]}]},
            "H": {"Fn::FindInMap": ["Map", {"Ref": "Stage"}, "Size"]},
            "I": {"Fn::And": [{"Condition": "Live"}]},
        });
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn plain_scalars_have_types_and_quoted_ones_are_texts() {
        let text = "a: 5\nb: \"5\"\nc: true\nd: 'true'\ne: 0.5\nf: 2012-10-17\ng:\nh: |\n  x\n";
        let expected = json!({"a": 5, "b": "5", "c": true, "d": "true", "e": 0.5, "f": "2012-10-17", "g": null, "h": "x\n"});
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn what_two_readers_might_read_differently_is_refused_with_its_line() {
        for (text, fault) in [
            ("a: 1\na: 2\n", "line 2: a a second time"),
            ("x: y\na: yes\n", "line 2: yes is a truth value"),
            ("a: &b 1\nc: *b\n", "line 2: an alias"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
        assert!(parse("a: [1\n").is_err());
    }
}
