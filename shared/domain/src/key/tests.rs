//! What keys depend on, and what they are not.

use super::*;

fn pepper(secret: &[u8]) -> Pepper {
    Pepper::new("1", secret).unwrap()
}

#[test]
fn a_profile_key_depends_on_kind_id_and_pepper_and_reveals_none() {
    let p = pepper(b"0123456789abcdef");
    let visitor = p.anonymous(&AnonymousId::new("42").unwrap());
    let customer = p.customer(&UserId::new("42").unwrap());
    assert_ne!(visitor, customer);
    assert_ne!(visitor.as_str()[1..], customer.as_str()[1..]);
    assert_ne!(visitor, pepper(b"another-pepper-16").anonymous(&AnonymousId::new("42").unwrap()));
    assert_eq!(visitor.kind(), ProfileKind::Anonymous);
    assert_eq!(ProfileKey::parse(customer.as_str()), Ok(customer.clone()));
    assert_eq!(customer.kind(), ProfileKind::Customer);
}

#[test]
fn a_shortened_key_has_as_much_of_the_digest_whatever_the_peppers_id() {
    let visitor = AnonymousId::new("42").unwrap();
    for id in ["1", "20261122"] {
        let key = Pepper::new(id, b"0123456789abcdef").unwrap().anonymous(&visitor);
        let digest = key.as_str().split_once('_').unwrap().1;
        assert_eq!(key.shortened(), format!("a{id}_{}", &digest[..12]));
    }
}

#[test]
fn what_is_not_a_profile_key_is_refused() {
    for bad in ["", "a1", "a1_short", "x1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a_AAAA"] {
        assert_eq!(ProfileKey::parse(bad), Err(KeyError::ProfileKey), "{bad}");
    }
}

#[test]
fn a_derived_key_depends_on_kind_source_and_pepper() {
    let (p, web) = (pepper(b"0123456789abcdef"), SourceId::new("web").unwrap());
    let key = p.write_key(WriteKeyKind::Publishable, &web);
    // A change here would shut out every page of every stack that exists.
    assert_eq!(key, "pk_vosc5lro2gxc6mbmhblf7x7muowjvpsa");
    assert_ne!(key[3..], p.write_key(WriteKeyKind::Secret, &web)[3..]);
    assert_ne!(key, p.write_key(WriteKeyKind::Publishable, &SourceId::new("app").unwrap()));
    assert_ne!(key, pepper(b"another-pepper-16").write_key(WriteKeyKind::Publishable, &web));
    assert_eq!(WriteKey::new(&key, web).unwrap().kind, WriteKeyKind::Publishable);
}

#[test]
fn a_key_ring_knows_its_keys_and_what_they_may_do() {
    let key = |t: &str| WriteKey::new(t, SourceId::new("web").unwrap());
    let ring = KeyRing::new(vec![key("pk_a").unwrap(), key("sk_b").unwrap()]);
    assert_eq!(ring.find("pk_a").map(|k| k.kind), Some(WriteKeyKind::Publishable));
    assert_eq!(ring.find("sk_b").map(|k| k.kind), Some(WriteKeyKind::Secret));
    assert!(ring.find("sk_a").is_none());
    assert_eq!(key("xx_a").err(), Some(KeyError::WriteKey));
}
