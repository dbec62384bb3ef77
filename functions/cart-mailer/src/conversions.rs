//! Orders that followed a reminder are written down, each once: the profile says which, the mailer writes the row and tells
//! the profile. Done twice, or by two runs at once, it comes to the same.

use crate::error::MailerError;
use crate::process::{MailTables, Mailer, Report, Run};
use crate::send::{SendAccount, SendEmail};
use beckon_domain::conversion::{Conversion, Conversions};
use beckon_domain::outreach::Group;
use beckon_domain::{CouponCode, DiscountCode, ProfileKey, ReminderId};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::ConversionRow;
use beckon_wire::stream::{Line, encode};

/// What a mail offered.
struct Offered {
    code: DiscountCode,
    percent: u8,
    /// It is one of a pool's, which is told that it was used.
    is_pooled: bool,
}

impl<T, S, M, A> Mailer<T, S, M, A>
where
    T: MailTables,
    S: EventStream,
    M: SendEmail,
    A: SendAccount,
{
    /// Writes down what a profile bought after its reminders. What fails is found again by the next run.
    pub(crate) async fn record_conversions(
        &self,
        run: &Run,
        key: &ProfileKey,
        conversions: &Conversions,
        report: &mut Report,
    ) {
        for conversion in conversions.pending().filter(|conversion| conversion.purchase.at <= run.now) {
            if let Err(error) = self.record_conversion(run, key, conversion).await {
                tracing::warn!(error = ?error, error.transient = error.is_transient(), "order not written down");
                report.failed_count += 1;
            } else {
                report.conversion_count += 1;
            }
        }
    }

    async fn record_conversion(
        &self,
        run: &Run,
        key: &ProfileKey,
        conversion: Conversion,
    ) -> Result<(), MailerError> {
        let purchase = &conversion.purchase;
        let offered = match &purchase.coupon {
            Some(coupon) if conversion.after.group == Group::Treated => {
                self.offered(conversion.after.reminder, coupon).await?
            }
            _ => None,
        };
        if let Some(Offered { code, is_pooled: true, .. }) = &offered {
            self.tables.mark_redeemed(code, purchase.order.as_ref(), purchase.at).await?;
        }
        let line = Line::conversion_recorded(key, conversion.id, run.now);
        let percent = offered.map(|offered| offered.percent);
        let row = ConversionRow { profile: key.clone(), conversion, percent };
        self.tables.record_conversion(&row, run.now).await?;
        let datas = encode(std::slice::from_ref(&line))?;
        self.stream.put(NewRecord::of_key(&line.key, datas)).await?;
        Ok(())
    }

    /// The code among those of the coupon that a mail of the episode offered, up to this step.
    async fn offered(&self, last: ReminderId, coupon: &CouponCode) -> Result<Option<Offered>, MailerError> {
        let used: Vec<DiscountCode> = coupon.discount_codes().collect();
        for step in (1..=last.step).rev() {
            let row = self.tables.reminder(&ReminderId { step, ..last }).await?;
            let Some(offer) = row.and_then(|row| row.state.offer) else { continue };
            let code = DiscountCode::new(&offer.code).ok().filter(|code| used.contains(code));
            if let Some(code) = code {
                return Ok(Some(Offered { code, percent: offer.percent, is_pooled: offer.pool.is_some() }));
            }
        }
        Ok(None)
    }
}
