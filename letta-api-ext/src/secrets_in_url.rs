//! What a request's path holds that must not be printed.

use letta_api::Secret;
use percent_encoding::percent_decode_str;
use url::Url;

/// The values of the path's parameters, decoded. `template` is the path with its parameters in braces; the
/// base URL may have a path before it.
pub(crate) fn path_values(url: &Url, template: &str) -> Vec<Secret> {
    let given = url.path().rsplit('/');
    let named = template.rsplit('/');
    given
        .zip(named)
        .filter(|(given, named)| named.contains('{') && !given.is_empty())
        .map(|(given, _)| Secret::new(percent_decode_str(given).decode_utf8_lossy()))
        .collect()
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
        ] {
            let found = path_values(&url.parse().unwrap(), template);
            let found: Vec<&str> = found.iter().map(|it| it.expose_secret()).collect();
            assert_eq!(found, values, "{url}");
        }
    }
}
