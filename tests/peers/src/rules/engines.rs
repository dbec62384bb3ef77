//! The same four conditions in each engine's own language, compiled once, over the same people, prepared once.
//!
//! Each peer is used in the fastest way that its documentation shows: what is compiled, parsed or allocated only once is
//! made before anything is measured. Its data comes in two shapes: as a document, `cart.value`, which is what people
//! have, and flat, `cart_value`, which is what an engine that walks paths is fastest with.

use crate::shopper::Shopper;
use anyhow::{Context, Result, anyhow};
use beckon_domain::Timestamp;
use beckon_rules::{Person, Ruleset};
use serde_json::{Value, json};
use std::sync::Arc;

/// The same conditions as Beckon reads them.
pub const BECKON: &str = include_str!("four.yaml");
const DATALOGIC: &str = r#"{"and": [
    {">=": [{"var": "cart.value"}, 7500]},
    {">=": [{"var": "session.pages"}, 3]},
    {"in": [{"var": "trait.plan"}, ["gold", "platinum"]]},
    {"==": [{"var": "page.category"}, "shoes"]}
]}"#;
const CEL: &str = "cart.value >= 7500 && session.pages >= 3 && trait.plan in ['gold', 'platinum'] \
                   && page.category == 'shoes'";
const ZEN: &str = "cart.value >= 7500 and session.pages >= 3 and trait.plan in ['gold', 'platinum'] \
                   and page.category == 'shoes'";

/// An engine that is ready.
pub struct Engine<'a> {
    /// Its name and version, and the shape of its data, as reports show them.
    pub name: &'static str,
    /// Whether all four conditions hold of the person at this index; `None` is an error of the engine.
    pub holds: Box<dyn FnMut(usize) -> Option<bool> + 'a>,
}

/// The shape of a peer's data.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Document,
    Flat,
}

impl Shape {
    /// The expression with this shape's names.
    fn names(self, expression: &str) -> String {
        match self {
            Self::Document => expression.to_owned(),
            Self::Flat => {
                ["cart", "session", "trait", "page"].into_iter().fold(expression.to_owned(), |text, part| {
                    text.replace(&format!("{part}."), &format!("{part}_"))
                })
            }
        }
    }

    fn row(self, shopper: &Shopper) -> Value {
        let Shopper { cart_minor, pages, plan, category } = shopper;
        match self {
            Self::Document => json!({
                "cart": { "value": cart_minor },
                "session": { "pages": pages },
                "trait": { "plan": plan },
                "page": { "category": category },
            }),
            Self::Flat => json!({
                "cart_value": cart_minor, "session_pages": pages, "trait_plan": plan, "page_category": category,
            }),
        }
    }

    fn rows(self, shoppers: &[Shopper]) -> Vec<Value> {
        shoppers.iter().map(|shopper| self.row(shopper)).collect()
    }
}

/// Every engine: Beckon's first, once with what is known of a person read before, as the others have their data, and once
/// with all of it read from the profile for each question.
pub fn all<'a>(
    ruleset: &'a Ruleset,
    persons: &'a [Person<'a>],
    shoppers: &[Shopper],
    now: Timestamp,
) -> Result<Vec<Engine<'a>>> {
    let readings: Vec<_> = persons.iter().map(|person| ruleset.read(person, now)).collect();
    let rule = ruleset.condition_of("four").context("the benchmark's own rule")?;
    let prepared = Engine {
        name: "Beckon",
        holds: Box::new(move |index| Some(rule.holds_of(readings.get(index)?))),
    };
    let anew =
        Engine { name: "Beckon, facts read anew", holds: Box::new(move |index| Some(rule.holds(persons.get(index)?, now))) };
    let mut engines = vec![prepared, anew];
    for (shape, [datalogic_name, zen_name, cel_name]) in [
        (Shape::Document, ["datalogic-rs 5.4.0", "zen-expression 2.1.6", "cel 0.15.0"]),
        (Shape::Flat, ["datalogic-rs, flat data", "zen-expression, flat data", "cel, flat data"]),
    ] {
        let rows = shape.rows(shoppers);
        engines.push(datalogic(datalogic_name, shape, &rows)?);
        engines.push(zen(zen_name, shape, &rows)?);
        engines.push(cel(cel_name, shape, &rows)?);
    }
    Ok(engines)
}

fn datalogic(name: &'static str, shape: Shape, rows: &[Value]) -> Result<Engine<'static>> {
    use datalogic_rs::{Engine as Logic, ParsedData, bumpalo::Bump};
    let engine = Logic::new();
    let logic = engine.compile(shape.names(DATALOGIC).as_str())?;
    let rows =
        rows.iter().map(|row| ParsedData::from_json(&row.to_string())).collect::<Result<Vec<_>, _>>()?;
    let mut arena = Bump::new();
    let holds = move |index: usize| {
        arena.reset();
        engine.evaluate(&logic, rows.get(index)?, &arena).ok()?.as_bool()
    };
    Ok(Engine { name, holds: Box::new(holds) })
}

fn zen(name: &'static str, shape: Shape, rows: &[Value]) -> Result<Engine<'static>> {
    use zen_expression::{Scope, Variable, compile_expression, vm::VM};
    let expression = compile_expression(&shape.names(ZEN))?;
    let scopes: Vec<Scope> = rows.iter().map(|row| Scope::new(Variable::from(row.clone()))).collect();
    let mut vm = VM::new();
    let holds =
        move |index: usize| expression.evaluate_with_scope(scopes.get(index)?, &mut vm).ok()?.as_bool();
    Ok(Engine { name, holds: Box::new(holds) })
}

fn cel(name: &'static str, shape: Shape, rows: &[Value]) -> Result<Engine<'static>> {
    use cel::{Context, Env, Value as CelValue, to_value};
    let env = Arc::new(Env::stdlib());
    let program = env.compile(&shape.names(CEL)).map_err(|e| anyhow!("cel refuses the expression: {e}"))?;
    let mut contexts: Vec<Context<'static, 'static>> = Vec::new();
    for row in rows {
        let mut context = Context::with_env(Arc::clone(&env));
        for (name, value) in row.as_object().into_iter().flatten() {
            context.add_variable_from_value(name.as_str(), to_value(value)?);
        }
        contexts.push(context);
    }
    let holds = move |index: usize| match program.execute(contexts.get(index)?) {
        Ok(CelValue::Bool(holds)) => Some(holds),
        _ => None,
    };
    Ok(Engine { name, holds: Box::new(holds) })
}
