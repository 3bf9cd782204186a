//! What a list request asks for.

use url::form_urlencoded;

use crate::http::refusal::Refusal;

const DEFAULT_LIMIT: usize = 10;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) agent_id: Option<String>,
    pub(crate) offset: usize,
    /// At least 1.
    pub(crate) limit: usize,
}

impl PageRequest {
    /// Reads the query of the URL. Parameters that the operation does not have are passed over.
    pub(crate) fn from_query(query: &str) -> Result<Self, Refusal> {
        let mut agent_id = None;
        let mut offset = None;
        let mut limit = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "agentId" => &mut agent_id,
                "offset" => &mut offset,
                "limit" => &mut limit,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(Refusal::bad_request(format!(
                    "{name} is given more than once"
                )));
            }
        }
        if agent_id.as_deref() == Some("") {
            return Err(Refusal::bad_request("agentId is empty"));
        }
        let offset = whole_number("offset", offset)?.unwrap_or(0);
        let limit = whole_number("limit", limit)?.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 {
            return Err(Refusal::bad_request("limit must be at least 1"));
        }
        Ok(Self {
            agent_id,
            offset,
            limit,
        })
    }
}

fn whole_number(name: &str, value: Option<String>) -> Result<Option<usize>, Refusal> {
    let Some(value) = value else {
        return Ok(None);
    };
    // `parse` alone would take a sign.
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(number) if is_plain => Ok(Some(number)),
        _ => Err(Refusal::bad_request(format!(
            "{name} must be a whole number, 0 or more, that fits 64 bits"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_its_defaults() {
        let request = |agent_id: Option<&str>, offset, limit| PageRequest {
            agent_id: agent_id.map(str::to_owned),
            offset,
            limit,
        };
        for (query, expected) in [
            ("", request(None, 0, 10)),
            ("limit=50&offset=100", request(None, 100, 50)),
            ("agentId=agent-1", request(Some("agent-1"), 0, 10)),
            ("agentId=a%2Bb+c", request(Some("a+b c"), 0, 10)),
            ("other=x&other=y&limit=1", request(None, 0, 1)),
            ("limit=007", request(None, 0, 7)),
        ] {
            assert_eq!(PageRequest::from_query(query).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn what_is_no_whole_number_is_refused_by_name() {
        for value in [
            "",
            "x",
            "-1",
            "+1",
            "1.5",
            "1.0",
            "1e1",
            "0x10",
            "1%20",
            "%31_000",
            "NaN",
            "٣",
            "99999999999999999999",
        ] {
            for name in ["offset", "limit"] {
                let refusal = PageRequest::from_query(&format!("{name}={value}")).unwrap_err();
                assert!(
                    refusal.message().starts_with(name),
                    "{name}={value}: {refusal:?}"
                );
            }
        }
    }

    #[test]
    fn an_empty_page_an_empty_agent_and_a_repeated_parameter_are_refused_by_name() {
        for (query, name) in [
            ("limit=0", "limit"),
            ("agentId=", "agentId"),
            ("limit=1&limit=1", "limit"),
            ("agentId=a&agentId=b", "agentId"),
        ] {
            let refusal = PageRequest::from_query(query).unwrap_err();
            assert!(refusal.message().starts_with(name), "{query}: {refusal:?}");
        }
    }
}
