//! Finds the reason for a refusal in an error body of any common form.
//!
//! In go the headers, the body and the secrets. Out comes one line of text that is safe to print, or `None`. What the body says
//! is found by [`Reason`], which letta-api's `ServiceError` reads too. Here it becomes one line, without secrets.

use std::fmt::Write;

use letta_api::reason::Reason;
use reqwest::header::HeaderMap;

use crate::error::redact;

/// A secret shorter than this is not looked for across two texts.
const SHORT: usize = 8;

/// The reason that a body gives for a refusal: on one line, at most 1,000 characters, without `secrets`, even if a
/// secret is spread over several texts. `None` if the body gives no reason, or it cannot be printed safely.
pub(crate) fn of(headers: &HeaderMap, body: &[u8], secrets: &[&str]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}');
    let Ok(json) = serde_json::from_str(text) else {
        return is_plain_text(headers).then(|| redact::text(text, secrets))?;
    };
    to_text(&Reason::of(&json), secrets)
}

fn is_plain_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(reqwest::header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("text/plain")
        })
}

fn to_text(reason: &Reason, secrets: &[&str]) -> Option<String> {
    if reason.entries.is_empty() {
        return redact::text(reason.headline.as_deref()?, secrets);
    }
    let clean = |text: &str| match text.trim().is_empty() {
        true => Some(String::new()),
        false => redact::text(text, secrets),
    };
    let headline = clean(reason.headline.as_deref().unwrap_or_default())?;
    let entries: Option<Vec<_>> = reason
        .entries
        .iter()
        .map(|entry| Some((clean(&entry.field)?, clean(&entry.text)?)))
        .collect();
    let entries = entries?;
    if is_in_pieces(&headline, &entries, secrets) {
        return None;
    }
    let mut details = String::new();
    for (index, (field, text)) in entries.iter().enumerate() {
        let separator = if index == 0 { "" } else { "; " };
        // A text often names its field itself.
        let _ = match field.is_empty() || has_word(text, field) {
            true => write!(details, "{separator}{text}"),
            false => write!(details, "{separator}{field}: {text}"),
        };
    }
    if reason.has_more {
        details += "; and more";
    }
    let all = match headline.is_empty() {
        true => details,
        false => format!("{headline} ({details})"),
    };
    redact::text(&all, secrets)
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

/// Whether a secret is spread over several texts, in this order, or one of them cannot be printed safely.
pub(crate) fn is_over_several<'a>(
    mut texts: impl Iterator<Item = &'a str>,
    secrets: &[&str],
) -> bool {
    let clean = |text: &str| match text.trim().is_empty() {
        true => Some((String::new(), String::new())),
        false => Some((String::new(), redact::text(text, secrets)?)),
    };
    let Some(entries) = texts.try_fold(Vec::new(), |mut entries, text| {
        entries.push(clean(text)?);
        Some(entries)
    }) else {
        return true;
    };
    is_in_pieces("", &entries, secrets)
}

/// Whether a secret is spread over several texts, and in none of them alone.
fn is_in_pieces(headline: &str, entries: &[(String, String)], secrets: &[&str]) -> bool {
    let mut texts = vec![headline];
    for (field, text) in entries {
        texts.extend([field.as_str(), text.as_str()]);
    }
    // In either order, and without the replacements of bytes that are not UTF-8.
    let mut places = vec![headline];
    places.extend(entries.iter().map(|(_, text)| text.as_str()));
    let secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|it| it.len() >= SHORT)
        .collect();
    let marks = |text: &str| text.matches("[redacted]").count();
    [texts, places].into_iter().any(|texts| {
        let text = texts.concat().replace('\u{fffd}', "");
        match text.trim().is_empty() {
            true => false,
            false => redact::text(&text, &secrets).is_none_or(|clean| marks(&clean) > marks(&text)),
        }
    })
}

#[cfg(test)]
mod tests {
    use letta_api::reason::{KNOWN_NAMES, MAX_ENTRIES};
    use serde_json::Value;

    use super::*;

    const SECRET: &str = "hunter2/Key+99887766";

    fn of_json(json: &str) -> Option<String> {
        of(&HeaderMap::new(), json.as_bytes(), &[SECRET])
    }

    /// The order of members depends on a feature of serde_json, which any crate may turn on.
    fn pieces(text: &str) -> Vec<&str> {
        let mut pieces: Vec<&str> = text.split(['(', ')', ';']).map(str::trim).collect();
        pieces.sort_unstable();
        pieces
    }

    /// For each framework: a body, and the text that is read from it.
    #[test]
    fn every_form_that_frameworks_give_errors_says_field_and_reason() {
        let mut wrong = Vec::new();
        for (framework, json, says) in [
            ("text", r#""is bad""#, "is bad"),
            // The hosted service, and the self-hosted server.
            (
                "message",
                r#"{"message":"hostname is bad"}"#,
                "hostname is bad",
            ),
            ("detail", r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                "trace",
                r#"{"trace_id":"t-1","detail":"[..]","examples":["a b"]}"#,
                "[..]",
            ),
            (
                "conflict",
                r#"{"detail":{"code":"C","message":"Conflict","pending_request_id":"m"}}"#,
                "Conflict",
            ),
            (
                "model",
                r#"{"error":{"type":"t","message":"Slow","detail":"d"}}"#,
                "Slow",
            ),
            (
                "limits",
                r#"{"error":"Too many","reasons":["exceeded-quota","x"],"limit":5}"#,
                "Too many (exceeded-quota; x)",
            ),
            (
                "FastAPI",
                r#"{"detail":[{"type":"missing","loc":["body","policy",0,"id"],"msg":"Field required","input":{"a":"b c"},"url":"https://x"},{"loc":["body","hostname"],"msg":"is bad"}]}"#,
                "body.policy.0.id: Field required; body.hostname: is bad",
            ),
            (
                "FastAPI, handled",
                r#"{"detail":"Invalid","body":null,"errors":[{"loc":["query","limit"],"msg":"too large"}]}"#,
                "Invalid (query.limit: too large)",
            ),
            (
                "NestJS",
                r#"{"statusCode":400,"message":["hostname must be a URL","policy should not be empty"],"error":"Bad Request"}"#,
                "Bad Request (hostname must be a URL; policy should not be empty)",
            ),
            (
                "NestJS, one",
                r#"{"statusCode":404,"message":"Cannot GET","error":"Not Found"}"#,
                "Cannot GET",
            ),
            (
                "class-validator",
                r#"{"message":[{"property":"policy","children":[{"property":"0","children":[{"property":"id","constraints":{"isString":"must be a string"},"children":[]}]}]},{"target":{},"property":"hostname","constraints":{"isUrl":"hostname must be a URL"}}]}"#,
                "policy.0.id: must be a string; hostname must be a URL",
            ),
            (
                "zod",
                r#"{"name":"ZodError","issues":[{"code":"invalid_type","expected":"string","received":"undefined","path":["policy",0,"id"],"message":"Required"}]}"#,
                "policy.0.id: Required",
            ),
            (
                "zod, wrapped",
                r#"{"success":false,"error":{"name":"ZodError","issues":[{"path":["hostname"],"message":"Invalid url"}]}}"#,
                "hostname: Invalid url",
            ),
            (
                "zod, flat",
                r#"{"formErrors":["all is bad"],"fieldErrors":{"hostname":["Required","Too short"]}}"#,
                "all is bad; hostname: Required; hostname: Too short",
            ),
            (
                "zod, format",
                r#"{"errors":{"_errors":[],"hostname":{"_errors":["Required"]},"policy":{"0":{"_errors":["bad"]},"_errors":[]}}}"#,
                "hostname: Required; policy.0: bad",
            ),
            (
                "zod, tree",
                r#"{"errors":[],"properties":{"hostname":{"errors":["Required"]},"policy":{"errors":[],"items":[null,{"errors":["is odd"]}]}}}"#,
                "hostname: Required; policy.1: is odd",
            ),
            (
                "ts-rest",
                r#"{"message":"Request validation failed","bodyErrors":{"name":"ZodError","issues":[{"path":["hostname"],"message":"Invalid"}]},"queryParameterErrors":null}"#,
                "Request validation failed (hostname: Invalid)",
            ),
            (
                "tRPC",
                r#"{"error":{"message":"Bad","code":-32600,"data":{"code":"BAD_REQUEST","httpStatus":400,"path":"a.b","zodError":{"formErrors":[],"fieldErrors":{"hostname":["Required"]}}}}}"#,
                "Bad (hostname: Required)",
            ),
            (
                "valibot",
                r#"{"issues":[{"kind":"schema","type":"string","message":"Invalid type","path":[{"type":"object","key":"policy"},{"type":"array","key":0}]}]}"#,
                "policy.0: Invalid type",
            ),
            (
                "yup",
                r#"{"name":"ValidationError","path":"hostname","errors":["hostname is a required field"],"inner":[]}"#,
                "hostname is a required field",
            ),
            (
                "joi, celebrate",
                r#"{"statusCode":400,"error":"Bad Request","message":"Validation failed","validation":{"body":{"source":"body","keys":["hostname"],"message":"\"hostname\" is required"}}}"#,
                "Validation failed (body: \"hostname\" is required)",
            ),
            (
                "joi",
                r#"{"details":[{"message":"is required","path":["policy",0],"type":"any.required","context":{"label":"x"}}]}"#,
                "policy.0: is required",
            ),
            (
                "ajv",
                r#"{"errors":[{"instancePath":"/policy/0","schemaPath":"/x","keyword":"required","params":{"missingProperty":"id"},"message":"must have required property 'id'"}]}"#,
                "/policy/0: must have required property 'id'",
            ),
            (
                "Fastify",
                r#"{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body/hostname must be string"}"#,
                "body/hostname must be string",
            ),
            (
                "express-validator",
                r#"{"errors":[{"type":"field","value":"x y","msg":"Invalid value","path":"hostname","location":"body"}]}"#,
                "hostname: Invalid value",
            ),
            (
                "Mongoose",
                r#"{"message":"Validation failed","errors":{"hostname":{"name":"ValidatorError","message":"is required","kind":"required","path":"hostname"}}}"#,
                "Validation failed (hostname: is required)",
            ),
            (
                "Rails",
                r#"{"errors":{"hostname":["can't be blank"],"title":["is too long"],"policy.id":["is bad"]}}"#,
                "hostname: can't be blank; title: is too long; policy.id: is bad",
            ),
            (
                "Rails, list",
                r#"{"errors":["Hostname can't be blank"]}"#,
                "Hostname can't be blank",
            ),
            (
                "Rails, bare",
                r#"{"hostname":["can't be blank"]}"#,
                "hostname: can't be blank",
            ),
            (
                "Laravel",
                r#"{"message":"The given data was invalid.","errors":{"hostname":["The hostname field is required."]}}"#,
                "The given data was invalid. (The hostname field is required.)",
            ),
            (
                "JSON:API",
                r#"{"errors":[{"status":"422","title":"Invalid Attribute","detail":"must be a URL","source":{"pointer":"/data/attributes/hostname"}},{"title":"Bad","source":{"parameter":"limit"}}]}"#,
                "/data/attributes/hostname: must be a URL; limit: Bad",
            ),
            (
                "RFC 9457",
                r#"{"type":"https://x","title":"Your request is not valid.","status":422,"detail":"Two fields.","instance":"/i","errors":[{"detail":"must be positive","pointer":"/age"}]}"#,
                "Two fields. (/age: must be positive)",
            ),
            (
                "RFC 7807",
                r#"{"title":"Your parameters didn't validate.","invalid-params":[{"name":"age","reason":"must be positive"}]}"#,
                "Your parameters didn't validate. (age: must be positive)",
            ),
            (
                "invalid_params",
                r#"{"invalid_params":[{"name":"age","reason":"must be positive"}]}"#,
                "age: must be positive",
            ),
            (
                "ASP.NET",
                r#"{"type":"https://x","title":"One or more validation errors occurred.","status":400,"traceId":"00-x y","errors":{"Hostname":["The field is required."],"$.policy":["is bad"]}}"#,
                "One or more validation errors occurred. (Hostname: The field is required.; $.policy: is bad)",
            ),
            (
                "ASP.NET Web API",
                r#"{"Message":"The request is invalid.","ModelState":{"token.Hostname":["is required"]}}"#,
                "The request is invalid. (token.Hostname: is required)",
            ),
            (
                "Spring",
                r#"{"timestamp":"2026-01-01","status":400,"error":"Bad Request","message":"Validation failed","errors":[{"codes":["a b"],"arguments":[{"codes":["x"]}],"defaultMessage":"must not be null","objectName":"token","field":"hostname","rejectedValue":null,"bindingFailure":false,"code":"NotNull"}],"path":"/v1/x"}"#,
                "Validation failed (hostname: must not be null)",
            ),
            (
                "Spring, bare",
                r#"{"timestamp":"t u","status":404,"error":"Not Found","path":"/v1/secret-token"}"#,
                "Not Found",
            ),
            (
                "Quarkus",
                r#"{"title":"Constraint Violation","status":400,"violations":[{"field":"create.hostname","message":"must not be blank"}]}"#,
                "Constraint Violation (create.hostname: must not be blank)",
            ),
            (
                "Symfony",
                r#"{"title":"An error occurred","detail":"hostname: bad","violations":[{"propertyPath":"hostname","message":"This value is blank.","code":"c"}]}"#,
                "hostname: bad (hostname: This value is blank.)",
            ),
            (
                "Micronaut",
                r#"{"message":"Bad Request","_embedded":{"errors":[{"message":"hostname: must not be blank"}]}}"#,
                "Bad Request (hostname: must not be blank)",
            ),
            (
                "JAX-RS",
                r#"[{"message":"must not be null","messageTemplate":"{x y}","path":"create.hostname","invalidValue":"a b"}]"#,
                "create.hostname: must not be null",
            ),
            (
                "DRF",
                r#"{"hostname":["This field is required."],"policy":[{},{"id":["Not a valid string."]}],"non_field_errors":["All is bad"]}"#,
                "hostname: This field is required.; policy.1.id: Not a valid string.; All is bad",
            ),
            (
                "DRF, a list",
                r#"[{"id":["This field is required."]},{}]"#,
                "id: This field is required.",
            ),
            (
                "Django forms",
                r#"{"hostname":[{"message":"This field is required.","code":"required"}]}"#,
                "hostname: This field is required.",
            ),
            (
                "marshmallow",
                r#"{"code":422,"status":"Unprocessable Entity","errors":{"json":{"policy":{"0":{"id":["Missing data."]}}}}}"#,
                "json.policy.0.id: Missing data.",
            ),
            (
                "Phoenix",
                r#"{"errors":{"detail":"Not Found"}}"#,
                "Not Found",
            ),
            ("Go", r#"{"error":"hostname: is bad"}"#, "hostname: is bad"),
            (
                "OpenAI",
                r#"{"error":{"message":"is not one","type":"invalid_request_error","param":"hostname","code":null}}"#,
                "hostname: is not one",
            ),
            (
                "Azure",
                r#"{"error":{"code":"BadArgument","message":"Several","target":"token","details":[{"code":"NullValue","target":"hostname","message":"must not be null"}]}}"#,
                "token: Several; hostname: must not be null",
            ),
            (
                "Google",
                r#"{"error":{"code":400,"message":"Request invalid","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"policy.id","description":"is empty"}]}]}}"#,
                "Request invalid (policy.id: is empty)",
            ),
            (
                "AWS",
                r#"{"__type":"ValidationException","message":"2 errors","fieldList":[{"path":"/hostname","message":"is bad"}]}"#,
                "2 errors (/hostname: is bad)",
            ),
            (
                "GraphQL",
                r#"{"errors":[{"message":"is bad","path":["createToken","hostname"],"locations":[{"line":1}],"extensions":{"code":"BAD_USER_INPUT","validation":{"input.policy":["is empty"]}}}],"data":null}"#,
                "createToken.hostname: is bad; input.policy: is empty",
            ),
            (
                "GitHub",
                r#"{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}],"documentation_url":"https://x y"}"#,
                "Validation Failed (title: missing_field)",
            ),
            (
                "OAuth",
                r#"{"error":"invalid_request","error_description":"hostname is missing"}"#,
                "hostname is missing",
            ),
            (
                "JSend",
                r#"{"status":"fail","data":{"hostname":"A hostname is required"}}"#,
                "A hostname is required",
            ),
            (
                "LoopBack",
                r#"{"error":{"statusCode":422,"name":"ValidationError","message":"Bad","details":{"codes":{"hostname":["presence"]},"messages":{"hostname":["can't be blank"]}}}}"#,
                "Bad (hostname: can't be blank)",
            ),
            (
                "Strapi",
                r#"{"data":null,"error":{"status":400,"name":"ValidationError","message":"1 error","details":{"errors":[{"path":["hostname"],"message":"is bad"}]}}}"#,
                "1 error (hostname: is bad)",
            ),
            (
                "Elasticsearch",
                r#"{"error":{"root_cause":[{"type":"parse","reason":"is bad"}],"type":"parse","reason":"is bad"},"status":400}"#,
                "is bad",
            ),
            (
                "Supabase",
                r#"{"code":"23502","details":"Failing row","hint":null,"message":"null value"}"#,
                "null value (Failing row)",
            ),
            (
                "PayPal",
                r#"{"name":"VALIDATION_ERROR","message":"Invalid request","details":[{"field":"hostname","issue":"bad format","location":"body"}]}"#,
                "Invalid request (hostname: bad format)",
            ),
            (
                "a list for each field",
                r#"{"errors":[{"field":"hostname","messages":["is bad","is long"]},{"property":"policy","errors":["x"]},{"path":["a",0],"message":["y"]}]}"#,
                "hostname: is bad; hostname: is long; policy: x; a.0: y",
            ),
            (
                "fields",
                r#"{"message":"Bad","fields":{"hostname":"is bad"}}"#,
                "Bad (hostname: is bad)",
            ),
            (
                "a list of maps",
                r#"{"errors":[{"hostname":"is bad"},{"policy":["is long"]}]}"#,
                "hostname: is bad; policy: is long",
            ),
            (
                "Jira",
                r#"{"errorMessages":["All is bad"],"errors":{"hostname":"is bad"}}"#,
                "All is bad; hostname: is bad",
            ),
            (
                "an object for each field",
                r#"{"hostname":{"message":"is bad"},"policy":[{"id":["is long"]}]}"#,
                "hostname: is bad; policy.0.id: is long",
            ),
            (
                "a field that is a part of a word",
                r#"{"errors":[{"field":"id","message":"is invalid"}]}"#,
                "id: is invalid",
            ),
            (
                "a map of texts",
                r#"{"errors":{"hostname":"is bad","title":"is long"}}"#,
                "hostname: is bad; title: is long",
            ),
            (
                "Hono, zod 4: JSON in a text",
                r#"{"success":false,"error":{"name":"ZodError","message":"[\n {\n \"code\": \"invalid_type\", \"path\": [\"hostname\"], \"message\": \"Invalid input\"\n }\n]"}}"#,
                "hostname: Invalid input",
            ),
            (
                "tRPC without a formatter",
                r#"{"error":{"message":"[{\"code\":\"too_small\",\"path\":[\"policy\",0],\"message\":\"is short\"}]","code":-32600,"data":{"code":"BAD_REQUEST","path":"a.b"}}}"#,
                "policy.0: is short",
            ),
            (
                "a text that only looks like JSON",
                r#"{"detail":"[hostname] is bad","errors":["{}","[1]"]}"#,
                "[hostname] is bad ({}; [1])",
            ),
            (
                "validator, without texts",
                r#"{"hostname":[{"code":"url","message":null,"params":{"value":"a b"}}]}"#,
                "hostname: url",
            ),
            (
                "OData",
                r#"{"error":{"code":"x","message":{"lang":"en-US","value":"No such host"}}}"#,
                "No such host",
            ),
            (
                "several languages",
                r#"{"errors":[{"field":"hostname","message":{"de":"ist falsch","en":"is bad"}},{"field":"policy","messages":[{"locale":"en","text":"is long"}]}]}"#,
                "hostname: is bad; policy: is long",
            ),
            (
                "numbers",
                r#"{"message":"Bad","errors":[{"field":"hostname","code":101},{"field":"policy","message":7}]}"#,
                "Bad (hostname: 101; policy: 7)",
            ),
            (
                "numbers and truth values by field",
                r#"{"errors":{"hostname":42,"policy":[7],"id":3,"expiry":false}}"#,
                "hostname: 42; policy: 7; expiry: false",
            ),
            (
                "Litestar",
                r#"{"status_code":400,"detail":"Validation failed","extra":[{"message":"is missing","key":"hostname","source":"body"}]}"#,
                "Validation failed (hostname: is missing)",
            ),
            (
                "FluentValidation",
                r#"[{"propertyName":"Hostname","errorMessage":"is bad","attemptedValue":"a b","severity":0}]"#,
                "Hostname: is bad",
            ),
            (
                "Huma",
                r#"{"title":"Unprocessable Entity","status":422,"detail":"validation failed","errors":[{"message":"expected string","location":"body.hostname","value":1}]}"#,
                "validation failed (body.hostname: expected string)",
            ),
            (
                "Rails, whole messages",
                r#"{"errors":[{"attribute":"host","error":"blank","full_message":"Hostname can't be blank"}]}"#,
                "host: Hostname can't be blank",
            ),
            (
                "Cloudflare",
                r#"{"success":false,"errors":[{"code":1003,"message":"Invalid","error_chain":[{"code":6103,"message":"Invalid hostname"}]}],"messages":[],"result":null}"#,
                "Invalid; Invalid hostname",
            ),
            (
                "a list in data",
                r#"{"status":"error","message":"Bad","data":[{"field":"hostname","error":"is bad"}]}"#,
                "Bad (hostname: is bad)",
            ),
            (
                "a code alone",
                r#"{"error":{"code":"invalid_hostname","status":400}}"#,
                "invalid_hostname",
            ),
        ] {
            let said = of_json(json).unwrap_or_default();
            if pieces(&said) != pieces(says) {
                wrong.push(format!("{framework}: {said}\n  expected: {says}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_body_without_a_reason_gives_none() {
        for json in [
            "",
            "null",
            "7",
            "[]",
            "{}",
            "[[[]]]",
            "{\"mess",
            "<html>bad</html>",
            r#"{"message":""}"#,
            r#"{"message":7}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":[null,1,{}]}"#,
            r#"{"id":"req 1","status":"400 x"}"#,
            r#"{"foo":"bar"}"#,
        ] {
            assert_eq!(of_json(json), None, "{json}");
        }
    }

    #[test]
    fn plain_text_is_a_reason_and_html_is_not() {
        let mut headers = HeaderMap::new();
        for (kind, says) in [
            ("text/plain; charset=latin1", true),
            ("Text/Plain", true),
            ("text/html", false),
        ] {
            headers.insert("content-type", kind.parse().unwrap());
            let text = of(&headers, b"bad \xfcber", &[]);
            assert_eq!(text.as_deref(), says.then_some("bad \u{fffd}ber"), "{kind}");
        }
    }

    #[test]
    fn a_secret_in_one_text_is_cut_out_and_one_in_pieces_takes_all_with_it() {
        for (json, says) in [
            (
                format!(r#"{{"detail":[{{"loc":["body","hostname"],"msg":"no {SECRET} here"}}]}}"#),
                Some("body.hostname: no [redacted] here"),
            ),
            (
                r#"{"message":"Bad","errors":{"ck-let-abc":["is bad"],"x":["sk-let-abc is bad"]}}"#
                    .to_owned(),
                Some("Bad (ck-let-[redacted]: is bad; x: sk-let-[redacted] is bad)"),
            ),
            (
                r#"{"message":["hunter2/Key+9988","7766"]}"#.to_owned(),
                None,
            ),
            (
                r#"{"message":["hunter2/K","ey+99887766"]}"#.to_owned(),
                None,
            ),
            (
                r#"{"message":"bad sk-le","errors":["t-abcdefgh"]}"#.to_owned(),
                None,
            ),
            (r#"{"errors":{"ck-":["let-abcdefgh"]}}"#.to_owned(), None),
            (
                r#"{"errors":{"a":["ck-"],"b":["let-abcdefgh"]}}"#.to_owned(),
                None,
            ),
            (
                r#"{"detail":[{"loc":["sk-let","abc"],"msg":"is bad"}]}"#.to_owned(),
                Some("sk-let.abc: is bad"),
            ),
        ] {
            assert_eq!(of_json(&json).as_deref(), says, "{json}");
        }
    }

    #[test]
    fn however_much_there_is_it_is_cut() {
        let entry = r#"{"loc":["body","hostname"],"msg":"is bad"}"#;
        let many: Vec<String> = (0..1_000)
            .map(|n| entry.replace("bad", &n.to_string()))
            .collect();
        let text = of_json(&format!(r#"{{"detail":[{}]}}"#, many.join(","))).unwrap();
        assert!(text.ends_with("; and more"), "{text}");
        assert_eq!(text.matches("hostname").count(), MAX_ENTRIES);

        let long = "x y".repeat(100_000);
        for json in [
            format!(r#"{{"message":"{long}","errors":["{long}"]}}"#),
            format!(r#"{{"errors":{{"{long}":["{long}"]}}}}"#),
            format!(
                r#"{{"detail":[{{"loc":[{}"x"],"msg":"m"}}]}}"#,
                r#""a","#.repeat(100_000)
            ),
            format!(
                r#"{{"errors":{}"x"{}}}"#,
                r#"{"a":"#.repeat(120),
                "}".repeat(120)
            ),
            format!(r#"{{"errors":{}"x"{}}}"#, "[".repeat(120), "]".repeat(120)),
        ] {
            let text = of_json(&json).unwrap();
            assert!(text.chars().count() <= 1_000);
        }
        // Nested deeper than the JSON parser allows.
        assert_eq!(
            of_json(&format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))),
            None
        );
    }

    /// Any JSON with known member names, with a secret in some texts: no panic, no text that is too long, no secret.
    #[test]
    fn whatever_the_form_it_is_short_and_has_no_secret() {
        fn any(random: &mut fastrand::Rng, depth: usize) -> Value {
            match random.u8(..if depth == 0 { 5 } else { 11 }) {
                10 => any(random, depth - 1).to_string().into(),
                0 => Value::Null,
                1 => 7.into(),
                2 => SECRET.into(),
                3 => format!("sk-let-{} is bad", random.u32(..)).into(),
                4 => "is bad".into(),
                5 | 6 => (0..random.usize(..6))
                    .map(|_| any(random, depth - 1))
                    .collect(),
                _ => {
                    let more: &[&str] = &[
                        "errors",
                        "issues",
                        "properties",
                        "constraints",
                        "hostname",
                        SECRET,
                    ];
                    let lists: Vec<_> = KNOWN_NAMES.into_iter().chain([more]).collect();
                    let members = (0..random.usize(..6)).map(|_| {
                        let list = *random.choice(&lists).unwrap();
                        let name = *random.choice(list).unwrap();
                        (name.to_owned(), any(random, depth - 1))
                    });
                    Value::Object(members.collect())
                }
            }
        }
        let mut random = fastrand::Rng::with_seed(5);
        let mut said = 0;
        for _ in 0..5_000 {
            let json = any(&mut random, 6).to_string();
            let Some(text) = of_json(&json) else { continue };
            said += 1;
            assert!(text.chars().count() <= 1_000, "{json}");
            assert!(
                !text.contains("hunter2") && !text.contains("99887766"),
                "{json}: {text}"
            );
            let keys = text.split("sk-let-").skip(1);
            assert!(
                keys.into_iter().all(|rest| rest.starts_with("[redacted]")),
                "{json}: {text}"
            );
        }
        assert!(said > 500, "{said}");
    }
}
