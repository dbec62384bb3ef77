//! What every adapter promises of orders that followed reminders.

use super::{key, minute};
use crate::tables::{ConversionRow, ConversionStore, LedgerRow, LedgerScan};
use beckon_domain::conversion::{Answered, Conversion, Purchase};
use beckon_domain::id::EffectId;
use beckon_domain::outreach::Group;
use beckon_domain::{CouponCode, EpisodeId, Money, OrderId, ReminderId};

/// Runs this part of the suite.
pub(super) async fn all<T: ConversionStore + LedgerScan>(tables: &T) {
    written_once(tables).await;
}

fn row(order: &str, step: u8) -> ConversionRow {
    let order = OrderId::new(order).unwrap();
    let episode = EpisodeId::parse(&"5".repeat(32)).unwrap();
    let after = Answered { at: minute(1), reminder: ReminderId { episode, step }, group: Group::Treated };
    let purchase = Purchase {
        at: minute(9),
        order: Some(order.clone()),
        total: Money::parse("12.34 EUR").ok(),
        coupon: CouponCode::new("back-1, other").ok(),
    };
    let conversion = Conversion { id: EffectId::of_order(&order), after, purchase };
    ConversionRow { profile: key("buyer"), conversion, percent: Some(10) }
}

/// An order is one row, whatever is written afterwards; pages of the ledger hold each row once, as it was written.
async fn written_once<T: ConversionStore + LedgerScan>(tables: &T) {
    let first = row("A", 1);
    assert!(tables.record_conversion(&first, minute(10)).await.unwrap());
    assert!(!tables.record_conversion(&row("A", 2), minute(11)).await.unwrap(), "the first row stays");
    let mut elsewhere = row("A", 1);
    elsewhere.conversion.after.reminder.episode = EpisodeId::parse(&"6".repeat(32)).unwrap();
    let is_new = tables.record_conversion(&elsewhere, minute(11)).await.unwrap();
    assert!(!is_new, "an order belongs to one episode, whatever is heard of later");
    let mut bare = row("B", 2);
    bare.percent = None;
    bare.conversion.after.group = Group::HeldOut;
    bare.conversion.purchase =
        Purchase { order: None, total: None, coupon: None, ..bare.conversion.purchase };
    assert!(tables.record_conversion(&bare, minute(10)).await.unwrap());

    let (mut orders, mut reminder_count, mut after) = (Vec::new(), 0, None);
    loop {
        let page = tables.scan_ledger(after.as_deref(), 3).await.unwrap();
        for row in page.rows {
            match row {
                LedgerRow::Reminder(..) => reminder_count += 1,
                LedgerRow::Conversion(row) => orders.push(*row),
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    orders.sort_by_key(|row| row.conversion.after.reminder.step);
    assert_eq!(orders, [first, bare]);
    assert!(reminder_count > 3, "the ledger's reminders are there too: {reminder_count}");
}
