//! The same fields as columns of Arrow: one schema, whatever the captures hold.
//!
//! A test holds it against the JSON Schema. The numbers of captures and tickets are left out.

use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::SCHEMA_VERSION;

/// The schema of the stream.
pub(in crate::report) fn arrow_schema() -> Schema {
    let fields = vec![text("type"), structure("session", session()), structure("capture", capture())];
    let metadata = [("schema_version".to_owned(), SCHEMA_VERSION.to_string())];
    Schema::new_with_metadata(fields, metadata)
}

fn session() -> Vec<Field> {
    let mut fields = source();
    fields.extend([
        number("session"),
        text("session_id"),
        text("connection_key"),
        number("tcp_stream"),
        structure("client", end()),
        structure("server", [end(), vec![text("product"), text("build")]].concat()),
        number("first_frame"),
        number("last_frame"),
        number("first_event"),
        number("last_event"),
        time("opened"),
        time("closed"),
        text("first_part"),
        text("last_part"),
        text("captured"),
        flag("tunnelled"),
        flag("tls"),
        number("messages_accepted"),
        text("outcome"),
        text("cause"),
        text("fault"),
        text("confidence"),
        flag("recovered"),
        text("reason"),
        number("delivered_later"),
        structure("deciding", vec![number("frame"), text("command"), short("code"), text("enhanced"), text("text")]),
        structure("lost_hello", vec![text("verb"), octets("argument"), list("problems", DataType::Utf8)]),
        short("greeting_code"),
        structure(
            "hello",
            vec![
                number("frame"),
                text("verb"),
                octets("argument"),
                list("problems", DataType::Utf8),
                text("suggestion"),
                short("reply_code"),
            ],
        ),
        structure("proxied_client", end()),
    ]);
    fields
}

fn capture() -> Vec<Field> {
    let mut fields = source();
    fields.extend([
        text("status"),
        text("status_reason"),
        text("format"),
        list("link_types", DataType::Utf8),
        number("frames"),
        time("first_timestamp"),
        time("last_timestamp"),
        number("sessions"),
        structures("undecoded", vec![text("code"), number("count")]),
        list("notes", DataType::Utf8),
        structure("error", vec![text("kind"), number("offset"), text("message")]),
        flag("truncated"),
        number("dropped"),
        list("compression", DataType::Utf8),
        text("time_zone"),
        structures("parts", vec![text("path"), number("first_frame"), number("frames")]),
        structures("failed_lookups", failed_lookup()),
        number("failed_lookups_omitted"),
        number("lookups_forgotten"),
        structures("other_ports", vec![short("port"), number("connections")]),
        flag("other_ports_followed"),
        number("other_ports_connections_omitted"),
        structure("copy_of", source()),
        number("filtered_out"),
        text("fingerprint"),
    ]);
    fields
}

fn failed_lookup() -> Vec<Field> {
    vec![
        text("name"),
        text("record_type"),
        text("failure"),
        text("message"),
        text("client_ip"),
        flag("client_takes_mail"),
        number("frame"),
        number("answered_frame"),
        time("time"),
    ]
}

/// What names a capture.
fn source() -> Vec<Field> {
    vec![text("path"), text("path_base64"), text("member")]
}

/// An end of a connection.
fn end() -> Vec<Field> {
    vec![text("ip"), short("port")]
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

/// A port or the code of a reply.
fn short(name: &str) -> Field {
    Field::new(name, DataType::Int32, true)
}

fn time(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)
}

/// Octets of a capture.
fn octets(name: &str) -> Field {
    structure(name, vec![text("text"), text("base64")])
}

fn structure(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(fields.into()), true)
}

fn list(name: &str, of: DataType) -> Field {
    Field::new(name, DataType::List(Field::new("item", of, true).into()), true)
}

fn structures(name: &str, fields: Vec<Field>) -> Field {
    list(name, DataType::Struct(fields.into()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::report::model::jsonl_brief_schema;

    /// Numbers that mean something within one run only.
    const OF_A_RUN: [&str; 2] = ["capture", "ticket"];

    /// The type of every field below, as the JSON Schema has it.
    fn of_json(path: &str, schema: &Value, root: &Value, found: &mut BTreeMap<String, String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            return of_json(path, root.pointer(reference.strip_prefix('#').unwrap()).unwrap(), root, found);
        }
        if let Some(one) = schema["anyOf"].as_array().and_then(|any_of| any_of.first()) {
            return of_json(path, one, root, found);
        }
        let kind = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or_else(|| &schema["type"]);
        let kind = match (kind.as_str().unwrap(), schema["format"].as_str()) {
            ("object", _) => {
                let properties = schema["properties"].as_object().unwrap();
                for (name, property) in properties.iter().filter(|(name, _)| !OF_A_RUN.contains(&name.as_str())) {
                    of_json(&format!("{path}.{name}"), property, root, found);
                }
                return;
            }
            ("array", _) => return of_json(&format!("{path}[]"), &schema["items"], root, found),
            ("string", Some("date-time")) => "Timestamp(µs, \"UTC\")",
            ("string", _) => "Utf8",
            ("integer", Some("uint16")) => "Int32",
            ("integer", Some("int64")) => "Int64",
            ("boolean", _) => "Boolean",
            other => panic!("{path}: {other:?}"),
        };
        found.insert(path.to_owned(), kind.to_owned());
    }

    /// The same as the schema of Arrow has it.
    fn of_arrow(path: &str, kind: &DataType, found: &mut BTreeMap<String, String>) {
        match kind {
            DataType::Struct(fields) => {
                for field in fields {
                    of_arrow(&format!("{path}.{}", field.name()), field.data_type(), found);
                }
            }
            DataType::List(item) => of_arrow(&format!("{path}[]"), item.data_type(), found),
            kind => drop(found.insert(path.to_owned(), kind.to_string())),
        }
    }

    #[test]
    fn columns_are_the_fields_of_brief_lines() {
        let root: Value = serde_json::from_str(jsonl_brief_schema()).unwrap();
        let lines = root["oneOf"].as_array().unwrap().iter();
        let lines = lines.map(|line| root.pointer(line["$ref"].as_str().unwrap().strip_prefix('#').unwrap()).unwrap());
        for (column, line_type) in [("session", "session"), ("capture", "capture_end")] {
            let line = lines.clone().find(|line| line["properties"]["type"]["const"] == line_type).unwrap();
            let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
            of_json("", line, &root, &mut expected);
            expected.remove(".type").unwrap();
            of_arrow("", arrow_schema().field_with_name(column).unwrap().data_type(), &mut found);
            assert_eq!(found, expected);
            assert!(found.len() > 30);
        }
    }
}
