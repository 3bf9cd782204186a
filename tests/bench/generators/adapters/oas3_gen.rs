//! How the code of oas3-gen is called. A module for each case; the benchmarks put each in a file of its own.

pub mod path_values {
    use crate::Outcome;
    use crate::cases::path_values as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::PathValuesClient::with_base_url(url).unwrap();
        let request = api::GetPathValuesRequest {
            path: api::GetPathValuesRequestPath {
                id: argument.as_str().unwrap().to_owned(),
            },
        };
        match client
            .get_path_values(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod path_dots {
    use crate::Outcome;
    use crate::cases::path_dots as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::PathDotsClient::with_base_url(url).unwrap();
        let request = api::GetPathDotsRequest {
            path: api::GetPathDotsRequestPath {
                id: argument.as_str().unwrap().to_owned(),
            },
        };
        match client
            .get_path_dots(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod path_list {
    use crate::Outcome;
    use crate::cases::path_list as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::PathListClient::with_base_url(url).unwrap();
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let request = api::GetPathListRequest {
            path: api::GetPathListRequestPath { ids },
        };
        match client
            .get_path_list(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod query_deep_object {
    use crate::Outcome;
    use crate::cases::query_deep_object as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::QueryDeepObjectClient::with_base_url(url).unwrap();
        let request = api::GetQueryDeepObjectRequest {
            query: api::GetQueryDeepObjectRequestQuery {
                filter: Some(argument),
            },
        };
        match client
            .get_query_deep_object(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod query_one_pair {
    use crate::Outcome;
    use crate::cases::query_one_pair as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::QueryOnePairClient::with_base_url(url).unwrap();
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let request = api::GetQueryOnePairRequest {
            query: api::GetQueryOnePairRequestQuery { ids: Some(ids) },
        };
        match client
            .get_query_one_pair(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod query_pairs {
    use crate::Outcome;
    use crate::cases::query_pairs as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::QueryPairsClient::with_base_url(url).unwrap();
        let ids: Vec<String> = serde_json::from_value(argument).unwrap();
        let request = api::GetQueryPairsRequest {
            query: api::GetQueryPairsRequestQuery { ids: Some(ids) },
        };
        match client
            .get_query_pairs(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod query_left_out {
    use crate::Outcome;
    use crate::cases::query_left_out as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::QueryLeftOutClient::with_base_url(url).unwrap();
        let request = api::GetQueryLeftOutRequest::default();
        match client
            .get_query_left_out(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod query_reserved {
    use crate::Outcome;
    use crate::cases::query_reserved as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::QueryReservedClient::with_base_url(url).unwrap();
        let request = api::GetQueryReservedRequest {
            query: api::GetQueryReservedRequestQuery {
                at: argument.as_str().unwrap().to_owned(),
            },
        };
        match client
            .get_query_reserved(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod headers {
    use crate::Outcome;
    use crate::cases::headers as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::HeadersClient::with_base_url(url).unwrap();
        let request = api::GetHeadersRequest {
            header: api::GetHeadersRequestHeader {
                x_count: -3,
                x_state: api::GetHeadersRequestHeaderXState::On,
                x_list: vec!["a".to_owned(), "b".to_owned()],
            },
        };
        match client
            .get_headers(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod cookies {
    use crate::Outcome;
    use crate::cases::cookies as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::CookiesClient::with_base_url(url).unwrap();
        let request = api::GetCookiesRequest {
            cookie: api::GetCookiesRequestCookie {
                session: argument.as_str().unwrap().to_owned(),
            },
        };
        match client
            .get_cookies(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod body_left_out {
    use crate::Outcome;
    use crate::cases::body_left_out as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::BodyLeftOutClient::with_base_url(url).unwrap();
        let body = argument["name"].as_str().map(|name| api::Thing {
            name: name.to_owned(),
        });
        let request = api::PostBodyLeftOutRequest { body };
        match client
            .post_body_left_out(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod multipart {
    use crate::Outcome;
    use crate::cases::multipart as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::MultipartClient::with_base_url(url).unwrap();
        // A file has no name.
        let body = api::MultipartRequestBody {
            file: b"hello".to_vec(),
            title: "x \"y\"".to_owned(),
            count: 3,
            tags: vec!["a".to_owned(), "b".to_owned()],
        };
        let request = api::PostMultipartRequest { body };
        match client
            .post_multipart(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod events {
    use crate::Outcome;
    use crate::cases::events as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::EventsClient::with_base_url(url).unwrap();
        use futures_util::StreamExt;
        let request = api::GetEventsRequest::default();
        let answer = client
            .get_events(request)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let api::ApiResponse::Ok(mut events) = answer else {
            return Err("another answer".to_owned());
        };
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| format!("{error:?}"))?;
            all.push(serde_json::json!({"n": event.data().n}));
        }
        Ok(all.into())
    }
}

pub mod answer_default {
    use crate::Outcome;
    use crate::cases::answer_default as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::AnswerDefaultClient::with_base_url(url).unwrap();
        let request = api::GetAnswerDefaultRequest::default();
        match client
            .get_answer_default(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(thing) => Ok(serde_json::json!({"name": thing.name})),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod answer_empty {
    use crate::Outcome;
    use crate::cases::answer_empty as api;

    pub async fn call(url: &str, argument: serde_json::Value) -> Outcome {
        let client = api::AnswerEmptyClient::with_base_url(url).unwrap();
        let request = api::DeleteAnswerEmptyRequest {
            path: api::DeleteAnswerEmptyRequestPath {
                id: argument.as_str().unwrap().to_owned(),
            },
        };
        match client
            .delete_answer_empty(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::NoContent => Ok(serde_json::Value::Null),
            other => Err(format!("{other:?}")),
        }
    }
}

pub mod bytes {
    use crate::Outcome;
    use crate::cases::bytes as api;

    pub async fn call(url: &str, _argument: serde_json::Value) -> Outcome {
        let client = api::BytesClient::with_base_url(url).unwrap();
        let request = api::PostBytesRequest {
            body: b"\x00\x01a\"b".to_vec(),
        };
        match client
            .post_bytes(request)
            .await
            .map_err(|error| format!("{error:?}"))?
        {
            api::ApiResponse::Ok(bytes) => Ok(bytes.into()),
            other => Err(format!("{other:?}")),
        }
    }
}
