//! Answers in the form of Ibexa's recommendation interface, with links to this collector's tracking
//! interface. `viewers`, the number of an item's visitors, is left out, because it is the shop's own.

use super::model::Pick;
use crate::user::UserId;
use recobeacon_engine::json::{Object, push_list, push_text};
use recobeacon_engine::percent::push_encoded;

/// The links of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// The host, with a port if it needs one.
    pub host: &'a str,
    /// The customer of the tracking interface, or an empty text.
    pub customer: &'a str,
    /// The visitor.
    pub user: &'a UserId,
}

/// An answer before it is written.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The name of the scenario.
    pub scenario: &'a str,
    /// Where the recommendations come from, in Ibexa's words.
    pub source: Option<&'static str>,
    /// The items that the visitor looks at, as type and id.
    pub context: &'a [(String, String)],
    /// The recommended items.
    pub picks: &'a [Pick],
    /// Absent: the visitor is not known.
    pub links: Option<Links<'a>>,
}

/// The highest `relevance`.
const RELEVANCE: f32 = 100.0;
/// Ids that Ibexa's answers have as numbers.
const NUMBERS: std::ops::RangeInclusive<u32> = 1..=2_147_483_647;

impl Answer<'_> {
    /// Writes the answer as JSON.
    pub fn write(&self) -> String {
        let mut json = String::new();
        let mut object = Object::new(&mut json);
        push_list(object.key("contextItems"), self.context, |out, (item_type, id)| {
            let mut object = Object::new(out);
            push_id(object.key("itemType"), item_type);
            push_id(object.key("itemId"), id);
            object.text("sources", "REQUEST");
            object.end();
        });
        let best = self.picks.first().map_or(1.0, |pick| pick.score);
        push_list(object.key("recommendationItems"), self.picks, |out, pick| {
            self.write_item(out, pick, best);
        });
        object.end();
        json
    }

    fn write_item(&self, out: &mut String, pick: &Pick, best: f32) {
        let mut object = Object::new(out);
        let relevance = (RELEVANCE * pick.score / best).round().clamp(1.0, RELEVANCE);
        object.whole("relevance", relevance as u64);
        push_id(object.key("itemType"), &pick.item_type);
        push_id(object.key("itemId"), &pick.item_id);
        if let Some(source) = self.source {
            self.write_origin(object.key("origin"), pick, source);
        }
        if let Some(links) = self.links {
            let mut both = Object::new(object.key("links"));
            for (name, event) in
                [("clickRecommended", "clickrecommended"), ("rendered", "rendered")]
            {
                both.text(name, &links.to(event, self.scenario, pick));
            }
            both.end();
        }
        object.end();
    }

    fn write_origin(&self, out: &mut String, pick: &Pick, source: &str) {
        let mut object = Object::new(out);
        let own = [(pick.item_type.to_string(), pick.item_id.to_string())];
        let items = if self.context.is_empty() { &own } else { self.context };
        push_list(object.key("itemIds"), items, |out, (_, id)| push_id(out, id));
        if let Some((item_type, _)) = items.first() {
            push_id(object.key("itemType"), item_type);
        }
        object.text("source", source);
        object.end();
    }
}

impl Links<'_> {
    fn to(&self, event: &str, scenario: &str, pick: &Pick) -> String {
        let mut link = format!("//{}", self.host);
        if !self.customer.is_empty() {
            link.push_str("/api/");
            push_encoded(&mut link, self.customer);
        }
        link.push('/');
        link.push_str(event);
        for part in [self.user.as_str(), &pick.item_type, &pick.item_id] {
            link.push('/');
            push_encoded(&mut link, part);
        }
        link.push_str("?scenario=");
        link.push_str(scenario);
        link
    }
}

/// Writes an id as a number if it is one in Ibexa's range, written as usual.
fn push_id(out: &mut String, id: &str) {
    let number = id.parse().ok().filter(|number: &u32| NUMBERS.contains(number));
    match number.map(|number| number.to_string()) {
        Some(number) if number == id => out.push_str(&number),
        Some(_) | None => push_text(out, id),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use recobeacon_engine::value::Value;

    #[test]
    fn an_answer_has_ibexas_form() {
        let pick = |id: &str, score| Pick { item_type: "1".into(), item_id: id.into(), score };
        let user = UserId::read(&Value::Text("a/b".to_owned())).unwrap();
        let answer = Answer {
            scenario: "also_viewed",
            source: Some("REQUEST"),
            context: &[("1".to_owned(), "10".to_owned()), ("1".to_owned(), "x".to_owned())],
            picks: &[pick("128", 0.5), pick("007", 0.1249), pick("2147483648", 0.000_001)],
            links: Some(Links { host: "shop.example:8787", customer: "00000", user: &user }),
        };
        let json: serde_json::Value = serde_json::from_str(&answer.write()).unwrap();
        let item = |relevance: u8, id: serde_json::Value, in_link: &str| {
            let link = |event: &str| {
                format!(
                    "//shop.example:8787/api/00000/{event}/a%2Fb/1/{in_link}?scenario=also_viewed"
                )
            };
            serde_json::json!({
                "relevance": relevance, "itemType": 1, "itemId": id,
                "origin": { "itemIds": [10, "x"], "itemType": 1, "source": "REQUEST" },
                "links": { "clickRecommended": link("clickrecommended"), "rendered": link("rendered") },
            })
        };
        let expected = serde_json::json!({
            "contextItems": [
                { "itemType": 1, "itemId": 10, "sources": "REQUEST" },
                { "itemType": 1, "itemId": "x", "sources": "REQUEST" },
            ],
            "recommendationItems": [
                item(100, 128.into(), "128"),
                item(25, "007".into(), "007"),
                item(1, "2147483648".into(), "2147483648"),
            ],
        });
        assert_eq!(json, expected);
        // A visitor who is not known has no links, and without a customer they have no path before.
        let nobody = Answer { links: None, source: None, context: &[], ..answer };
        assert!(!nobody.write().contains("links") && !nobody.write().contains("origin"));
        let links = Links { customer: "", ..answer.links.unwrap() };
        let link = links.to("rendered", "bestsellers", &pick("1", 1.0));
        assert_eq!(link, "//shop.example:8787/rendered/a%2Fb/1/1?scenario=bestsellers");
    }
}
