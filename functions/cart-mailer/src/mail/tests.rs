use super::*;
use beckon_domain::cart::CartLine;
use beckon_domain::catalog::{FactsSource, Sale};
use beckon_domain::{DurationMs, Money};
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ChangeKind, MailChange, MailContentStore, MailDocument, Save, TestCount};

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn line(product: &str, name: &str) -> CartLine {
    CartLine {
        product: ProductId::new(product).unwrap(),
        category: None,
        name: Some(name.into()),
        price: Money::parse("1.00 EUR").ok(),
        quantity: 2,
        at: Timestamp::EPOCH,
    }
}

fn facts(product: &str, source: FactsSource) -> (ProductId, ProductFacts) {
    let id = ProductId::new(product).unwrap();
    let mut facts = ProductFacts::new(id.clone(), "Fed tent", NOW, source);
    facts.price = Money::parse("99 EUR").ok();
    facts.sale = Money::parse("79 EUR").ok().map(|price| Sale {
        price,
        from: None,
        until: Some(NOW + DurationMs::from_hours(1)),
    });
    facts.link = Some("https://fed.example/tent?a=1".to_owned());
    facts.image_link = Some("https://fed.example/tent.jpg".to_owned());
    (id, facts)
}

/// What a test asks for.
#[derive(Default)]
struct Case<'a> {
    lines: Vec<CartLine>,
    cart_url: Option<&'a str>,
    facts: BTreeMap<ProductId, ProductFacts>,
    first_name: Option<&'a str>,
}

impl Case<'_> {
    fn with<R>(&self, use_it: impl FnOnce(&Material<'_>) -> R) -> R {
        let ruleset = Ruleset::parse(SAMPLE).unwrap();
        let mut profile = Profile::default();
        profile.cart.lines = self.lines.clone();
        profile.cart.url = self.cart_url.map(ToOwned::to_owned);
        let contact = Contact { first_name: self.first_name.map(ToOwned::to_owned), ..Contact::default() };
        let valid_until = Some(NOW + DurationMs::from_hours(72));
        let episode = EpisodeId::parse("0123456789abcdef0123456789abcdef").unwrap();
        use_it(&Material {
            profile: &profile,
            contact: &contact,
            facts: &self.facts,
            ruleset: &ruleset,
            discount: Some(Offered { percent: 10, code: "BACK-ABCDEFGHIJ", valid_until }),
            sender: "Sample Shop <shop@shop.example>",
            unsubscribe_url: "https://b.example/u/token",
            reminder: (&episode, 2),
            now: NOW,
        })
    }

    fn view(&self) -> View {
        self.with(|material| material.view(&Content::built_in().unwrap()))
    }
}

#[test]
fn a_mail_says_what_was_left_and_how_to_come_back() {
    let lines = vec![line("unknown-1", "Blue tent")];
    let case = Case {
        lines,
        cart_url: Some("https://shop.example/cart"),
        first_name: Some("Jo"),
        ..Case::default()
    };
    let mail = case.with(|material| material.render(&Content::built_in().unwrap())).unwrap();
    let cart = "https://shop.example/cart?decision_id=mail.0123456789abcdef0123456789abcdef.2";
    for part in [&mail.text, &mail.html] {
        for said in [
            "Jo",
            "Blue tent",
            "BACK-ABCDEFGHIJ",
            "25 November 2025, 08:26 UTC",
            cart,
            "https://b.example/u/token",
        ] {
            assert!(part.contains(said), "{said} is missing in {part}");
        }
    }
    assert_eq!(mail.subject.as_str(), "You left 2 items in your cart");
}

#[test]
fn a_cart_is_linked_on_the_shops_own_host_only() {
    let view = |url| Case { lines: vec![line("p", "n")], cart_url: Some(url), ..Case::default() }.view();
    for url in [
        "https://evil.example/cart",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/c",
        "http://shop.example/c",
        "https://shop.example:8443/c",
    ] {
        assert_eq!(view(url).cart_url, None, "{url}");
    }
    assert!(view("https://shop.example/c").cart_url.is_some());
}

#[test]
fn the_feeds_word_counts_before_the_rulesets_and_that_before_the_browsers() {
    let ruleset = Ruleset::parse(SAMPLE).unwrap();
    let product = ruleset.products().iter().find(|p| p.price.is_some()).unwrap();
    let id = product.id.as_str();
    let view = |source: Option<FactsSource>| {
        let facts = source.into_iter().map(|source| facts(id, source)).collect();
        Case { lines: vec![line(id, "Cheap!")], facts, ..Case::default() }.view()
    };
    assert_eq!(view(None).lines[0].name, product.name);
    assert_ne!(view(None).lines[0].price.as_deref(), Some("€1.00"));
    let fed = view(Some(FactsSource::Feed));
    assert_eq!((fed.lines[0].name.as_str(), fed.lines[0].price.as_deref()), ("Fed tent", Some("€79.00")));
    assert_eq!(fed.total.as_deref(), Some("€158.00"));
    let url = "https://fed.example/tent?a=1&decision_id=mail.0123456789abcdef0123456789abcdef.2";
    assert_eq!(fed.lines[0].url.as_deref(), Some(url));
    assert_eq!(fed.lines[0].image_url.as_deref(), Some("https://fed.example/tent.jpg"));
    let seen = view(Some(FactsSource::Event));
    assert_eq!(seen.lines[0].name, product.name, "an event's word is a browser's");
    let unlisted = Case {
        lines: vec![line("x", "Mat")],
        facts: BTreeMap::from([facts("x", FactsSource::Event)]),
        ..Case::default()
    };
    assert_eq!(unlisted.view().lines[0].url, None, "nor does it name the shop's hosts");
}

#[test]
fn a_name_that_would_become_a_link_is_not_shown() {
    let name_of = |product, name| {
        Case { lines: vec![line(product, name)], ..Case::default() }.view().lines[0].name.clone()
    };
    for name in
        ["Prize at https://evil.example/win", "evil.example", "See (evil.example)!", "evil.\u{200b}example"]
    {
        assert_eq!(name_of("tent-9", name), "tent-9", "{name}");
        assert_eq!(name_of("evil.example", name), "a product", "{name}");
        assert_eq!(Case { first_name: Some(name), ..Case::default() }.view().first_name, None, "{name}");
    }
    for name in ["Mat, 2.5 cm", "St. John's jacket", "No. 5"] {
        assert_eq!(name_of("tent-9", name), name);
    }
}

#[test]
fn a_long_cart_is_cut_and_counted() {
    let lines = (0..20).map(|n| line(&format!("u{n}"), "x")).collect();
    let view = Case { lines, ..Case::default() }.view();
    assert_eq!((view.lines.len(), view.hidden_count, view.unit_count), (8, 12, 40));
}

fn document(subject: &str) -> MailDocument {
    let mut files = Content::built_in_files();
    let yaml = format!(
        "version: 1\ndefault_locale: en\nlocales: [en, de]\nmails:\n  default:\n    template: reminder\n    subject: {{en: '{subject}', de: x}}\n"
    );
    files.files.insert("mail.yaml".to_owned(), yaml);
    MailDocument { version: files.version(), body: files.document() }
}

fn change(number: u64, to: &str) -> MailChange {
    MailChange {
        number,
        id: number.to_string(),
        at: NOW,
        kind: ChangeKind::Publish,
        from: None,
        to: to.to_owned(),
        who: "shop".to_owned(),
        by: None,
        note: None,
        tests: TestCount::default(),
        forced: false,
    }
}

#[tokio::test]
async fn published_content_is_followed_and_bad_content_never_replaces_good_one() {
    let (tables, active) = (MemoryTables::default(), ActiveMailContent::default());
    let minute = |n| NOW + DurationMs::from_minutes(n);
    let built_in = Content::built_in().unwrap();
    assert_eq!(active.get(&tables, NOW).await.unwrap().version(), built_in.version());
    let (good, bad) = (document("Hello"), document("{{ nobody }}"));
    for (number, document, followed) in
        [(1, &good, &good), (2, &bad, &good), (3, &document("Hi"), &document("Hi"))]
    {
        let saved = tables.change_mail_content(document, &change(number, &document.version)).await.unwrap();
        assert_eq!(saved, Save::Saved);
        assert_eq!(active.get(&tables, minute(number)).await.unwrap().version(), followed.version);
    }
    assert_eq!(tables.change_mail_content(&good, &change(3, "x")).await.unwrap(), Save::Conflict);
}
