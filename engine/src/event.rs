//! The events of index.d.ts. Parsing validates them: an [`Event`] is always valid.
//!
//! [`Event::parse`] reads the output of [`Event::write`]. The batch format has the fields of the
//! JavaScript methods, so the collector applies the same rules as the page.

mod parse;
mod schema;

pub use schema::{Field, Kind, search_field_names};

use super::json::{Object, push_list};
use super::limits::Limits;
use super::number::whole;
use super::text::parse_whole;

/// An action of a visitor: a kind and its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    kind: Kind,
    fields: Vec<(Field, Data)>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Text.
    Text(String),
    /// A number or a boolean, or a list of any values, as JSON.
    Literal(String),
    /// Item ids.
    List(Vec<String>),
    /// An object with fields.
    Object(Vec<(Field, Data)>),
}

impl Event {
    /// The event that joins a visitor to an account. Both ids are in the record, not in the event.
    pub fn login() -> Self {
        Self::bare(Kind::Login)
    }

    /// An event without fields.
    pub fn bare(kind: Kind) -> Self {
        Self { kind, fields: Vec::new() }
    }

    /// The event's kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its fields.
    pub fn fields(&self) -> &[(Field, Data)] {
        &self.fields
    }

    /// The value of a field.
    pub fn data(&self, field: Field) -> Option<&Data> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, data)| data)
    }

    /// A text field's text, or a number as text.
    pub fn get(&self, field: Field) -> Option<&str> {
        match self.data(field)? {
            Data::Text(text) | Data::Literal(text) => Some(text),
            Data::List(_) | Data::Object(_) => None,
        }
    }

    /// The item's id and type, if the event is about one item.
    pub fn item(&self) -> Option<(&str, &str)> {
        Some((self.get(Field::ItemId)?, self.get(Field::ItemType)?))
    }

    /// The item ids: those of a `rendered`, otherwise the single item's.
    pub fn items(&self) -> &[String] {
        match self.data(Field::Items).or_else(|| self.data(Field::ItemId)) {
            Some(Data::List(items)) => items,
            Some(Data::Text(id)) => std::slice::from_ref(id),
            Some(Data::Literal(_) | Data::Object(_)) | None => &[],
        }
    }

    /// Whether both have the same text in this field, or none.
    pub fn agrees(&self, other: &Self, field: Field) -> bool {
        self.get(field) == other.get(field)
    }

    /// Adds an item to the `rendered` of its type and list among these events. Adds a new
    /// `rendered` if there is none.
    pub fn add_rendered(events: &mut Vec<Self>, item_id: &str, item_type: &str, list: &Self) {
        let item_id = item_id.to_owned();
        for event in events.iter_mut() {
            if event.kind == Kind::Rendered
                && event.get(Field::ItemType) == Some(item_type)
                && event.agrees(list, Field::Scenario)
                && event.agrees(list, Field::Variant)
                && event.items().len() < Limits::VALUE_WIDTH
            {
                return event.add_item(item_id);
            }
        }
        let mut fields = vec![
            (Field::ItemType, Data::Text(item_type.to_owned())),
            (Field::Items, Data::List(vec![item_id])),
        ];
        fields.extend_from_slice(&list.fields);
        events.push(Self { kind: Kind::Rendered, fields });
    }

    /// Adds an item id to a `rendered`, unless it has the id already.
    pub fn add_item(&mut self, id: String) {
        for (_, data) in &mut self.fields {
            if let Data::List(items) = data
                && !items.contains(&id)
            {
                items.push(id);
                return;
            }
        }
    }

    /// A copy with these item ids.
    pub fn with_items(&self, items: Vec<String>) -> Self {
        self.with(Field::Items, Data::List(items))
    }

    /// The consumed percentage. Without a value the item counts as consumed.
    pub fn percentage(&self) -> u8 {
        self.get(Field::Percentage).and_then(parse_whole).unwrap_or(100) as u8
    }

    /// A copy with this percentage, 0 to 100.
    pub fn with_percentage(&self, percentage: u8) -> Self {
        self.with(Field::Percentage, Data::Literal(whole(u64::from(percentage.min(100)))))
    }

    /// Writes the event's fields, named as in index.d.ts. Absent fields are not written.
    pub fn write(&self, out: &mut Object<'_>) {
        write(&self.fields, self.get(Field::ItemType).unwrap_or_default(), out);
    }

    fn with(&self, field: Field, data: Data) -> Self {
        let mut event = self.clone();
        match event.fields.iter_mut().find(|(name, _)| *name == field) {
            Some((_, old)) => *old = data,
            None => event.fields.push((field, data)),
        }
        event
    }
}

fn write(fields: &[(Field, Data)], item_type: &str, out: &mut Object<'_>) {
    for (field, data) in fields {
        let name = field.name();
        match data {
            Data::Text(text) => {
                out.text(name, text);
            }
            Data::Literal(json) => {
                out.raw(name, json);
            }
            Data::List(ids) => push_list(out.key(name), ids, |out, id| {
                let mut object = Object::new(out);
                object.text(Field::ItemId.name(), id).text(Field::ItemType.name(), item_type);
                object.end();
            }),
            Data::Object(fields) => {
                let mut object = Object::new(out.key(name));
                write(fields, item_type, &mut object);
                object.end();
            }
        }
    }
}
