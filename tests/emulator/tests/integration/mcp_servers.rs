use letta_api::types::{
    CreateMcpServer, CreateMcpServerConfig, CreateStdioMcpServer, CreateStreamableHttpMcpServer,
    McpServer, McpServerId, RunToolRequest, ToolType, UpdateMcpServer, UpdateMcpServerConfig,
    UpdateStreamableHttpMcpServer,
};
use letta_api_emulator::{Emulator, NewTool};
use serde_json::{Value, json};

use crate::typed::{Service, nobody, refused, value};

fn weather() -> CreateMcpServer {
    let config = CreateStreamableHttpMcpServer::new("https://weather.example.com/mcp")
        .with_auth_header("Authorization")
        .with_auth_token("sk-very-secret");
    let config = CreateMcpServerConfig::CreateStreamableHttpMcpServer(Box::new(config));
    CreateMcpServer::new("weather", config)
}

fn json_of(server: &McpServer) -> Value {
    serde_json::to_value(server).unwrap()
}

fn id_of(server: &McpServer) -> McpServerId {
    json_of(server)["id"].as_str().unwrap().to_owned().into()
}

#[tokio::test]
async fn a_server_is_made_read_changed_and_deleted() {
    let service = Service::start().await;
    let client = &service.client;
    let made = value(client.create_mcp_server(&weather()).await);
    let expected = json!({
        "mcp_server_type": "streamable_http",
        "server_url": "https://weather.example.com/mcp",
        "auth_header": "Authorization",
        "auth_token": "Bearer sk-very-secret",
        "id": id_of(&made).as_str(),
        "server_name": "weather",
    });
    assert_eq!(json_of(&made), expected);
    let id = id_of(&made);
    assert_eq!(value(client.get_mcp_server(&id).await), made);
    let program = CreateStdioMcpServer::new("run", vec!["it".to_owned()]);
    let program = CreateMcpServerConfig::CreateStdioMcpServer(Box::new(program));
    let program = value(
        client
            .create_mcp_server(&CreateMcpServer::new("program", program))
            .await,
    );
    assert_eq!(value(client.list_mcp_servers().await), [program, made]);

    let taken = refused(client.create_mcp_server(&weather()).await);
    assert_eq!(taken.0, 409);
    let url = UpdateStreamableHttpMcpServer::new().with_server_url("https://other.example.com/mcp");
    let url = UpdateMcpServerConfig::UpdateStreamableHttpMcpServer(Box::new(url));
    let change = UpdateMcpServer::new(url.clone()).with_server_name("climate");
    let changed = json_of(&value(client.update_mcp_server(&id, &change).await));
    assert_eq!(changed["server_url"], "https://other.example.com/mcp");
    assert_eq!(changed["server_name"], "climate");
    assert_eq!(changed["auth_token"], "Bearer sk-very-secret");
    let taken = UpdateMcpServer::new(url).with_server_name("program");
    assert_eq!(refused(client.update_mcp_server(&id, &taken).await).0, 409);

    value(client.delete_mcp_server(&id).await);
    assert_eq!(refused(client.get_mcp_server(&id).await).0, 404);
    assert_eq!(refused(client.update_mcp_server(&id, &change).await).0, 404);
    let again = refused(client.delete_mcp_server(&id).await);
    assert_eq!(again, (400, format!("MCP server with id {id} not found.")));
}

#[tokio::test]
async fn a_dump_has_servers_without_their_secrets() {
    let service = Service::start().await;
    value(service.client.create_mcp_server(&weather()).await);
    let dump = service.emulator.dump();
    let server = &dump["mcp_servers"][0];
    assert_eq!(server["server_name"], "weather");
    assert_eq!(server["auth_token"], "[redacted]");
    assert!(!dump.to_string().contains("very-secret"), "{dump}");
    assert!(!dump.to_string().contains("weather.example.com"), "{dump}");
}

#[tokio::test]
async fn the_tools_of_a_server_are_those_that_it_was_told_to_offer() {
    let parameters =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let forecast = NewTool::new("forecast")
        .description("Says how it will be.")
        .parameters(parameters)
        .returns("Sunny.");
    let builder = Emulator::builder()
        .mcp_tool("weather", forecast)
        .mcp_tool("weather", "history")
        .agent("agent-1");
    let service = Service::of(builder).await;
    let client = &service.client;
    let id = id_of(&value(client.create_mcp_server(&weather()).await));
    let tools = value(client.list_mcp_server_tools(&id).await);
    let names: Vec<_> = tools.iter().filter_map(|it| it.name.as_deref()).collect();
    assert_eq!(names, ["forecast", "history"]);
    assert_eq!(tools[0].tool_type, Some(ToolType::ExternalMcp));
    assert_eq!(tools[0].tags, ["mcp:weather"]);
    assert_eq!(
        value(client.get_mcp_server_tool(&id, &tools[0].id).await),
        tools[0]
    );
    assert_eq!(value(client.get_tool(&tools[0].id).await), tools[0]);

    let arguments = json!({"city": "Bonn"}).as_object().unwrap().clone();
    let body = RunToolRequest::new().with_args(arguments);
    let result = value(
        client
            .run_mcp_server_tool(&id, &tools[0].id, Some(&body))
            .await,
    );
    assert_eq!(result.func_return, Some(json!("Sunny.")));
    let result = value(client.run_mcp_server_tool(&id, &tools[0].id, None).await);
    assert_eq!(result.status.as_str(), "error");

    let params = Default::default();
    let nothing = json!({"deleted": [], "updated": [], "added": []});
    assert_eq!(
        json!(value(client.refresh_mcp_server(&id, &params).await)),
        nothing
    );
    value(client.delete_tool(&tools[1].id).await);
    let added = json!({"deleted": [], "updated": [], "added": ["history"]});
    assert_eq!(
        json!(value(client.refresh_mcp_server(&id, &params).await)),
        added
    );

    value(client.attach_tool(&"agent-1".into(), &tools[0].id).await);
    value(client.delete_mcp_server(&id).await);
    assert_eq!(refused(client.get_tool(&tools[0].id).await).0, 404);
    assert!(service.state(&"agent-1".into()).tools.is_empty());
}

#[tokio::test]
async fn a_server_that_offers_nothing_cannot_be_reached() {
    let service = Service::start().await;
    let client = &service.client;
    let id = id_of(&value(client.create_mcp_server(&weather()).await));
    assert!(value(client.list_mcp_server_tools(&id).await).is_empty());
    let error = client
        .refresh_mcp_server(&id, &Default::default())
        .await
        .unwrap_err();
    let letta_api::Error::ErrorResponse(response) = error else {
        panic!("{error:?}");
    };
    assert_eq!(response.status().as_u16(), 404);
    assert_eq!(response.into_inner().code(), Some("MCPServerUnavailable"));
    // A server that does not exist has no tools, and cannot be refreshed.
    assert!(value(client.list_mcp_server_tools(&nobody("mcp_server")).await).is_empty());
    let gone = client
        .refresh_mcp_server(&nobody("mcp_server"), &Default::default())
        .await;
    assert_eq!(refused(gone).0, 404);
    for server in [id, nobody("mcp_server")] {
        let tool = nobody("tool");
        assert_eq!(
            refused(client.get_mcp_server_tool(&server, &tool).await).0,
            404
        );
        let run = client.run_mcp_server_tool(&server, &tool, None).await;
        assert_eq!(refused(run).0, 404);
    }
}
