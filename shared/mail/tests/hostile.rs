//! A hundred thousand hostile names, in mails that are read back as a reader's programs read them: nothing that a stranger
//! wrote becomes a tag, an attribute, a header or a link.
#![expect(clippy::unwrap_used, reason = "assertions of a test")]

use beckon_domain::cart::{Cart, CartLine};
use beckon_domain::{EpisodeId, Money, ProductId, Timestamp};
use beckon_mail::{Content, Hosts, Material, Offered, Rendered, link, mailbox};
use html5ever::driver::parse_document;
use html5ever::tendril::TendrilSink;
use mail_builder::MessageBuilder;
use mail_parser::MessageParser;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use std::collections::{BTreeMap, BTreeSet};

const NAME_COUNT: usize = 100_000;
/// Product names in one mail: as many as it shows.
const LINE_COUNT: usize = 8;
/// Who sends: what the shop set up itself.
const SENDER: &str = "Shop <shop@shop.example>";
/// What hostile names are made of.
const PARTS: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "\" onclick=\"x",
    "' style='color:red",
    "</td></table>",
    "<!--",
    "-->",
    "]]>",
    "<mj-text>",
    "</mj-text><mj-raw>",
    "{{7*7}}",
    "{{ unsubscribe_url }}",
    "{% raw %}",
    "{% for x in y %}",
    "{#",
    "#}",
    "{{",
    "}}",
    "\r\n",
    "\nBcc: x@evil.example",
    "\r\nContent-Type: text/html\r\n\r\n",
    "\u{202e}",
    "\u{202c}",
    "\u{2066}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{2028}",
    "\u{85}",
    "\0",
    "\u{7f}",
    "\u{e0041}",
    "&lt;b&gt;",
    "&#60;a&#62;",
    "&amp;",
    "&",
    ";",
    "evil.example",
    "https://evil.example/x",
    "//evil.example",
    "www.evil.example",
    "javascript:alert(1)",
    "evil．example",
    "mailto:x@evil.example",
    "=?UTF-8?B?PGI+?=",
    "}body{display:none",
    "url(https://evil.example/i)",
    "expression(1)",
    "</style>",
    "</title>",
    "<a href=https://evil.example>",
    "`",
    "\\",
    "/",
    "%0d%0a",
    "🎒",
    "👨\u{200d}👩\u{200d}👧",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}",
    "テント",
    "خيمة",
    "Zelt",
    " ",
    "\t",
    "=",
    "\"",
    "'",
    "<",
    ">",
    "--boundary",
    ".",
    "\n.\n",
];

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % count as u64).unwrap()
    }

    fn name(&mut self) -> String {
        let count = if self.below(50) == 0 { 60 } else { 1 + self.below(5) };
        (0..count).map(|_| PARTS[self.below(PARTS.len())]).collect()
    }
}

/// What a mail consists of for its reader, whatever the words say.
#[derive(PartialEq, Debug)]
struct Shape {
    /// Tags with the names of their attributes.
    tags: Vec<(String, Vec<String>)>,
    hosts: BTreeSet<String>,
    style: String,
    comment_count: usize,
    headers: Vec<String>,
    part_count: usize,
    text_line_count: usize,
}

/// A page as a browser's parser reads it.
#[derive(Default)]
struct Page {
    tags: Vec<(String, Vec<String>)>,
    links: BTreeSet<String>,
    style: String,
    comment_count: usize,
}

impl Page {
    fn parse(html: &str) -> Self {
        let dom = parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(html);
        let mut page = Self::default();
        page.add(&dom.document, false);
        page
    }

    fn add(&mut self, node: &Handle, is_style: bool) {
        let mut is_style_sheet = false;
        match &node.data {
            NodeData::Element { name, attrs, .. } => {
                let name = name.local.to_string();
                is_style_sheet = name == "style";
                let attrs = attrs.borrow();
                let links = attrs.iter().filter(|a| ["href", "src", "background"].contains(&&*a.name.local));
                self.links.extend(links.map(|a| a.value.to_string()));
                self.tags.push((name, attrs.iter().map(|a| a.name.local.to_string()).collect()));
            }
            NodeData::Comment { .. } => self.comment_count += 1,
            NodeData::Text { contents } if is_style => self.style.push_str(&contents.borrow()),
            _ => {}
        }
        for child in node.children.borrow().iter() {
            self.add(child, is_style_sheet);
        }
    }
}

fn host(link: &str) -> String {
    link.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn shape(mail: &Rendered) -> Shape {
    let from = mailbox(None, "shop@shop.example").unwrap().into_string();
    let message = MessageBuilder::new()
        .from(from)
        .to("jo@mail.example")
        .message_id("m@shop.example")
        .date(0_i64)
        .subject(mail.subject.as_str())
        .text_body(mail.text.as_str())
        .html_body(mail.html.as_str())
        .write_to_vec()
        .unwrap();
    let message = MessageParser::default().parse(&message).unwrap();
    assert_eq!(message.subject(), Some(mail.subject.as_str()));
    assert_eq!(message.to().unwrap().iter().count(), 1);
    assert!(message.bcc().is_none() && message.cc().is_none());
    let html = message.body_html(0).unwrap();
    let text = message.body_text(0).unwrap();
    let page = Page::parse(&html);
    Shape {
        tags: page.tags,
        hosts: page.links.iter().map(|link| host(link)).chain(in_text(&text)).collect(),
        style: page.style,
        comment_count: page.comment_count,
        headers: message.headers().iter().map(|header| header.name().to_owned()).collect(),
        part_count: message.parts.len(),
        text_line_count: text.lines().count(),
    }
}

/// Hosts that a program would make links of in a text.
fn in_text(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|word| word.contains("://") || word.contains("evil.ex"))
        .map(host)
        .collect()
}

/// The mail of a cart with these names, and of a person of this one.
fn render(content: &Content, names: &[String], first_name: &str, sender: &str, cart_url: &str) -> Rendered {
    let line = |(n, name): (usize, &String)| CartLine {
        product: ProductId::new(&format!("p{n}")).unwrap(),
        category: None,
        name: Some(name.as_str().into()),
        price: Money::parse("9.50 EUR").ok(),
        quantity: 1,
        at: Timestamp::EPOCH,
    };
    let lines = names.iter().enumerate().map(line).collect();
    let cart = Cart { lines, url: Some(cart_url.to_owned()), ..Cart::default() };
    let episode = EpisodeId::parse("0123456789abcdef0123456789abcdef").unwrap();
    let material = Material {
        cart: &cart,
        first_name: Some(first_name),
        locale: Some("de-CH"),
        zone: None,
        facts: &BTreeMap::new(),
        listed: &BTreeMap::new(),
        hosts: &Hosts::parse(["shop.example"]).unwrap(),
        discount: Some(Offered { percent: 10, code: "BACK-1", valid_until: Some(Timestamp::EPOCH) }),
        sender,
        unsubscribe_url: "https://b.example/u/token",
        step: 1,
        decision_id: &link::decision_id(&episode, 1),
        now: Timestamp::EPOCH,
    };
    content.render(&material.view(content)).unwrap()
}

#[test]
fn a_hundred_thousand_hostile_names_add_no_tag_no_attribute_no_header_and_no_link() {
    let content = Content::built_in().unwrap();
    let names = vec!["Zelt".to_owned(); LINE_COUNT];
    let clean = shape(&render(&content, &names, "Jo", SENDER, "https://shop.example/c"));
    assert!(
        clean.hosts.contains("https://shop.example") && clean.hosts.contains("https://b.example"),
        "{:?}",
        clean.hosts
    );
    let mut dice = Dice(1);
    for round in 0..NAME_COUNT.div_ceil(LINE_COUNT + 1) {
        let names: Vec<String> = (0..LINE_COUNT).map(|_| dice.name()).collect();
        let first_name = dice.name();
        let mail = render(&content, &names, &first_name, SENDER, "https://shop.example/c");
        for part in [&mail.html, &mail.text] {
            assert!(!part.contains(beckon_mail::text::is_bidi_control), "round {round}: {names:?}");
        }
        let found = shape(&mail);
        assert!(
            found == clean,
            "round {round}: {names:?}, {first_name:?}
{found:?}
{clean:?}"
        );
    }
}

#[test]
fn a_hostile_cart_address_leads_nowhere_or_to_the_shop() {
    let content = Content::built_in().unwrap();
    let mut dice = Dice(2);
    for _ in 0..2_000 {
        let hosts = ["https://shop.example", "https://evil.example", "https://shop.example@", "//", ""];
        let url = format!("{}/{}", hosts[dice.below(hosts.len())], dice.name());
        let mail = render(&content, &["Zelt".to_owned()], "Jo", SENDER, &url);
        for link in Page::parse(&mail.html).links {
            assert!(
                link.starts_with("https://shop.example/") || link == "https://b.example/u/token",
                "{url}: {link}"
            );
        }
        assert!(
            in_text(&mail.text).iter().all(|host| !host.contains("evil.example"))
                || url.starts_with("https://shop.example/"),
            "{}",
            mail.text
        );
    }
}
