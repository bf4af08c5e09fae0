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
