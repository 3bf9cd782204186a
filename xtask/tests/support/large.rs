//! Descriptions of any size.

use serde_json::{Map, Value, json};

/// A description of `tags` × `operations`. Each operation has types of its own, some nested; those of a tag share a
/// few, and some are shared by the operations of several tags.
pub(crate) fn description(tags: usize, operations: usize) -> Value {
    let reference = |name: String| json!({"$ref": format!("#/components/schemas/{name}")});
    let mut schemas = Map::new();
    let mut paths = Map::new();
    let mut tag_list = Vec::new();
    let fields = |count: usize| -> Map<String, Value> {
        let field = |index| json!({"type": "string", "description": format!("Field {index}.")});
        (0..count)
            .map(|index| (format!("field_{index}"), field(index)))
            .collect()
    };
    for index in 0..tags * 2 {
        let mut properties = fields(5);
        if index > 3 {
            properties.insert("next".to_owned(), reference(format!("Shared{}", index / 3)));
        }
        let schema = json!({"type": "object", "properties": properties, "required": ["field_0"]});
        schemas.insert(format!("Shared{index}"), schema);
    }
    for tag in 0..tags {
        let name = tag_name(tag);
        tag_list.push(json!({"name": name, "description": format!("Things of {name}. And more.")}));
        schemas.insert(
            format!("Kind{tag}"),
            json!({"type": "string", "enum": ["a", "b"], "x-codegen-open": true}),
        );
        for operation in 0..operations {
            let thing = format!("Thing{tag}Of{operation}");
            let mut properties = fields(5);
            properties.insert("kind".to_owned(), reference(format!("Kind{tag}")));
            let shared = (tag * 7 + operation) % (tags * 2);
            properties.insert("shared".to_owned(), reference(format!("Shared{shared}")));
            let deep = json!({"type": "object", "properties": {"y": {"type": "string"}}});
            let inner =
                json!({"type": "object", "properties": {"x": {"type": "boolean"}, "deep": deep}});
            properties.insert("inner".to_owned(), inner);
            schemas.insert(
                thing.clone(),
                json!({"type": "object", "properties": properties, "required": ["kind"]}),
            );
            paths.insert(
                format!("/v1/{name}/{operation}/{{id}}"),
                json!({"put": {
                    "operationId": format!("put_{tag}_{operation}"),
                    "tags": [name],
                    "summary": "Puts it.",
                    "x-codegen-safe-to-repeat": true,
                    "parameters": [
                        {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "format": "int32"}},
                    ],
                    "requestBody": {"required": true, "content": {"application/json": {"schema": reference(thing.clone())}}},
                    "responses": {
                        "200": {"description": "It.", "content": {"application/json": {"schema": reference(thing)}}},
                        "422": {"description": "No.", "content": {"application/json": {"schema": reference("Shared0".to_owned())}}},
                    },
                }}),
            );
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Large", "version": "1.0.0"},
        "tags": tag_list,
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// The tag of this number.
pub(crate) fn tag_name(index: usize) -> String {
    let letter = |index: usize| char::from(b'a' + u8::try_from(index).unwrap());
    format!("tag{}{}", letter(index / 26), letter(index % 26))
}
