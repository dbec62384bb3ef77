//! A till finds every typing mistake, and what is handed out cannot be mistaken.

use super::*;
use crate::time::{DurationMs, Timestamp};
use proptest::prelude::*;

fn code(text: &str) -> DiscountCode {
    DiscountCode::new(text).unwrap()
}

#[test]
fn a_generated_code_is_the_recipe_in_the_documentation() {
    let prefix = CodePrefix::new("cart-").unwrap();
    // Characters 1, 0, 0, …: c is 1, doubled ten times for the others and once for the check: x^11 = x^2 + x + 1.
    assert_eq!(DiscountCode::generated(&prefix, 1).as_str(), "CART-100000000007");
    assert_eq!(DiscountCode::generated(&CodePrefix::default(), 0).as_str(), "000000000000");
    assert!(code("cart-100000000007").is_checked());
    assert!(!code("CART-100000000008").is_checked() && !code("SAVE").is_checked());
    // Only the lowest 55 bits count.
    assert_eq!(DiscountCode::generated(&prefix, 1 | 1 << 55), DiscountCode::generated(&prefix, 1));
}

#[test]
fn a_code_that_was_misread_is_mended_and_nothing_else_is() {
    assert_eq!(code("CART-IOOOOOOOOOO7").mended(), Some(code("CART-100000000007")));
    assert_eq!(code("CART-l00000000007").mended(), Some(code("CART-100000000007")));
    assert_eq!(code("CART-100000000007").mended(), None, "there is nothing to mend");
    assert_eq!(code("LOYALTY-COOL").mended(), None, "it is somebody else's");
}

proptest! {
    #[test]
    fn one_wrong_character_and_two_that_changed_places_are_always_found(
        random in any::<u64>(), at in 0..12_usize, other in 0..12_usize, wrong in 0..32_u8,
    ) {
        let right = DiscountCode::generated(&CodePrefix::default(), random);
        prop_assert!(right.is_checked());
        let mut mistyped: Vec<char> = right.as_str().chars().collect();
        mistyped[at] = check::character(wrong);
        let mistyped: String = mistyped.into_iter().collect();
        prop_assert_eq!(code(&mistyped).is_checked(), mistyped == right.as_str());
        let mut swapped: Vec<char> = right.as_str().chars().collect();
        swapped.swap(at, other);
        let swapped: String = swapped.into_iter().collect();
        prop_assert_eq!(code(&swapped).is_checked(), swapped == right.as_str());
    }

    #[test]
    fn different_chances_are_different_codes(a in 0..1_u64 << 55, b in 0..1_u64 << 55) {
        let prefix = CodePrefix::new("P").unwrap();
        prop_assert_eq!(DiscountCode::generated(&prefix, a) == DiscountCode::generated(&prefix, b), a == b);
    }
}

#[test]
fn texts_are_one_code_however_they_are_written_and_others_are_none() {
    assert_eq!(code(" save-10.a_b "), code("SAVE-10.A_B"));
    assert_eq!(format!("{:?}", code("SAVE-10")), "DiscountCode(SAVE…)");
    let long = "A".repeat(41);
    for text in ["", "abc", "a b c d", "10%OFF", "ÄÖÜß", "a/b#c", long.as_str()] {
        assert!(DiscountCode::new(text).is_err(), "{text}");
    }
    for name in ["", "Winter", "a b", "a#b", "a/b"] {
        assert!(PoolName::new(name).is_err(), "{name}");
    }
    assert!(PoolName::new("winter-2026").is_ok() && CodePrefix::new("A B").is_err());
    assert!(Worth::percent(0).is_err() && Worth::percent(101).is_err() && Worth::percent(256).is_err());
    assert!(Worth::label(" ").is_err());
    assert_eq!(Worth::percent(10).unwrap().to_string(), "10 %");
}

#[test]
fn what_events_call_a_coupon_is_compared_in_capitals_and_may_be_several_codes() {
    let coupon = CouponCode::new(" save-1, Spring Sale;X ").unwrap();
    let codes: Vec<String> = coupon.discount_codes().map(|code| code.to_string()).collect();
    assert_eq!(codes, ["SAVE-1", "SPRING", "SALE"]);
    assert_eq!(CouponCode::new("10%off").unwrap().as_str(), "10%OFF");
    assert!(CouponCode::new(" ").is_err() && CouponCode::new("a\nb").is_err());
    assert!(CouponCode::new(&"x".repeat(161)).is_err());
    let of = |value| CouponCode::of_value(&value).map(|coupon| coupon.to_string());
    assert_eq!(of(TraitValue::Number(20_260_101.0)).as_deref(), Some("20260101"));
    assert_eq!(of(TraitValue::Number(0.5)), None);
    assert_eq!(of(TraitValue::Bool(true)), None);
    assert_eq!(of(TraitValue::Text("a1".to_owned())).as_deref(), Some("A1"));
}

#[test]
fn a_code_ends_when_its_pool_says() {
    let (now, hour) = (Timestamp::from_ms(5), DurationMs::from_hours(1));
    assert_eq!(Expiry::Never.ends_at(now), None);
    assert_eq!(Expiry::At(now + hour).ends_at(now), Some(now + hour));
    assert_eq!(Expiry::For(hour).ends_at(now), Some(now + hour));
    assert!(Expiry::At(now).is_over(now) && !Expiry::At(now + hour).is_over(now));
    assert!(!Expiry::Never.is_over(now) && !Expiry::For(hour).is_over(now + hour));
}
