//! What a request became, before anything is in the stream: lines by profile, contact data, verdicts.
//!
//! A line that was read takes many times its text. So events are sorted a part at a time ([`parts`]): lines of the part
//! are open, and may still be corrected; those of earlier parts are written, as they will be in the stream.
//!
//! [`parts`]: beckon_wire::capture::parts

use crate::identity::Addressed;
use beckon_domain::id::EffectId;
use beckon_domain::{DurationMs, EventId, ProfileKey, SourceId, Timestamp};
use beckon_store::streams::NewRecord;
use beckon_store::tables::Contact;
use beckon_wire::capture::landing::{self, EMAIL_LINK_CLICKED};
use beckon_wire::capture::{CaptureAnswer, Captured, Verdict};
use beckon_wire::limits::EVENT_COUNT_MAX;
use beckon_wire::stream::{Line, Scalar, join, write};

/// How long a contact is kept when no consent to marketing e-mail came with it.
const UNCONSENTED_CONTACT_RETENTION: DurationMs = DurationMs::from_days(30);
/// Products that one request has read at most.
const PRODUCT_COUNT_MAX: usize = 500;

/// The lines of a profile, in the order they came.
struct Lines {
    key: ProfileKey,
    written: Vec<Vec<u8>>,
    open: Vec<Line>,
    /// The mails whose clicks are among them.
    clicks: Vec<Option<Scalar>>,
}

/// What a request became.
pub(crate) struct Sorted {
    /// Profiles in the order they came.
    records: Vec<Lines>,
    pub(crate) contacts: Vec<(ProfileKey, Contact)>,
    pub(crate) accepted: usize,
    /// Events that the request may still make: clicks, and further items of one event.
    pub(crate) room: usize,
    /// Products that may still be read for it.
    pub(crate) product_room: usize,
    pub(crate) clamped: usize,
    pub(crate) rejected: Vec<Verdict>,
    pub(crate) warnings: Vec<Verdict>,
}

impl Sorted {
    /// Nothing yet, of a request with so many events.
    pub(crate) fn of(event_count: usize) -> Self {
        Self {
            records: Vec::new(),
            contacts: Vec::new(),
            accepted: 0,
            room: EVENT_COUNT_MAX.saturating_sub(event_count),
            product_room: PRODUCT_COUNT_MAX,
            clamped: 0,
            rejected: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// An event that is taken, and what it makes beside itself.
    pub(crate) fn accept(
        &mut self,
        index: usize,
        json: &str,
        captured: Captured,
        addressed: Addressed,
        now: Timestamp,
    ) {
        self.accepted += 1;
        self.clamped += usize::from(captured.clamped);
        self.warnings.extend(captured.warnings.into_iter().map(|fault| Verdict::new(index, json, fault)));
        if let Some(traits) = captured.contact {
            let contact = Contact {
                email: traits.email,
                phone: traits.phone,
                first_name: traits.first_name,
                last_name: traits.last_name,
                verified: addressed.is_proven,
                at: Timestamp::from_ms(captured.line.occurred_at),
                expires_at: Some(now + UNCONSENTED_CONTACT_RETENTION),
                consent: captured.line.consent.marketing_email,
            };
            self.contacts.push((addressed.contact, contact));
        }
        let mut line = captured.line;
        addressed.key.as_str().clone_into(&mut line.key);
        line.claim = addressed.claim.map(|key| key.as_str().to_owned());
        line.link = addressed.link.map(|key| key.as_str().to_owned());
        let click = captured.landing.map(|id| landing::click(&line, id));
        let items =
            captured.more.into_iter().map(|item| Line { properties: item.properties, ..line.clone() });
        let items: Vec<Line> = items.collect();
        self.put_down(&addressed.key, line);
        for (number, item) in items.into_iter().enumerate() {
            self.put_more(&addressed.key, item, &format!("item {}", number + 1));
        }
        if let Some(click) = click {
            self.put_click(&addressed.key, click);
        }
    }

    /// The profiles, and how many lines each has.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&ProfileKey, usize)> {
        self.records.iter().map(|lines| (&lines.key, lines.written.len() + lines.open.len()))
    }

    /// The products that its open lines name.
    pub(crate) fn products<'a>(&'a self) -> impl Iterator<Item = &'a str> {
        let of =
            |line: &'a Line| line.properties.product.iter().chain(line.properties.products.iter().flatten());
        self.records.iter().flat_map(|lines| &lines.open).flat_map(of).map(|product| product.id.as_str())
    }

    /// Its open lines.
    pub(crate) fn lines_mut(&mut self) -> impl Iterator<Item = &mut Line> {
        self.records.iter_mut().flat_map(|lines| &mut lines.open)
    }

    /// Writes the open lines: nothing of them changes any more.
    ///
    /// # Errors
    /// When a line cannot be written as JSON, which no valid line causes.
    pub(crate) fn write(&mut self) -> Result<(), serde_json::Error> {
        for lines in &mut self.records {
            write(&lines.open, &mut lines.written)?;
            lines.open = Vec::new();
        }
        Ok(())
    }

    /// The records of what is written. There is nothing left of it here then.
    pub(crate) fn take_records(&mut self) -> Vec<NewRecord> {
        let of = |lines: Lines| NewRecord::of_key(lines.key.as_str(), join(lines.written));
        std::mem::take(&mut self.records).into_iter().flat_map(of).collect()
    }

    /// What the sender is told.
    pub(crate) fn answer(self, request_id: &str) -> CaptureAnswer {
        CaptureAnswer {
            success: true,
            request_id: request_id.to_owned(),
            accepted: self.accepted,
            clamped: self.clamped,
            rejected: self.rejected,
            warnings: self.warnings,
        }
    }

    fn put_down(&mut self, key: &ProfileKey, line: Line) {
        let click = (line.event.as_deref() == Some(EMAIL_LINK_CLICKED)).then(|| mail_of(&line));
        let lines = match self.records.iter().position(|lines| lines.key == *key) {
            Some(at) => &mut self.records[at],
            None => self.records.push_mut(Lines::of(key.clone())),
        };
        lines.clicks.extend(click);
        lines.open.push(line);
    }

    /// A landing's click, behind its page. What happens on the page tells the same address: one click for a person, a
    /// request and a mail. A request with its events and clicks is never larger than the largest one without.
    fn put_click(&mut self, key: &ProfileKey, click: Line) {
        let mut of_person = self.records.iter().filter(|lines| lines.key == *key);
        if self.room == 0 || of_person.any(|lines| lines.clicks.contains(&mail_of(&click))) {
            return;
        }
        self.put_more(key, click, EMAIL_LINK_CLICKED);
    }

    /// An event that another one makes, behind it. Its id follows from the other's, so that a retry makes the same one.
    fn put_more(&mut self, key: &ProfileKey, mut line: Line, what: &str) {
        let (Ok(source), Ok(event)) = (SourceId::new(&line.source), EventId::new(&line.id)) else { return };
        line.id = EffectId::derive(key.as_str(), &source, &event, what).to_string();
        self.room = self.room.saturating_sub(1);
        self.accepted += 1;
        self.put_down(key, line);
    }
}

impl Lines {
    fn of(key: ProfileKey) -> Self {
        Self { key, written: Vec::new(), open: Vec::new(), clicks: Vec::new() }
    }
}

/// The mail that a click is of.
fn mail_of(click: &Line) -> Option<Scalar> {
    click.properties.extra.get("decision_id").cloned()
}
