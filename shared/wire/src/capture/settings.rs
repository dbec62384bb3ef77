//! The settings of a source, in the form that analytics.js reads (`@segment/analytics-next`, `CDNSettings`;
//! <https://github.com/segmentio/analytics-next>).

use serde_json::{Value, json};

/// The settings: one destination, `Segment.io`, which is Beckon itself. `public_url` is the address of the API with its
/// scheme, such as `https://beckon.shop.example`. `metrics` are off, because the library would send them to Segment.
#[must_use]
pub fn source_settings(write_key: &str, public_url: &str) -> Value {
    let (protocol, host) = public_url.split_once("://").unwrap_or(("https", public_url));
    let enabled = json!({ "__default": { "enabled": true, "integrations": {} } });
    json!({
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": format!("{}/v1", host.trim_end_matches('/')),
                "protocol": protocol,
                "retryQueue": true,
                "addBundledMetadata": false,
                "unbundledIntegrations": [],
                "versionSettings": { "version": "4.4.7", "componentTypes": ["browser"] },
            },
        },
        "plan": { "track": enabled, "identify": { "__default": { "enabled": true } },
            "group": { "__default": { "enabled": true } } },
        "middlewareSettings": { "routingRules": [] },
        "enabledMiddleware": {},
        "remotePlugins": [],
        "legacyVideoPluginsEnabled": false,
        "analyticsNextEnabled": true,
        "metrics": { "sampleRate": 0 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_told_where_to_send_without_and_with_a_path_before_the_api() {
        for (url, protocol, host) in [
            ("https://beckon.shop.example", "https", "beckon.shop.example/v1"),
            ("https://shop.example/beckon/", "https", "shop.example/beckon/v1"),
            ("http://127.0.0.1:8080", "http", "127.0.0.1:8080/v1"),
        ] {
            let settings = source_settings("pk_a", url);
            let destination = &settings["integrations"]["Segment.io"];
            assert_eq!((&destination["protocol"], &destination["apiHost"]), (&json!(protocol), &json!(host)));
            assert_eq!(destination["apiKey"], "pk_a");
        }
    }

    #[test]
    fn nothing_else_is_loaded_and_nothing_goes_to_anybody_else() {
        let settings = source_settings("pk_a", "https://beckon.shop.example");
        // More than one integration makes the library load code for the others.
        assert_eq!(settings["integrations"].as_object().map(serde_json::Map::len), Some(1));
        assert_eq!((&settings["remotePlugins"], &settings["metrics"]["sampleRate"]), (&json!([]), &json!(0)));
        assert!(
            !settings.to_string().contains("segment.com") && !settings.to_string().contains("api.segment")
        );
    }
}
