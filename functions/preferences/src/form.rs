//! What a form asks for: RFC 8058's one click, or to take it back.

/// The one pair that unsubscribes (RFC 8058, section 3.1).
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");
/// The field of the button that takes an unsubscription back; its value is a token.
pub(crate) const UNDO: &str = "undo";

/// What somebody wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    /// No more mails.
    Unsubscribe,
    /// To take the unsubscription of this token back.
    Undo(String),
}

impl Wish {
    /// Reads a body, URL-encoded or as multipart: RFC 8058 allows both. What it is called may be missing.
    pub(crate) fn read(content_type: &str, body: &[u8]) -> Option<Self> {
        let fields = match boundary(content_type) {
            Some(boundary) => multipart(&boundary, &String::from_utf8_lossy(body)),
            None if body.starts_with(b"--") => {
                let text = String::from_utf8_lossy(body);
                let boundary = text.lines().next().unwrap_or_default().trim_start_matches("--").to_owned();
                multipart(&boundary, &text)
            }
            None => form_urlencoded::parse(body.trim_ascii()).into_owned().collect(),
        };
        let mut fields = fields.into_iter();
        fields.find_map(|(name, value)| match (name.as_str(), value.as_str()) {
            ONE_CLICK => Some(Self::Unsubscribe),
            (UNDO, token) => Some(Self::Undo(token.to_owned())),
            _ => None,
        })
    }
}

/// The boundary that a multipart content type names.
fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    Some(value.trim().trim_matches('"').to_owned()).filter(|boundary| !boundary.is_empty())
}

/// The fields of a multipart form: of each part the name that its `Content-Disposition` gives, and its text.
fn multipart(boundary: &str, body: &str) -> Vec<(String, String)> {
    let body = body.replace("\r\n", "\n");
    let delimiter = format!("--{boundary}");
    let parts = body.split(&delimiter).skip(1);
    parts.filter_map(|part| field(part.strip_prefix('\n')?)).collect()
}

fn field(part: &str) -> Option<(String, String)> {
    let (headers, value) = part.split_once("\n\n")?;
    let is_disposition = |line: &&str| line.to_ascii_lowercase().starts_with("content-disposition:");
    let parameters = headers.lines().find(is_disposition)?.split(';').skip(1);
    let name = parameters.filter_map(|p| p.trim().split_once('=')).find(|(name, _)| *name == "name")?.1;
    Some((name.trim_matches('"').to_owned(), value.strip_suffix('\n').unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn both_encodings_of_the_one_click_are_understood_and_nothing_else() {
        let with_header = "--b1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\
                           Content-Type: text/plain\r\n\r\nOne-Click\r\n--b1--\r\n";
        let plain =
            "--b1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b1--";
        for (content_type, body) in [
            (FORM, "List-Unsubscribe=One-Click"),
            (FORM, "a=b&List-Unsubscribe=One-Click\r\n"),
            (FORM, "List%2DUnsubscribe=One%2DClick"),
            ("", "List-Unsubscribe=One-Click"),
            ("multipart/form-data; boundary=b1", plain),
            ("Multipart/Form-Data; charset=utf-8; boundary=\"b1\"", with_header),
            ("", plain),
        ] {
            assert_eq!(
                Wish::read(content_type, body.as_bytes()),
                Some(Wish::Unsubscribe),
                "{content_type} {body}"
            );
        }
        for (content_type, body) in [
            (FORM, ""),
            (FORM, "List-Unsubscribe=No"),
            (FORM, "xList-Unsubscribe=One-Click"),
            (FORM, "One-Click"),
            ("application/json", "{\"List-Unsubscribe\":\"One-Click\"}"),
            ("multipart/form-data; boundary=other", plain),
            (
                "multipart/form-data; boundary=b1",
                "--b1\r\nX: name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b1--",
            ),
            ("", "--"),
        ] {
            assert_eq!(Wish::read(content_type, body.as_bytes()), None, "{content_type} {body}");
        }
    }

    #[test]
    fn the_button_that_takes_it_back_brings_its_token() {
        assert_eq!(Wish::read(FORM, b"undo=17.abc"), Some(Wish::Undo("17.abc".to_owned())));
    }
}
