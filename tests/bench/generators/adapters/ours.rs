//! How the code of our generator is called. A module for each case; the benchmarks put each in a file of its own.

pub mod path_values {
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        told(
            client
                .get_path_values(argument.as_str().unwrap())
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod path_dots {
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        told(
            client
                .get_path_dots(argument.as_str().unwrap())
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod path_list {
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        told(client.get_path_list(&ids).await.map(|it| it.into_inner()))
    }
}

pub mod query_deep_object {
    use crate::cases::query_deep_object as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let filter: api::types::Filter = serde_json::from_value(argument).unwrap();
        let params = api::types::GetQueryDeepObjectParams::default().with_filter(filter);
        told(
            client
                .get_query_deep_object(&params)
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod query_one_pair {
    use crate::cases::query_one_pair as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let params = api::types::GetQueryOnePairParams::default().with_ids(ids);
        told(
            client
                .get_query_one_pair(&params)
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod query_pairs {
    use crate::cases::query_pairs as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let params = api::types::GetQueryPairsParams::default().with_ids(ids);
        told(
            client
                .get_query_pairs(&params)
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod query_left_out {
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        told(
            client
                .get_query_left_out(&Default::default())
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod query_reserved {
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        told(
            client
                .get_query_reserved(argument.as_str().unwrap())
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod headers {
    use crate::cases::headers as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let list = vec!["a".to_owned(), "b".to_owned()];
        told(
            client
                .get_headers(-3, &list, api::types::GetHeadersXState::On)
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod cookies {
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let session = argument.as_str().unwrap();
        told(client.get_cookies(session).await.map(|it| it.into_inner()))
    }
}

pub mod body_left_out {
    use crate::cases::body_left_out as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let body: Option<api::types::Thing> = serde_json::from_value(argument).unwrap();
        told(
            client
                .post_body_left_out(body.as_ref())
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod multipart {
    use crate::cases::multipart as api;
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        let file = letta_api::FilePart::bytes("a.txt", "hello");
        let tags = vec!["a".to_owned(), "b".to_owned()];
        let body = api::types::PostMultipartBody::new(file, "x \"y\"", 3, tags);
        told(client.post_multipart(body).await.map(|it| it.into_inner()))
    }
}

pub mod events {
    use crate::Outcome;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        use futures_util::StreamExt;
        let mut events = client
            .get_events()
            .await
            .map_err(|error| format!("{error:?}"))?
            .into_inner();
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            all.push(event.map_err(|error| format!("{error:?}"))?);
        }
        Ok(serde_json::to_value(all).unwrap())
    }
}

pub mod answer_default {
    use crate::{Outcome, told};

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        told(client.get_answer_default().await.map(|it| it.into_inner()))
    }
}

pub mod answer_empty {
    use crate::{Outcome, told};

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        told(
            client
                .delete_answer_empty(argument.as_str().unwrap())
                .await
                .map(|it| it.into_inner()),
        )
    }
}

pub mod bytes {
    use crate::Outcome;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = letta_api::Client::new(url.parse().unwrap(), reqwest::Client::new());
        use futures_util::StreamExt;
        let bytes = client
            .post_bytes(b"\x00\x01a\"b".to_vec())
            .await
            .map_err(|error| format!("{error:?}"))?
            .into_inner();
        let parts: Vec<_> = bytes.map(|part| part.unwrap().to_vec()).collect().await;
        Ok(serde_json::to_value(parts.concat()).unwrap())
    }
}
