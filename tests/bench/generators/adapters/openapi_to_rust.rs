//! How the code of openapi-to-rust is called. A module for each case; the benchmarks put each in a file of its own.

pub mod path_values {
    use crate::cases::path_values as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.get_path_values(argument.as_str().unwrap()).await)
    }
}

pub mod path_dots {
    use crate::cases::path_dots as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.get_path_dots(argument.as_str().unwrap()).await)
    }
}

pub mod path_list {
    use crate::cases::path_list as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        told(client.get_path_list(ids.join(",")).await)
    }
}

pub mod query_deep_object {
    use crate::cases::query_deep_object as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let filter: api::types::Filter = serde_json::from_value(argument).unwrap();
        told(client.get_query_deep_object(Some(filter)).await)
    }
}

pub mod query_one_pair {
    use crate::cases::query_one_pair as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        told(client.get_query_one_pair(Some(ids)).await)
    }
}

pub mod query_pairs {
    use crate::cases::query_pairs as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        told(client.get_query_pairs(Some(ids)).await)
    }
}

pub mod query_left_out {
    use crate::cases::query_left_out as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.get_query_left_out(None, None).await)
    }
}

pub mod query_reserved {
    use crate::cases::query_reserved as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.get_query_reserved(argument.as_str().unwrap()).await)
    }
}

pub mod headers {
    use crate::cases::headers as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let list = vec!["a".to_owned(), "b".to_owned()];
        told(
            client
                .get_headers(-3, api::GetHeadersXState::On, list)
                .await,
        )
    }
}

pub mod cookies {
    use crate::cases::cookies as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.get_cookies(argument.as_str().unwrap()).await)
    }
}

pub mod body_left_out {
    use crate::cases::body_left_out as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let body: Option<api::types::Thing> = serde_json::from_value(argument).unwrap();
        told(client.post_body_left_out(body).await)
    }
}

pub mod multipart {
    use crate::cases::multipart as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let request = api::types::PostMultipartRequest {
            count: 3,
            file: api::types::MultipartFile::new("hello").with_file_name("a.txt"),
            tags: vec!["a".to_owned(), "b".to_owned()],
            title: "x \"y\"".to_owned(),
        };
        told(client.post_multipart(request).await)
    }
}

pub mod events {
    use crate::Outcome;
    use crate::cases::events as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        use futures_util::StreamExt;
        // It gives the bytes of the stream.
        let bytes = client
            .get_events()
            .await
            .map_err(|error| format!("{error:?}"))?;
        let parts: Vec<_> = bytes.map(|part| part.unwrap().to_vec()).collect().await;
        Ok(serde_json::Value::from(
            String::from_utf8(parts.concat()).unwrap(),
        ))
    }
}

pub mod answer_default {
    use crate::cases::answer_default as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.get_answer_default().await)
    }
}

pub mod answer_empty {
    use crate::cases::answer_empty as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        told(client.delete_answer_empty(argument.as_str().unwrap()).await)
    }
}

pub mod bytes {
    use crate::Outcome;
    use crate::cases::bytes as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HttpClient::new().with_base_url(url);
        let bytes = client
            .post_bytes(b"\x00\x01a\"b".to_vec())
            .await
            .map_err(|error| format!("{error:?}"))?;
        Ok(serde_json::to_value(bytes.to_vec()).unwrap())
    }
}
