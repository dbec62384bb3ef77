//! The built-in mail in a browser: narrow and wide, light and dark, with and without a discount. The pictures are left in
//! `target/mail-pictures/`, to be looked at. Needs Chromium (`CHROMIUM` names another program); nothing is fetched.
#![expect(clippy::unwrap_used, reason = "assertions of a test")]

use beckon_mail::{Content, Locale, View, check::samples};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A picture of a product without a network: a green square.
const PICTURE: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='64' height='64'%3E%3Crect \
                       width='64' height='64' fill='%237aa05c'/%3E%3C/svg%3E";

/// Looks at every text as a person does: what it stands on, how well it can be read, whether anything is too wide.
const LOOK: &str = r##"<script>
function channel(v) { v /= 255; return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); }
function rgb(text) { const m = text.match(/[\d.]+/g).map(Number); return { c: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 }; }
function luminance(c) { return 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]); }
function ground(e) {
  for (; e; e = e.parentElement) { const b = rgb(getComputedStyle(e).backgroundColor); if (b.a > 0.99) return b.c; }
  return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
}
const found = { width: document.documentElement.scrollWidth, inner: innerWidth, texts: 0, bad: [],
  dark: matchMedia("(prefers-color-scheme: dark)").matches, button: null };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode, e = node.parentElement, box = e.getBoundingClientRect();
  if (!node.data.trim() || box.width < 2 || box.height < 2 || ["SCRIPT", "STYLE"].includes(e.tagName)) continue;
  const style = getComputedStyle(e);
  if (style.display === "none" || style.opacity === "0" || style.fontSize === "1px") continue;
  const a = luminance(rgb(style.color).c), b = luminance(ground(e));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  found.texts += 1;
  if (contrast < 4.5 || box.right > innerWidth + 1) found.bad.push([node.data.trim().slice(0, 40), contrast.toFixed(2), Math.round(box.right)]);
}
const button = document.querySelector(".button a");
if (button) { const b = button.getBoundingClientRect(); found.button = [Math.round(b.width), Math.round(b.height), Math.round(b.right)]; }
parent.document.documentElement.setAttribute("data-found", JSON.stringify(found));
</script>"##;

struct Case {
    locale: &'static str,
    width: u32,
    is_dark: bool,
    has_discount: bool,
}

impl Case {
    fn name(&self) -> String {
        let light = if self.is_dark { "dark" } else { "light" };
        let discount = if self.has_discount { "discount" } else { "plain" };
        format!("{}-{}-{light}-{discount}", self.locale, self.width)
    }

    fn view(&self) -> View {
        let mut view = samples::view(&Locale::parse(self.locale).unwrap(), 1);
        for line in &mut view.lines {
            line.image_url = Some(PICTURE.to_owned());
        }
        // Without a picture and without a page, and as long as a name can be.
        let last = view.lines.last_mut().unwrap();
        (last.image_url, last.url) = (None, None);
        last.name =
            "Ultraleichtschlafsackkompressionsbeutel, extra large, for two people in winter".to_owned();
        view.discount = view.discount.filter(|_| self.has_discount);
        view.hidden_count = 4;
        view
    }
}

fn chromium(folder: &Path, case: &Case, more: &[&str], page: &Path) -> Vec<u8> {
    let program = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let scheme = if case.is_dark { 0 } else { 1 };
    let profile = folder.join(format!("profile-{}", case.name()));
    let _ = std::fs::remove_dir_all(&profile);
    let output = Command::new(&program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--window-size={},1300", case.width.max(500)))
        .args(more)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap_or_else(|error| {
            panic!("{program} does not start ({error}): install Chromium, or name it in CHROMIUM")
        });
    let _ = std::fs::remove_dir_all(&profile);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A page with the mail in a frame of this width: a window cannot be as narrow as a telephone.
fn framed(html: &str, width: u32) -> String {
    let quoted = html.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
         <body style=\"margin:0\"><iframe width=\"{width}\" height=\"1300\" style=\"border:0\" srcdoc=\"{quoted}\"></iframe>"
    )
}

/// What [`LOOK`] found.
fn look(dom: &str) -> serde_json::Value {
    let found = dom.split("data-found=\"").nth(1).unwrap_or_else(|| panic!("nothing was found in {dom}"));
    let found = found.split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&");
    serde_json::from_str(&found).unwrap()
}

#[test]
fn the_built_in_mail_can_be_read_on_every_screen() {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/mail-pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    let content = Content::built_in().unwrap();
    for locale in ["en", "de"] {
        for (width, is_dark, has_discount) in [
            (360, false, true),
            (360, true, true),
            (1200, false, true),
            (1200, true, true),
            (360, false, false),
            (1200, true, false),
        ] {
            let case = Case { locale, width, is_dark, has_discount };
            let html = content.render(&case.view()).unwrap().html;
            let page = folder.join(format!("{}.html", case.name()));
            std::fs::write(&page, framed(&html.replace("</body>", &format!("{LOOK}</body>")), width))
                .unwrap();
            let dom = String::from_utf8(chromium(&folder, &case, &["--dump-dom"], &page)).unwrap();
            let picture = format!("--screenshot={}", page.with_extension("png").display());
            chromium(&folder, &case, &[&picture], &page);
            let found = look(&dom);
            let name = case.name();
            assert_eq!(found["inner"], width, "{name}: {found}");
            assert!(
                found["width"].as_u64() <= Some(width.into()),
                "{name} must be scrolled sideways: {found}"
            );
            assert_eq!(found["dark"], is_dark, "{name}: {found}");
            assert!(found["texts"].as_u64() >= Some(10), "{name}: {found}");
            assert_eq!(
                found["bad"],
                serde_json::json!([]),
                "{name}: texts that are hard to read or too wide"
            );
            let [wide, high, right] = [0, 1, 2].map(|n| found["button"][n].as_u64().unwrap_or_default());
            assert!(
                wide >= 100 && high >= 40 && right <= width.into(),
                "{name}: the button cannot be hit: {found}"
            );
        }
    }
}
