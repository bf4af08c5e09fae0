//! The first line of JSON Lines: every field of every line, made from their schema.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::published::{jsonl_brief_schema, jsonl_schema};

/// Every field that a line can have, with a value that only shows its type.
#[derive(Serialize)]
pub(in crate::report) struct Fields {
    #[serde(rename = "type")]
    line_type: &'static str,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// The first line of a long or brief report.
pub(in crate::report) fn fields(is_brief: bool) -> Fields {
    let schema = if is_brief { jsonl_brief_schema() } else { jsonl_schema() };
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let lines = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let mut fields = Map::new();
    for line in lines {
        if let Value::Object(of_line) = example(line, &schema) {
            fields.extend(of_line);
        }
    }
    fields.remove("type");
    Fields { line_type: "fields", fields }
}

/// A value with all that `schema` allows. No text is a word that a report says.
fn example(schema: &Value, root: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let definition = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return definition.map_or(Value::Null, |definition| example(definition, root));
    }
    if let Some(one) = schema["anyOf"].as_array().and_then(|any_of| any_of.first()) {
        return example(one, root);
    }
    let kind = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or_else(|| &schema["type"]);
    match (kind.as_str(), schema["format"].as_str()) {
        (Some("object"), _) => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, property)| (name.clone(), example(property, root))).collect()
        }
        (Some("array"), _) => json!([example(&schema["items"], root)]),
        (Some("string"), Some("date-time")) => json!("1970-01-01T00:00:00.000000000Z"),
        (Some("string"), _) => json!(""),
        (Some("integer"), _) => schema.get("const").cloned().unwrap_or_else(|| json!(0)),
        (Some("boolean"), _) => json!(false),
        _ => Value::Null,
    }
}
