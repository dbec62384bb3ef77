//! A scenario as a file: who does what when, and what they must see. `tests/scenarios/README.md` lists the words.

use beckon_cli::stack::Tables;
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use harness::{Answer, Teller, World, misfit};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

/// A scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, as a sentence.
    pub name: String,
    /// The rules, as YAML; the sample's when absent.
    #[serde(default)]
    pub ruleset: Option<String>,
    /// What people who chose nothing have agreed to, as the parameter `ConsentDefault`; its default when absent.
    #[serde(default)]
    pub consent_default: Option<String>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step. What is given happens in the order of the fields, then what is expected is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// Why the step is there.
    why: Option<String>,
    at: Option<String>,
    key: Option<String>,
    events: Option<Vec<Value>>,
    post: Option<Post>,
    deliver: Deliver,
    decide: Option<Decide>,
    mailer: Option<MailerRun>,
    unsubscribe: Option<Unsubscribe>,
    expect: Option<Expect>,
    expect_status: Option<u16>,
    expect_answer: Option<Value>,
    expect_report: Option<Value>,
    expect_mails: Option<u64>,
    expect_mail: Option<ExpectMail>,
    expect_ledger: Option<Vec<String>>,
    expect_books: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    path: String,
    body: Value,
}

/// How far what was posted gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deliver {
    /// To its end, with everything that comes of it.
    #[default]
    All,
    /// One batch; what comes of it stays in the stream.
    Once,
    /// Nowhere.
    Nothing,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MailerRun {
    Run,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unsubscribe {
    Get,
    Post,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Decide {
    anonymous_id: Option<String>,
    user_id: Option<String>,
    page: Option<Value>,
    product: Option<String>,
    slot: Option<String>,
    slots: Option<Value>,
    count: Option<u64>,
    exclude: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expect {
    reason: Option<String>,
    rule: Option<Value>,
    products: Option<Vec<String>>,
    sources: Option<Vec<String>>,
    offer: Option<String>,
    fallback_used: Option<bool>,
    filled: Option<u64>,
    person: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ExpectMail {
    to: Option<String>,
    subject: Option<String>,
    contains: Vec<String>,
    lacks: Vec<String>,
}

impl Scenario {
    /// A fresh world for it, on these tables.
    pub async fn world<T: Tables>(&self, tables: T) -> World<T> {
        let ruleset = self.ruleset.as_deref().unwrap_or(SAMPLE);
        let consent_default = self.consent_default.as_deref().map(|text| text.parse().unwrap());
        World::with(tables, ruleset, 2, consent_default.unwrap_or_default()).await
    }
}

/// Plays a scenario to its end. An error says at which step what was not as expected.
pub async fn play<T: Tables>(world: &mut World<T>, scenario: &Scenario) -> Result<(), String> {
    let mut teller = Teller::new(harness::world::START);
    for (index, step) in scenario.steps.iter().enumerate() {
        let told = step.play(world, &mut teller).await;
        told.map_err(|error| {
            let why = step.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!("step {}{why}: {error}", index + 1)
        })?;
    }
    world.try_finish().await.map_err(|error| format!("at the end: {error}"))?;
    Ok(())
}

impl Step {
    async fn play<T: Tables>(&self, world: &mut World<T>, teller: &mut Teller) -> Result<(), String> {
        if let Some(at) = &self.at {
            world.at(DurationMs::parse(at).ok_or_else(|| format!("`{at}` is not a time such as 31s"))?);
        }
        let mut answer = self.post(world, teller).await?;
        if let Some(decide) = &self.decide {
            answer = Some(world.post("/v1/decisions", self.key(), &decide.body()?).await);
        }
        let mut report = None;
        if matches!(self.mailer, Some(MailerRun::Run)) {
            report = Some(world.stack.tick().await.map_err(|e| e.to_string())?);
            world.try_drain().await?;
        }
        if let Some(unsubscribe) = &self.unsubscribe {
            answer = Some(follow_link(world, unsubscribe).await?);
        }
        self.check_answer(answer.as_ref())?;
        check("the mailer's report", self.expect_report.as_ref(), report.as_ref())?;
        self.check_mails(world)?;
        if let Some(expected) = &self.expect_ledger {
            let got = world.ledger_words().await;
            equal("the ledger", expected, &got)?;
        }
        if let Some(expected) = &self.expect_books {
            let got = serde_json::to_value(world.conservation().await).map_err(|e| e.to_string())?;
            check("the books", Some(expected), Some(&got))?;
        }
        Ok(())
    }

    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or("pk_local")
    }

    async fn post<T: Tables>(
        &self,
        world: &mut World<T>,
        teller: &mut Teller,
    ) -> Result<Option<Answer>, String> {
        let answer = match (&self.events, &self.post) {
            (Some(events), None) => {
                let events: Vec<Value> = events.iter().map(|event| teller.event(event)).collect();
                world.collect(self.key(), &events).await
            }
            (None, Some(Post { path, body })) => world.capture(path, self.key(), body).await,
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err("a step posts events or a body, not both".to_owned()),
        };
        if answer.status != self.expect_status.unwrap_or(200) {
            return Err(format!("answered {}: {}", answer.status, answer.text()));
        }
        // A story whose events are refused by mistake would test nothing.
        let rejected = answer.json()["rejected"].as_array().map_or(0, Vec::len);
        if rejected > 0 && self.expect_answer.is_none() {
            return Err(format!("events were rejected: {}", answer.text()));
        }
        match self.deliver {
            Deliver::All => world.try_drain().await?,
            Deliver::Once => world.deliver_once().await,
            Deliver::Nothing => {}
        }
        Ok(Some(answer))
    }

    fn check_answer(&self, answer: Option<&Answer>) -> Result<(), String> {
        let json = answer.map(Answer::json);
        if let Some(answer) = answer {
            let expected = self.expect_status.unwrap_or(200);
            if answer.status != expected {
                return Err(format!("expected status {expected}, got {}: {}", answer.status, answer.text()));
            }
        }
        check("the answer", self.expect_answer.as_ref(), json.as_ref())?;
        match (&self.expect, &json) {
            (Some(expect), Some(json)) => expect.check(json),
            (Some(_), None) => Err("nothing was decided in this step".to_owned()),
            (None, _) => Ok(()),
        }
    }

    fn check_mails<T: Tables>(&self, world: &World<T>) -> Result<(), String> {
        if let Some(expected) = self.expect_mails {
            equal("mails in the inbox", &expected, &world.mails())?;
        }
        let Some(expect) = &self.expect_mail else { return Ok(()) };
        let mails = world.stack.sender.mails();
        let email = &mails.last().ok_or("there is no mail")?.email;
        if let Some(to) = &expect.to {
            equal("the mail's address", to, &email.to)?;
        }
        if let Some(subject) = &expect.subject {
            equal("the mail's subject", subject, &email.subject)?;
        }
        for part in [&email.text, &email.html] {
            for text in &expect.contains {
                part.contains(text)
                    .then_some(())
                    .ok_or_else(|| format!("no `{text}` in the mail: {part}"))?;
            }
            for text in &expect.lacks {
                (!part.contains(text))
                    .then_some(())
                    .ok_or_else(|| format!("`{text}` in the mail: {part}"))?;
            }
        }
        Ok(())
    }
}

impl Decide {
    fn body(&self) -> Result<Value, String> {
        let mut body = Map::new();
        for (name, value) in [("anonymousId", &self.anonymous_id), ("userId", &self.user_id)] {
            if let Some(value) = value {
                body.insert(name.to_owned(), json!(value));
            }
        }
        let product = self.product.as_ref().map(|id| json!({ "type": "PRODUCT", "productId": id }));
        if let Some(page) = self.page.clone().or(product) {
            body.insert("context".to_owned(), json!({ "page": page }));
        }
        let slots = match (&self.slot, &self.slots) {
            (Some(id), None) => {
                let mut slot = json!({ "id": id, "excludeProductIds": self.exclude });
                if let Some(count) = self.count {
                    slot["count"] = json!(count);
                }
                json!([slot])
            }
            (None, Some(slots)) => slots.clone(),
            _ => return Err("a decision asks for `slot` or `slots`".to_owned()),
        };
        body.insert("slots".to_owned(), slots);
        Ok(Value::Object(body))
    }
}

impl Expect {
    fn check(&self, answer: &Value) -> Result<(), String> {
        let decision = &answer["decisions"][0];
        let items = decision["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let column = |name: &str| -> Vec<String> {
            items.iter().filter_map(|item| item[name].as_str().map(ToOwned::to_owned)).collect()
        };
        let seen = || format!(" in {decision}");
        let with_seen = |result: Result<(), String>| result.map_err(|error| error + &seen());
        if let Some(reason) = &self.reason {
            with_seen(equal("the reason", &json!(reason), &decision["reason"]["code"]))?;
        }
        if let Some(rule) = &self.rule {
            with_seen(equal("the rule", rule, &decision["reason"]["ruleId"]))?;
        }
        if let Some(products) = &self.products {
            with_seen(equal("the products", products, &column("productId")))?;
        }
        if let Some(sources) = &self.sources {
            with_seen(equal("the sources", sources, &column("source")))?;
        }
        if let Some(offer) = &self.offer {
            with_seen(equal("the offer", &json!(offer), &decision["offer"]["id"]))?;
        }
        if let Some(used) = self.fallback_used {
            with_seen(equal("fallback used", &json!(used), &decision["fallback"]["used"]))?;
        }
        if let Some(filled) = self.filled {
            with_seen(equal("filled by the fallback", &json!(filled), &decision["fallback"]["filled"]))?;
        }
        if let Some(person) = &self.person {
            with_seen(equal("the person", &json!(person), &answer["profile"]["state"]))?;
        }
        Ok(())
    }
}

/// The unsubscribe link of the latest mail, followed.
async fn follow_link<T: Tables>(world: &World<T>, how: &Unsubscribe) -> Result<Answer, String> {
    let mails = world.stack.sender.mails();
    let email = &mails.last().ok_or("there is no mail to unsubscribe from")?.email;
    let header = email.headers.iter().find(|(name, _)| name == "List-Unsubscribe");
    let link = header.map(|(_, value)| value.trim_matches(['<', '>']).to_owned());
    let link = link.ok_or("the mail has no List-Unsubscribe header")?;
    let path = link.strip_prefix(harness::world::PUBLIC_URL).ok_or("the link leads elsewhere")?;
    let request = axum::http::Request::builder().uri(path);
    let request = match how {
        Unsubscribe::Get => request.method("GET").body(axum::body::Body::empty()),
        Unsubscribe::Post => request.method("POST").body("List-Unsubscribe=One-Click".into()),
    };
    let request = request.map_err(|e| e.to_string())?;
    let response = world.stack.router().oneshot(request).await.map_err(|e| e.to_string())?;
    Ok(Answer::read(response).await)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, got: &T) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {got:?}")) }
}

fn check(what: &str, expected: Option<&Value>, got: Option<&Value>) -> Result<(), String> {
    let Some(expected) = expected else { return Ok(()) };
    let got = got.ok_or_else(|| format!("{what}: expected, but this step has none"))?;
    misfit(expected, got).map_or(Ok(()), |error| Err(format!("{what}: {error} in {got}")))
}
