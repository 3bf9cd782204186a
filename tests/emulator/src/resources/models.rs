//! The models, and the configuration that an agent gets of the handle of one.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{EmbeddingConfig, EmbeddingModel, LlmConfig, Model, ProviderType};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Call, ok};
use crate::http::refusal::{Refusal, shown_id};
use crate::world::World;

/// What an agent has that was given no model.
pub(crate) const DEFAULT: &str = "letta/letta-free";

/// The most that an agent gets as its context window unless it asks for another.
const CONTEXT_WINDOW: i64 = 128_000;

/// The models that are listed: handle, context window, the most that one answer may hold, both in tokens.
const MODELS: [(&str, i64, i64); 5] = [
    (DEFAULT, 30_000, 4_096),
    ("anthropic/claude-sonnet-4-5", 200_000, 64_000),
    ("openai/gpt-4.1", 1_047_576, 16_384),
    ("openai/gpt-4.1-mini", 1_047_576, 16_384),
    ("openai/gpt-4o-mini", 128_000, 16_384),
];

/// The models that embed: handle and dimension.
const EMBEDDING_MODELS: [(&str, i64); 4] = [
    (DEFAULT, 1_536),
    ("openai/text-embedding-3-large", 3_072),
    ("openai/text-embedding-3-small", 1_536),
    ("openai/text-embedding-ada-002", 1_536),
];

/// Where models are said to be. Nothing is there.
const ENDPOINT: &str = "https://models.example.com/v1";

/// Handles of this provider are those of a server that was given a proxy.
const PROXY: &str = "openai-proxy";

/// The provider and the model that a handle names, if there is such a provider.
///
/// Which models an account has is not known here. So each model of a provider of the service's is taken.
fn parts(handle: &str) -> Option<(&str, &str)> {
    let (provider, model) = handle.split_once('/')?;
    let is_known = provider == PROXY || ProviderType::from(provider).is_known();
    (is_known && !model.is_empty()).then_some((provider, model))
}

/// The provider as configurations name it.
fn provider_type(provider: &str) -> &str {
    match provider {
        "letta" | PROXY => "openai",
        provider => provider,
    }
}

fn of_json<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value)
        .map_err(|_| Refusal::unprocessable("the members of the body do not go together"))
}

/// The configuration that the service makes of the handle of a model.
pub(crate) fn config_of(handle: &str) -> Result<LlmConfig, Refusal> {
    if !handle.contains('/') {
        return Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            "INVALID_ARGUMENT: The model handle should be in the format provider/model-name",
        ));
    }
    let Some((provider, model)) = parts(handle) else {
        return Err(Refusal::detail(
            StatusCode::NOT_FOUND,
            format!("NOT_FOUND: Handle {} not found", shown_handle(handle)),
        ));
    };
    let listed = MODELS.iter().find(|(it, ..)| *it == handle);
    let (window, max_tokens) = listed.map_or((CONTEXT_WINDOW, 16_384), |(_, window, most)| {
        ((*window).min(CONTEXT_WINDOW), *most)
    });
    of_json(json!({
        "model": model,
        "display_name": null,
        "model_endpoint_type": provider_type(provider),
        "model_endpoint": ENDPOINT,
        "provider_name": provider,
        "provider_category": "base",
        "model_wrapper": null,
        "context_window": window,
        "put_inner_thoughts_in_kwargs": false,
        "handle": handle,
        "temperature": 1.0,
        "max_tokens": max_tokens,
        "enable_reasoner": false,
        "reasoning_effort": null,
        "max_reasoning_tokens": 0,
        "effort": null,
        "frequency_penalty": null,
        "compatibility_type": null,
        "verbosity": null,
        "tier": null,
        "parallel_tool_calls": false,
        "response_format": null,
        "strict": false,
        "return_logprobs": false,
        "top_logprobs": null,
        "return_token_ids": false,
        "tool_call_parser": null,
    }))
}

/// The configuration that the service makes of the handle of a model that embeds.
pub(crate) fn embedding_config_of(handle: &str) -> Result<EmbeddingConfig, Refusal> {
    let Some((provider, model)) = parts(handle) else {
        return Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            format!(
                "INVALID_ARGUMENT: Embedding model {} not found",
                shown_handle(handle)
            ),
        ));
    };
    let listed = EMBEDDING_MODELS.iter().find(|(it, _)| *it == handle);
    of_json(json!({
        "embedding_endpoint_type": provider_type(provider),
        "embedding_endpoint": ENDPOINT,
        "embedding_model": model,
        "embedding_dim": listed.map_or(1_536, |(_, dimension)| *dimension),
        "embedding_chunk_size": 300,
        "handle": handle,
        "batch_size": 32,
        "azure_endpoint": null,
        "azure_version": null,
        "azure_deployment": null,
    }))
}

/// A handle, if it looks like one and not like a secret.
fn shown_handle(handle: &str) -> String {
    let is_plain = handle.split('/').all(|part| shown_id(part).is_some());
    match is_plain && handle.len() <= 128 {
        true => handle.to_owned(),
        false => "not shown here".to_owned(),
    }
}

/// The settings that the service shows of a model's configuration, with what was set of them.
pub(crate) fn settings_of(config: &LlmConfig, set: Option<&Value>) -> Value {
    let config = serde_json::to_value(config).unwrap_or_default();
    let mut settings = match config["model_endpoint_type"].as_str() {
        Some("openai") | None => json!({
            "provider_type": "openai",
            "reasoning": {"reasoning_effort": match set {
                Some(_) => "high",
                None => "minimal",
            }},
            "strict": set.is_some(),
        }),
        Some(provider) => json!({"provider_type": provider}),
    };
    settings["max_output_tokens"] = config["max_tokens"].clone();
    settings["temperature"] = config["temperature"].clone();
    settings["response_format"] = Value::Null;
    for (name, value) in set.and_then(Value::as_object).into_iter().flatten() {
        settings[name] = value.clone();
    }
    // The server shows this whatever was set.
    settings["parallel_tool_calls"] = Value::Bool(true);
    settings
}

pub(crate) fn list(call: &Call, _: &mut World) -> Result<Response, Refusal> {
    let name = call.query("provider_name");
    let kind = call.query("provider_type");
    let categories: Vec<_> = call.query_all("provider_category").collect();
    let mut models: Vec<Model> = Vec::new();
    for (handle, window, most) in MODELS {
        let config = serde_json::to_value(config_of(handle)?).unwrap_or_default();
        let is_wanted = name
            .as_deref()
            .is_none_or(|name| config["provider_name"] == name)
            && kind
                .as_deref()
                .is_none_or(|kind| config["model_endpoint_type"] == kind)
            && (categories.is_empty() || categories.iter().any(|it| it == "base"));
        if !is_wanted {
            continue;
        }
        let mut model = config.clone();
        model["name"] = config["model"].clone();
        model["display_name"] = config["model"].clone();
        model["provider_type"] = config["model_endpoint_type"].clone();
        model["model_type"] = json!("llm");
        model["context_window"] = json!(window);
        model["max_context_window"] = json!(window);
        model["max_tokens"] = json!(most);
        models.push(of_json(model)?);
    }
    Ok(ok(&models))
}

pub(crate) fn list_embedding(_: &Call, _: &mut World) -> Result<Response, Refusal> {
    let mut models: Vec<EmbeddingModel> = Vec::new();
    for (handle, _) in EMBEDDING_MODELS {
        let config = serde_json::to_value(embedding_config_of(handle)?).unwrap_or_default();
        let mut model = config.clone();
        model["name"] = config["embedding_model"].clone();
        model["display_name"] = config["embedding_model"].clone();
        model["provider_type"] = config["embedding_endpoint_type"].clone();
        model["provider_name"] = config["embedding_endpoint_type"].clone();
        model["model_type"] = json!("embedding");
        models.push(of_json(model)?);
    }
    Ok(ok(&models))
}
