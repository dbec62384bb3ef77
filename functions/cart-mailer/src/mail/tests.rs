use super::*;
use beckon_domain::id::ProductId;
use beckon_rules::SAMPLE;

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

fn view(lines: Vec<CartLine>, cart_url: Option<&str>) -> View {
    let ruleset = Ruleset::parse(SAMPLE).unwrap();
    let mut profile = Profile::default();
    profile.cart.lines = lines;
    profile.cart.url = cart_url.map(ToOwned::to_owned);
    let contact = Contact { first_name: Some("Jo".into()), ..Contact::default() };
    let discount = beckon_rules::Discount {
        percent: 10,
        code_prefix: "BACK-".into(),
        valid_for: beckon_domain::DurationMs::from_hours(72),
    };
    Material {
        profile: &profile,
        contact: &contact,
        ruleset: &ruleset,
        discount: Some((&discount, "BACK-ABCDEFGHIJ")),
        sender: "Sample Shop <shop@shop.example>",
        unsubscribe_url: "https://b.example/u/token",
        now: Timestamp::from_ms(1_763_800_000_000),
    }
    .view()
}

#[test]
fn a_mail_says_what_was_left_and_how_to_come_back() {
    let mail =
        view(vec![line("unknown-1", "Blue tent")], Some("https://shop.example/cart")).render().unwrap();
    for part in [&mail.text, &mail.html] {
        for said in
            ["Jo", "Blue tent", "BACK-ABCDEFGHIJ", "2025-11-25", "https://shop.example/cart", "/u/token"]
        {
            assert!(part.contains(said), "{said} is missing in {part}");
        }
    }
    assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'));
}

#[test]
fn a_hostile_name_adds_no_tag_and_no_line() {
    let name = "<script>alert(1)</script>\r\nBcc: x@y.example \u{202e}gnp.exe \"><img src=x>";
    let clean = view(vec![line("unknown-1", "Tent")], None).render().unwrap();
    let hostile = view(vec![line("unknown-1", name)], None).render().unwrap();
    let tags = |html: &str| html.matches('<').count();
    assert_eq!(tags(&hostile.html), tags(&clean.html));
    assert_eq!(hostile.text.lines().count(), clean.text.lines().count());
    assert!(!hostile.text.contains('\u{202e}'));
}

#[test]
fn a_cart_is_linked_on_the_shops_own_host_only() {
    for url in [
        "https://evil.example/cart",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/c",
    ] {
        assert_eq!(view(vec![line("p", "n")], Some(url)).cart_url, None, "{url}");
    }
    assert!(view(vec![line("p", "n")], Some("https://shop.example/c")).cart_url.is_some());
}

#[test]
fn a_name_that_would_become_a_link_is_not_shown() {
    for name in
        ["Prize at https://evil.example/win", "evil.example", "www.evil.example/x", "See (evil.example)!"]
    {
        assert_eq!(view(vec![line("tent-9", name)], None).lines[0].name, "tent-9", "{name}");
        assert_eq!(view(vec![line("evil.example", name)], None).lines[0].name, "a product", "{name}");
    }
    for name in ["Mat, 2.5 cm", "St. John's jacket", "No. 5"] {
        assert_eq!(view(vec![line("tent-9", name)], None).lines[0].name, name);
    }
}

#[test]
fn the_catalogs_name_and_price_win_over_the_browsers() {
    let ruleset = Ruleset::parse(SAMPLE).unwrap();
    let product = ruleset.products().iter().find(|p| p.price.is_some()).unwrap();
    let view = view(vec![line(product.id.as_str(), "Cheap!")], None);
    assert_eq!(view.lines[0].name, product.name);
    assert_eq!(view.lines[0].price, product.price.map(|p| p.to_string()));
}

#[test]
fn a_long_cart_is_cut_and_counted() {
    let lines = (0..20).map(|n| line(&format!("u{n}"), "x")).collect();
    let view = view(lines, None);
    assert_eq!((view.lines.len(), view.hidden_count, view.unit_count), (8, 12, 40));
}
