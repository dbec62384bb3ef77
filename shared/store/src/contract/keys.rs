//! The keys that people make: kept whole, changed one after the other, and every change on record.

use super::minute;
use crate::tables::{KeyAction, KeyChange, KeySet, KeyStore, Save};
use beckon_domain::SourceId;
use beckon_domain::key::{KeyMaterial, MadeKey, Origin, key_id, write_key_material};

fn key(n: u8) -> MadeKey {
    MadeKey {
        id: key_id(&[n; 32]).unwrap(),
        source: SourceId::new("web").unwrap(),
        material: write_key_material(&format!("pk_{n}")).unwrap(),
        label: None,
        origins: Vec::new(),
        created_at: minute(1),
        expires_at: None,
        revoked_at: None,
    }
}

fn change(number: u64, action: KeyAction, key: &MadeKey) -> KeyChange {
    KeyChange {
        number,
        id: format!("c-{number}"),
        at: minute(number),
        action,
        key: key.id.clone(),
        about: "publishable web".to_owned(),
        who: "server".to_owned(),
        by: (number == 1).then(|| "the night shift".to_owned()),
        note: None,
    }
}

pub(super) async fn all<T: KeyStore>(tables: &T) {
    assert_eq!(tables.made_keys().await.unwrap(), KeySet::default());
    let full = MadeKey {
        label: Some("checkout".to_owned()),
        origins: vec![
            Origin::new("https://shop.example").unwrap(),
            Origin::new("http://localhost:3").unwrap(),
        ],
        expires_at: Some(minute(9)),
        ..key(1)
    };
    let token = MadeKey {
        material: KeyMaterial::Token { pepper: "1".to_owned() },
        revoked_at: Some(minute(3)),
        ..key(2)
    };
    let (first, second) = (change(1, KeyAction::Create, &full), change(2, KeyAction::Revoke, &token));
    let one = std::slice::from_ref(&full);
    assert_eq!(tables.change_keys(one, &second).await.unwrap(), Save::Conflict, "not the first");
    assert_eq!(tables.change_keys(one, &first).await.unwrap(), Save::Saved);
    assert_eq!(tables.change_keys(&[], &first).await.unwrap(), Save::Conflict, "the same number again");
    let both = [full, token];
    assert_eq!(tables.change_keys(&both, &second).await.unwrap(), Save::Saved);
    let set = KeySet { number: 2, change: "c-2".to_owned(), keys: both.to_vec() };
    assert_eq!(tables.made_keys().await.unwrap(), set);
    assert_eq!(tables.keys_to_change().await.unwrap(), set);
    assert_eq!(tables.key_changes(9).await.unwrap(), [second.clone(), first]);
    assert_eq!(tables.key_changes(1).await.unwrap(), [second]);
}
