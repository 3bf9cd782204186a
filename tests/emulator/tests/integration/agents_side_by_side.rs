//! Agents and what is attached to them, tools, tags and agent files: as the self-hosted server has them.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::raw::Answer;
use crate::side_by_side::{Server, same};

const NOBODY: &str = "agent-00000000-0000-4000-8000-000000000000";

const ROLL: &str = "def sbs_roll(sides: int, times: int = 1) -> str:\n    \"\"\"Rolls a die.\n\n    \
    Args:\n        sides: How many.\n        times: How often.\n    \"\"\"\n    return '4'\n";

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

async fn get(server: &mut Server, path: &str) -> Value {
    server.call(Method::GET, path, None).await
}

async fn patch(server: &mut Server, path: &str, body: Option<Value>) -> Value {
    server.call(Method::PATCH, path, body).await
}

async fn delete(server: &mut Server, path: &str) {
    server.call(Method::DELETE, path, None).await;
}

#[tokio::test]
async fn agents() {
    same(async |server| {
        let ada = server
            .agent(json!({
                "description": "Knows engines.",
                "tags": ["sbsa-one", "sbsa-two"],
                "metadata": {"a": 1},
                "memory_blocks": [{"label": "human", "value": "Sam"}, {"label": "team", "value": "Blue."}],
                "tools": ["conversation_search"],
                "secrets": {"KEY": "value"},
                "timezone": "Europe/Berlin",
                "context_window_limit": 5_000,
            }))
            .await;
        let path = format!("/v1/agents/{ada}");
        get(server, &path).await;
        let include = "agent.tags&include=agent.blocks&include=agent.identities&include=agent.sources&include=agent.secrets";
        get(server, &format!("{path}?include={include}")).await;
        get(server, "/v1/agents/?tags=sbsa-one&tags=sbsa-two&match_all_tags=true").await;
        get(server, "/v1/agents/?tags=sbsa-one&query_text=SIDE%20BY&order=asc&include=agent.tags").await;
        get(server, "/v1/agents/?tags=sbsa-one&limit=0").await;
        get(server, "/v1/agents/?tags=sbsa-none").await;
        get(server, &format!("/v1/agents/?tags=sbsa-one&after={ada}")).await;
        get(server, &format!("/v1/agents/?tags=sbsa-one&after={NOBODY}&order_by=last_run_completion")).await;
        get(server, "/v1/tags/?name=sbsa-").await;
        get(server, "/v1/tags/?name=sbsa-&order=desc&limit=1").await;
        for change in [
            json!({}),
            json!({"name": "Grace", "tags": ["sbsa-one"], "description": null}),
            json!({"tags": null, "block_ids": null, "tool_ids": null}),
            json!({"secrets": {"OTHER": "x"}}),
            json!({"response_format": {"type": "json_object"}}),
            json!({"tool_rules": [{"tool_name": "conversation_search", "type": "exit_loop"}]}),
            json!({"max_tokens": 100, "max_files_open": 2, "message_buffer_autoclear": true}),
            json!({"model_settings": {"provider_type": "openai", "temperature": 0.5}}),
            json!({"parallel_tool_calls": true}),
            json!({"model": "nobody/gpt"}),
            json!({"tool_ids": ["tool-00000000-0000-4000-8000-000000000000"]}),
            json!({"tool_ids": [], "block_ids": []}),
        ] {
            patch(server, &path, Some(change)).await;
        }
        delete(server, &path).await;
        for (method, path) in [
            (Method::GET, &*path),
            (Method::DELETE, &path),
            (Method::PATCH, &path),
        ] {
            let body = (method == Method::PATCH).then(|| json!({}));
            server.call(method, path, body).await;
        }
        for body in [
            json!({"model": "gpt"}),
            json!({"model": "nobody/gpt"}),
            json!({"model": "openai-proxy/gpt-4o-mini", "tools": ["sbs_none"]}),
            json!({"model": "openai-proxy/gpt-4o-mini", "identity_ids": ["identity-00000000-0000-4000-8000-000000000000"]}),
            json!({"model": "openai-proxy/gpt-4o-mini", "embedding": "nobody/e"}),
        ] {
            server.call(Method::POST, "/v1/agents/", Some(body)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_attached() {
    same(async |server| {
        let agent = server.agent(json!({})).await;
        let path = format!("/v1/agents/{agent}");
        let new =
            json!({"label": "sbs", "value": "One.", "tags": ["sbs-tag"], "metadata": {"a": 1}});
        let block = server
            .call(Method::POST, "/v1/blocks/", Some(new.clone()))
            .await;
        let other = server.call(Method::POST, "/v1/blocks/", Some(new)).await;
        let blocks = format!("{path}/core-memory/blocks");
        patch(server, &format!("{blocks}/attach/{}", id(&block)), None).await;
        patch(server, &format!("{blocks}/attach/{}", id(&block)), None).await;
        patch(server, &format!("{blocks}/attach/{}", id(&other)), None).await;
        get(server, &blocks).await;
        get(server, &format!("{blocks}?limit=1&order=asc")).await;
        get(server, &format!("{blocks}/sbs")).await;
        get(server, &format!("{blocks}/none")).await;
        patch(
            server,
            &format!("{blocks}/sbs"),
            Some(json!({"value": "Two."})),
        )
        .await;
        let of_block = format!("/v1/blocks/{}", id(&block));
        get(server, &of_block).await;
        get(server, &format!("{of_block}/agents")).await;
        get(server, &format!("{of_block}/agents?include=agent.blocks")).await;
        for query in [
            "label=sbs&tags=sbs-tag&order=asc",
            "label_search=SBS&value_search=two&tags=sbs-tag",
            "tags=sbs-tag&connected_to_agents_count_eq=1",
            "tags=sbs-tag&connected_to_agents_count_lt=1",
            "label=sb",
        ] {
            get(server, &format!("/v1/blocks/?{query}")).await;
        }
        patch(server, &format!("{blocks}/detach/{}", id(&block)), None).await;
        patch(server, &format!("{blocks}/detach/{}", id(&block)), None).await;
        patch(
            server,
            &of_block,
            Some(json!({"description": "New.", "tags": []})),
        )
        .await;
        delete(server, &of_block).await;
        delete(server, &of_block).await;
        get(server, &of_block).await;
        delete(server, &format!("/v1/blocks/{}", id(&other))).await;

        let archive = json!({"name": "sbs", "embedding": "openai/text-embedding-3-small"});
        let archive = server
            .call(Method::POST, "/v1/archives/", Some(archive.clone()))
            .await;
        let second = json!({"name": "sbs-2", "embedding": "openai/text-embedding-3-small"});
        let second = server
            .call(Method::POST, "/v1/archives/", Some(second))
            .await;
        for (step, archive) in [
            ("attach", &archive),
            ("attach", &archive),
            ("attach", &second),
            ("detach", &archive),
            ("detach", &archive),
        ] {
            patch(
                server,
                &format!("{path}/archives/{step}/{}", id(archive)),
                None,
            )
            .await;
        }
        delete(server, &format!("/v1/archives/{}", id(&archive))).await;
        delete(server, &format!("/v1/archives/{}", id(&second))).await;

        let name = format!("sbs-{}", &agent[agent.len() - 12..]);
        let folder = json!({"name": name, "embedding": "openai/text-embedding-3-small"});
        let folder = server
            .call(Method::POST, "/v1/folders/", Some(folder))
            .await;
        let folders = format!("{path}/folders");
        patch(server, &format!("{folders}/attach/{}", id(&folder)), None).await;
        get(server, &folders).await;
        // They come in any order, so that they are not compared one by one.
        let tools = server.request(Method::GET, &format!("{path}/tools?limit=100"));
        let tools = Answer::of(tools).await.json();
        assert_eq!(tools.as_array().unwrap().len(), 3);
        for _ in 0..2 {
            patch(server, &format!("{folders}/detach/{}", id(&folder)), None).await;
        }
        get(server, &format!("{path}/tools")).await;
        delete(server, &format!("/v1/folders/{}", id(&folder))).await;
        for what in ["tools", "core-memory/blocks", "folders"] {
            get(server, &format!("/v1/agents/{NOBODY}/{what}")).await;
        }
        delete(server, &path).await;
    })
    .await;
}

#[tokio::test]
async fn tools() {
    same(async |server| {
        let new = json!({"source_code": ROLL, "tags": ["sbs"], "return_char_limit": 100});
        let tool = server.call(Method::POST, "/v1/tools/", Some(new.clone())).await;
        server.call(Method::PUT, "/v1/tools/", Some(new)).await;
        let path = format!("/v1/tools/{}", id(&tool));
        get(server, &path).await;
        for query in ["name=sbs_roll", "search=SBS_R", "names=sbs_roll&names=sbs_none", "tool_types=magic", "name=sbs_none", "limit=0"] {
            get(server, &format!("/v1/tools/?{query}")).await;
        }
        let agent = server.agent(json!({"tool_ids": [id(&tool)]})).await;
        let of_agent = format!("/v1/agents/{agent}/tools");
        get(server, &of_agent).await;
        let approval = format!("{of_agent}/approval/sbs_roll");
        patch(server, &approval, Some(json!({"requires_approval": true}))).await;
        get(server, &format!("/v1/agents/{agent}")).await;
        patch(server, &approval, Some(json!({"requires_approval": false}))).await;
        patch(server, &approval, None).await;
        server.call(Method::POST, &format!("{of_agent}/sbs_none/run"), Some(json!({"args": {}}))).await;
        for (step, tool) in [
            ("detach", &*id(&tool)),
            ("detach", "tool-00000000-0000-4000-8000-000000000000"),
            ("attach", "tool-00000000-0000-4000-8000-000000000000"),
            ("attach", &id(&tool)),
        ] {
            patch(server, &format!("{of_agent}/{step}/{tool}"), None).await;
        }
        for change in [
            json!({}),
            json!({"description": "New.", "tags": ["sbs-2"], "default_requires_approval": true}),
            json!({"source_code": "def sbs_roll():\n    'Other.'\n"}),
            json!({"source_code": "def sbs_other():\n    'Other.'\n"}),
            json!({"json_schema": {"name": "sbs_renamed", "description": "x", "parameters": {"type": "object", "properties": {}}}}),
        ] {
            patch(server, &path, Some(change)).await;
        }
        delete(server, &path).await;
        delete(server, &path).await;
        get(server, &path).await;
        get(server, &of_agent).await;
        delete(server, &format!("/v1/agents/{agent}")).await;
        for source in [
            "x = 1\n",
            "def sbs(:\n",
            "def sbs(a: int):\n    return 1\n",
            "def sbs(a):\n    'A.'\n",
            "def sbs(a: int):\n    'A.'\n",
            "async def sbs():\n    'A.'\n",
        ] {
            server.call(Method::POST, "/v1/tools/", Some(json!({"source_code": source}))).await;
        }
    })
    .await;
}

#[tokio::test]
async fn servers_of_tools() {
    same(async |server| {
        let config = json!({"mcp_server_type": "streamable_http", "server_url": "https://example.com/mcp", "auth_header": "Authorization", "auth_token": "x", "custom_headers": {"a": "b"}});
        let new = json!({"server_name": "sbs", "config": config});
        let made = server.call(Method::POST, "/v1/mcp-servers/", Some(new.clone())).await;
        server.call(Method::POST, "/v1/mcp-servers/", Some(new)).await;
        let path = format!("/v1/mcp-servers/{}", id(&made));
        get(server, &path).await;
        let change = json!({"server_name": "sbs-2", "config": {"mcp_server_type": "streamable_http", "server_url": "https://example.com/other"}});
        patch(server, &path, Some(change)).await;
        get(server, &format!("{path}/tools")).await;
        patch(server, &format!("{path}/refresh"), None).await;
        delete(server, &path).await;
        delete(server, &path).await;
        get(server, &path).await;
        get(server, &format!("{path}/tools")).await;
    })
    .await;
}

async fn import(
    server: &mut Server,
    file: &Value,
    fields: &[(&'static str, &'static str)],
) -> Value {
    let mut form = Form::new().part("file", Part::text(file.to_string()).file_name("sbs.af"));
    for (name, value) in fields {
        form = form.text(*name, *value);
    }
    let request = server
        .request(Method::POST, "/v1/agents/import")
        .multipart(form);
    server.send(format!("import {fields:?}"), request).await
}

#[tokio::test]
async fn agent_files() {
    same(async |server| {
        let agent = server
            .agent(json!({
                "memory_blocks": [{"label": "human", "value": "Sam"}],
                "tags": ["sbs-file"],
                "secrets": {"KEY": "value"},
                "tools": ["conversation_search"],
                "embedding": null,
            }))
            .await;
        let path = format!("/v1/agents/{agent}/export");
        let file = get(server, &path).await;
        get(server, &format!("{path}?scrub_messages=true")).await;
        get(server, &format!("{path}?use_legacy_format=true")).await;
        get(server, &format!("/v1/agents/{NOBODY}/export")).await;
        for fields in [
            &[][..],
            &[("name", "Grace"), ("secrets", r#"{"KEY": "new"}"#)],
            &[
                ("append_copy_suffix", "false"),
                ("model", "openai-proxy/gpt-4.1"),
            ],
            &[("secrets", "[1]")],
            &[("model", "nobody/gpt")],
        ] {
            let made = import(server, &file, fields).await;
            let Some(made) = made["agent_ids"][0].as_str() else {
                continue;
            };
            let made = format!("/v1/agents/{made}");
            let include = "include=agent.tools&include=agent.blocks&include=agent.tags";
            get(server, &format!("{made}?{include}")).await;
            get(server, &format!("{made}/messages")).await;
            delete(server, &made).await;
        }
        import(server, &json!({}), &[]).await;
        import(server, &json!({"agents": []}), &[]).await;
        delete(server, &format!("/v1/agents/{agent}")).await;
    })
    .await;
}
