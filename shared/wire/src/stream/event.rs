//! From a line to the event it says.

use super::borrowed::{ContextRef, LineRef, ProductRef, Text};
use super::{ExposureLine, LineError, LineType, Scalar, undecodable};
use crate::failed::FailedReason;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Campaign, CartRef, Details, Device, Event, EventKind, Item, TraitValue};
use beckon_domain::experiment::RunId;
use beckon_domain::id::{Brand, EffectId, EventName, ExperimentId, IdError, VariantId};
use beckon_domain::{
    CartId, Category, Currency, DurationMs, EventId, Money, OrderId, ProductId, ProfileKey, SmolStr,
    SourceId, Timestamp, packed,
};
use data_encoding::BASE64;

/// What a line says.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// Whether Beckon itself put the line.
    pub internal: bool,
    /// The event.
    pub event: Event,
}

/// Reads a line of a record with this partition key, for those who need its event alone.
///
/// # Errors
/// When it is not JSON, of an unknown version, under another key, or holds invalid values.
pub fn read(text: &str, partition_key: &str) -> Result<Said, LineError> {
    let line = LineRef::read(text)?;
    if *line.key != *partition_key {
        let detail = "the line's key is not the record's partition key".to_owned();
        return Err(LineError { reason: FailedReason::WrongKey, detail });
    }
    Ok(Said { internal: line.internal, event: line.into_event()? })
}

/// Reads a line that has lost its record, such as an archived one: the key that it names is believed.
///
/// # Errors
/// When it is not JSON, of an unknown version, or holds invalid values.
pub fn read_alone(text: &str) -> Result<(ProfileKey, Said), LineError> {
    let line = LineRef::read(text)?;
    let key = ProfileKey::parse(&line.key).map_err(|e| undecodable(e.to_string()))?;
    Ok((key, Said { internal: line.internal, event: line.into_event()? }))
}

impl LineRef<'_> {
    /// The event the line says.
    pub fn into_event(mut self) -> Result<Event, LineError> {
        let key = |text: &Option<Text<'_>>| {
            text.as_deref().map(ProfileKey::parse).transpose().map_err(|e| undecodable(e.to_string()))
        };
        let (claim, link) = (key(&self.claim)?, key(&self.link)?);
        let kind = self.event_kind(link)?;
        Ok(Event {
            id: EventId::new(&self.id).map_err(|e| undecodable(format!("id {e}")))?,
            source: SourceId::new(&self.source).map_err(|e| undecodable(format!("source {e}")))?,
            occurred_at: Timestamp::from_ms(self.occurred_at),
            received_at: Timestamp::from_ms(self.received_at),
            consent: ConsentChoices {
                analytics: self.consent.analytics,
                personalization: self.consent.personalization,
                marketing_email: self.consent.marketing_email,
            },
            timezone: self.context.timezone.as_deref().map(SmolStr::new),
            locale: self.context.locale.as_deref().map(SmolStr::new),
            claim,
            device: self.context.device.as_deref().and_then(Device::parse),
            details: self.details(),
            kind,
        })
    }

    /// What few events tell: most have none of it, and pay for none.
    fn details(&mut self) -> Option<Box<Details>> {
        let properties = std::mem::take(&mut self.properties.extra);
        let short = |text: &Option<Text<'_>>| text.as_deref().map(SmolStr::new);
        let ContextRef { campaign, .. } = &self.context;
        let campaign = Campaign {
            name: short(&campaign.name),
            source: short(&campaign.source),
            medium: short(&campaign.medium),
        };
        let referrer = self.context.referring_host();
        let is_empty = properties.is_empty() && referrer.is_none() && campaign.is_empty();
        (!is_empty).then(|| Box::new(Details { referrer, campaign, properties }))
    }

    /// What a `track` line says, with its coupon or its decision, which are among the properties that no kind has by itself.
    fn tracked(&mut self) -> Result<EventKind, LineError> {
        let kind = self.track()?;
        let may_have_coupon = matches!(kind, EventKind::OrderCompleted { .. } | EventKind::Track(_));
        if !may_have_coupon {
            return Ok(kind);
        }
        let currency = self.properties.currency.as_deref().and_then(|code| Currency::new(code).ok());
        let extra = &self.properties.extra;
        Ok(kind.with_coupon(extra, currency).with_decision(extra))
    }

    fn event_kind(&mut self, link: Option<ProfileKey>) -> Result<EventKind, LineError> {
        Ok(match self.kind {
            LineType::Page => EventKind::Page,
            LineType::Screen => EventKind::Screen,
            LineType::Group => EventKind::Group,
            LineType::Identify => {
                let traits = std::mem::take(&mut self.traits)
                    .into_iter()
                    .map(|(name, value)| (name, value.into()))
                    .collect();
                EventKind::Identify { traits, link }
            }
            LineType::Track => self.tracked()?,
            LineType::Timer => {
                let timer = self.timer.take().ok_or_else(|| undecodable("a timer line without a timer"))?;
                EventKind::TimerDue {
                    episode: timer.episode,
                    timer: timer.number,
                    step: timer.step,
                    outcome: timer.outcome,
                }
            }
            LineType::Merge => {
                let merge = self.merge.take().ok_or_else(|| undecodable("a merge line without a state"))?;
                let from = ProfileKey::parse(&merge.from).map_err(|e| undecodable(e.to_string()))?;
                let bytes =
                    BASE64.decode(merge.state.as_bytes()).map_err(|_| undecodable("state not base64"))?;
                let state = packed::unpack(&bytes).map_err(|e| undecodable(e.to_string()))?;
                EventKind::Merge { from, state: Box::new(state) }
            }
            LineType::RulesDue => EventKind::RulesDue,
            LineType::Segment => {
                let line =
                    self.segment.take().ok_or_else(|| undecodable("a segment line without a segment"))?;
                EventKind::SegmentChanged { segment: line.id, entered: line.entered }
            }
            LineType::Conversion => {
                let id = self.conversion.as_deref().and_then(EffectId::parse);
                EventKind::ConversionRecorded(
                    id.ok_or_else(|| undecodable("a conversion line without an order"))?,
                )
            }
            LineType::Exposure => {
                let line = self.exposure.take();
                exposed(line.as_deref().ok_or_else(|| undecodable("an exposure line without a variant"))?)?
            }
        })
    }

    fn track(&mut self) -> Result<EventKind, LineError> {
        let name = self.event.take().ok_or_else(|| undecodable("a track line without an event name"))?;
        let properties = &mut self.properties;
        let currency = properties.currency.as_deref().map(Currency::new).transpose();
        let currency = currency.map_err(|e| undecodable(e.to_string()))?;
        let (product, products) = (&mut properties.product, &mut properties.products);
        let product = || {
            let line =
                product.as_ref().ok_or_else(|| undecodable(format!("{} without a product", &*name)))?;
            item(line, currency)
        };
        let products = || -> Result<Vec<Item>, LineError> {
            products.iter().flatten().map(|line| item(line, currency)).collect()
        };
        let cart = |id: Option<&str>, url: Option<&str>| -> Result<CartRef, LineError> {
            let id = id.map(CartId::new).transpose();
            let id = id.map_err(|e| undecodable(format!("cart id {e}")))?;
            Ok(CartRef { id, url: url.map(str::to_owned) })
        };
        let cart = || cart(properties.cart_id.as_deref(), properties.cart_url.as_deref());
        Ok(match &*name {
            "Product Viewed" => EventKind::ProductViewed(product()?),
            "Product Added" => EventKind::ProductAdded(cart()?, product()?),
            "Product Removed" => EventKind::ProductRemoved(cart()?, product()?),
            "Product Dwelled" => EventKind::ProductDwelled {
                product: product()?.product,
                engaged: DurationMs::from_ms(properties.engaged_ms.unwrap_or_default()),
            },
            "Cart Updated" => EventKind::CartUpdated(cart()?, products().map_err(undecodable_item)?),
            "Order Completed" => EventKind::OrderCompleted {
                order: properties.order_id.as_deref().and_then(|id| OrderId::new(id).ok()),
                total: properties
                    .total_minor
                    .zip(currency)
                    .map(|(minor, currency)| Money { minor, currency }),
                items: products().map_err(undecodable_item)?,
                coupon: None,
            },
            "Order Unconfirmed" => EventKind::OrderUnconfirmed,
            name => {
                EventKind::Track(EventName::new(name).map_err(|e| undecodable(format!("event name {e}")))?)
            }
        })
    }
}

fn exposed(line: &ExposureLine) -> Result<EventKind, LineError> {
    let wrong = |e: IdError| undecodable(format!("experiment {e}"));
    let experiment = ExperimentId::new(&line.experiment).map_err(wrong)?;
    let variant = VariantId::new(&line.variant).map_err(wrong)?;
    Ok(EventKind::Exposed { run: RunId { experiment, number: line.run }, variant })
}

/// Bytes of a host at most.
const HOST_BYTES_MAX: usize = 100;

impl ContextRef<'_> {
    /// Host of the page that the person came from. A page of the same site is none: nobody came from anywhere.
    fn referring_host(&self) -> Option<SmolStr> {
        let host = self.referrer.as_deref().and_then(host_of)?;
        let own = self.page_url.as_deref().and_then(host_of);
        let is_foreign = own.is_none_or(|own| !own.eq_ignore_ascii_case(host));
        let is_host = !host.is_empty() && host.len() <= HOST_BYTES_MAX && !host.contains(char::is_whitespace);
        (is_foreign && is_host).then(|| SmolStr::new(host.to_ascii_lowercase()))
    }
}

/// The host in a URL: without the user before it and the port behind it.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("//")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => host.split(':').next(),
    }
}

impl From<Scalar> for TraitValue {
    fn from(value: Scalar) -> Self {
        match value {
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Number(value) => Self::Number(value),
            Scalar::Text(value) => Self::Text(value),
        }
    }
}

fn undecodable_item(error: LineError) -> LineError {
    LineError { detail: format!("in products: {}", error.detail), ..error }
}

fn item(line: &ProductRef<'_>, currency: Option<Currency>) -> Result<Item, LineError> {
    Ok(Item {
        product: ProductId::new(&line.id).map_err(|e| undecodable(format!("product id {e}")))?,
        category: line.category.as_deref().and_then(|c| Category::new(c).ok()),
        brand: line.brand.as_deref().and_then(|b| Brand::new(b).ok()),
        name: line.name.as_deref().map(SmolStr::new),
        price: line.price_minor.zip(currency).map(|(minor, currency)| Money { minor, currency }),
        quantity: line.quantity,
    })
}
