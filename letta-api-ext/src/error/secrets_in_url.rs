//! Finds the secrets in a request's path, so that they are not printed.

use letta_api::Secret;
use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroize;

/// The decoded values of the path's parameters. `template` is the path with its parameters in braces. The base URL
/// may add a path before it.
pub(crate) fn path_values(url: &Url, template: &str) -> Vec<Secret> {
    let given = url.path().rsplit('/');
    let named = template.rsplit('/');
    given
        .zip(named)
        .filter(|(given, named)| named.contains('{') && !given.is_empty())
        .map(|(given, _)| decoded(given))
        .collect()
}

/// Decodes a percent-encoded text. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decoded(given: &str) -> Secret {
    // Reserves room for everything: a vector that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(given.len());
    bytes.extend(percent_decode_str(given));
    Secret::new(String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut bytes = error.into_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        bytes.zeroize();
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_wherever_the_base_url_ends() {
        for (url, template, values) in [
            ("https://a.b/v1/tokens", "/v1/tokens", &[][..]),
            (
                "https://a.b/v1/tokens/x%2Fy",
                "/v1/tokens/{token}",
                &["x/y"],
            ),
            (
                "https://a.b/x/v1/a/1/b/2?q=3",
                "/v1/a/{a}/b/{b}",
                &["2", "1"],
            ),
            ("https://a.b/", "/v1/{a}", &[]),
            ("https://a.b/v1/%ff%41", "/v1/{a}", &["\u{fffd}A"]),
        ] {
            let found = path_values(&url.parse().unwrap(), template);
            let found: Vec<&str> = found.iter().map(|it| it.expose_secret()).collect();
            assert_eq!(found, values, "{url}");
        }
    }
}
