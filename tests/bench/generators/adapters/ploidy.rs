//! How the code of ploidy is called. A module for each case; the benchmarks put each in a file of its own.

pub mod path_values {
    use crate::cases::path_values as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        told(client.get_path_values(argument.as_str().unwrap()).await)
    }
}

pub mod path_dots {
    use crate::cases::path_dots as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        told(client.get_path_dots(argument.as_str().unwrap()).await)
    }
}

pub mod path_list {
    use crate::cases::path_list as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        told(client.get_path_list(&ids.join(",")).await)
    }
}

pub mod query_deep_object {
    use crate::cases::query_deep_object as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        let filter: api::types::Filter = serde_json::from_value(argument).unwrap();
        let query = api::client::default::parameters::GetQueryDeepObjectQuery {
            filter: Some(filter),
        };
        told(client.get_query_deep_object(&query).await)
    }
}

pub mod query_one_pair {
    use crate::cases::query_one_pair as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let query = api::client::default::parameters::GetQueryOnePairQuery { ids: Some(ids) };
        told(client.get_query_one_pair(&query).await)
    }
}

pub mod query_pairs {
    use crate::cases::query_pairs as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let query = api::client::default::parameters::GetQueryPairsQuery { ids: Some(ids) };
        told(client.get_query_pairs(&query).await)
    }
}

pub mod query_left_out {
    use crate::cases::query_left_out as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        told(client.get_query_left_out(&Default::default()).await)
    }
}

pub mod query_reserved {
    use crate::cases::query_reserved as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        let query = api::client::default::parameters::GetQueryReservedQuery {
            at: argument.as_str().unwrap().to_owned(),
        };
        told(client.get_query_reserved(&query).await)
    }
}

pub mod headers {
    use crate::cases::headers as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        // It has no parameters for headers.
        told(client.get_headers().await)
    }
}

pub mod cookies {
    use crate::cases::cookies as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        // It has no parameters for cookies.
        told(client.get_cookies().await)
    }
}

pub mod body_left_out {
    use crate::cases::body_left_out as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        // The body cannot be left out. What is nearest to it is an empty thing.
        let body: api::types::Thing = match argument.is_null() {
            true => serde_json::from_str("{}").map_err(|error| format!("{error}"))?,
            false => serde_json::from_value(argument).unwrap(),
        };
        told(client.post_body_left_out(body).await)
    }
}

pub mod multipart {
    use crate::cases::multipart as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        // The caller writes the form, and its names.
        use api::util::reqwest::multipart::{Form, Part};
        let form = Form::new()
            .part("file", Part::text("hello").file_name("a.txt"))
            .text("title", "x \"y\"")
            .text("count", "3")
            .text("tags", "a")
            .text("tags", "b");
        told(client.post_multipart(form).await)
    }
}

pub mod events {
    use crate::cases::events as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        told(client.get_events().await)
    }
}

pub mod answer_default {
    use crate::cases::answer_default as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        told(client.get_answer_default().await)
    }
}

pub mod answer_empty {
    use crate::cases::answer_empty as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        told(client.delete_answer_empty(argument.as_str().unwrap()).await)
    }
}

pub mod bytes {
    use crate::Outcome;
    use crate::cases::bytes as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::Client::new(url).unwrap();
        // It takes and gives JSON.
        let body = serde_json::Value::from("\0\x01a\"b");
        let answer = client
            .post_bytes(body)
            .await
            .map_err(|error| format!("{error:?}"))?;
        Ok(serde_json::to_value(answer).unwrap())
    }
}
