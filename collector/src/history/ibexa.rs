//! Past purchases as requests of Ibexa's import: a `buy` with its own time and a signature.
//!
//! <https://doc.ibexa.co/en/latest/personalization/importing_historical_user_tracking_data/>

use super::columns::{ANONYMOUS, ANONYMOUS_HASH, USER, USER_HASH};
use super::parse;
use super::read::Cells;
use crate::import;
use crate::iso;
use recobeacon_engine::config::Config;
use recobeacon_engine::event::{Event, Field, Kind};
use recobeacon_engine::percent::push_encoded;
use recobeacon_engine::record::Record;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use std::rc::Rc;

/// Writes requests for one customer.
#[derive(Debug)]
pub struct Requests {
    config: Rc<Config>,
    license_key: String,
}

impl Requests {
    /// For this customer id and license key. `endpoint` replaces Ibexa's address.
    ///
    /// # Errors
    /// The customer id or the endpoint is invalid.
    pub fn new(
        customer: &str,
        license_key: String,
        endpoint: Option<&str>,
    ) -> Result<Self, String> {
        let text = |name: &str, text: &str| (name.to_owned(), Value::Text(text.to_owned()));
        let mut destination = vec![text("protocol", "ibexa"), text("customerId", customer)];
        destination.extend(endpoint.map(|endpoint| text("endpoint", endpoint)));
        let config = Value::Map(vec![("destinations".to_owned(), Value::Map(destination))]);
        let config = Config::parse(&config, &mut Vec::new())
            .map_err(|error| format!("{}: {}", error.field, error.detail))?;
        Ok(Self { config, license_key })
    }

    /// The signed addresses of a line's purchase, or `None` for other kinds of events: Ibexa
    /// accepts a time for `buy` only.
    ///
    /// # Errors
    /// The first fault of the line.
    pub fn of_line(&self, mut cells: Cells) -> Result<Option<Vec<String>>, String> {
        let kind = parse::kind(&mut cells)?;
        if kind != Kind::Buy {
            return Ok(None);
        }
        let at = parse::at(&mut cells)?;
        // Of both, Ibexa gets the account, as from the page.
        let mut user = None;
        for name in [ANONYMOUS_HASH, ANONYMOUS, USER_HASH, USER] {
            if let Some(value) = cells.take(name) {
                let id = rules::pseudonym(&value)
                    .map_err(|problem| format!("{name}: {}", problem.detail))?;
                user = Some(Rc::new(id));
            }
        }
        for name in super::columns::EXPORTED {
            cells.take(name);
        }
        let events = parse::events(kind, cells)?;
        events
            .into_iter()
            .map(|event| self.request(event, at, user.clone()))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The tracker's own request, with time and signature.
    fn request(&self, event: Event, at: u64, user: Option<Rc<String>>) -> Result<String, String> {
        let item = |field| event.get(field).unwrap_or_default().to_owned();
        let (item_type, item_id) = (item(Field::ItemType), item(Field::ItemId));
        let record = Record {
            id: String::new(),
            at,
            user,
            anonymous: None,
            session: None,
            account: None,
            purchaser: None,
            event,
        };
        let destination = self.config.destinations.first().ok_or("there is no destination")?;
        let url = destination
            .protocol
            .encode(&record, &mut Vec::new())
            .map_err(|error| format!("{}: {}", error.field, error.detail))?;
        let (address, query) = url.split_once('?').unwrap_or((&url, ""));
        let decoded = |text: &str| crate::percent::decode(text).unwrap_or_default();
        let mut parameters: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect();
        parameters.push((import::TIME.to_owned(), iso::format(at)));
        parameters.sort();
        let signature = import::sign([&item_type, &item_id], &self.license_key, &parameters);
        parameters.push((import::SIGNATURE.to_owned(), signature));
        let mut signed = address.to_owned();
        for (place, (name, value)) in parameters.iter().enumerate() {
            signed.push(if place == 0 { '?' } else { '&' });
            signed.push_str(name);
            signed.push('=');
            push_encoded(&mut signed, value);
        }
        Ok(signed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Format;
    use super::super::read::lines;
    use super::*;

    /// The examples of Ibexa's page.
    const PUBLISHED: &str = "\
https://event.perso.ibexa.co/api/00000/buy/johndoe/1/11?fullprice=19.99EUR&overridetimestamp=2012-01-01T11%3A00%3A00&quantity=1&signature=d0026f017ae823f19530d93318c5a2f6
https://event.perso.ibexa.co/api/00000/buy/johndoe/1/94?fullprice=23.99EUR&overridetimestamp=2012-01-02T11%3A00%3A00&quantity=5&signature=53ae5744879d5a3ae833f3ef34109b44
https://event.perso.ibexa.co/api/00000/buy/johndoe/1/78?fullprice=7.59EUR&overridetimestamp=2012-01-03T11%3A00%3A00&quantity=1&signature=d73e76754fb333e9733936bbd11bb5cd
";

    #[test]
    fn requests_are_those_that_the_vendor_publishes() {
        let file = "\
type,at,user,itemType,itemId,price,quantity
buy,2012-01-01T11:00:00,johndoe,1,11,19.99EUR,1
click,2012-01-01T12:00:00,johndoe,1,11,,
buy,2012-01-02T11:00:00,johndoe,1,94,23.99EUR,5
buy,2012-01-03T11:00:00,johndoe,1,78,7.59EUR,1
";
        let key = "8695-1828-92810-5535-4239".to_owned();
        let requests = Requests::new("00000", key, None).unwrap();
        let mut written = String::new();
        for line in lines(Format::Csv, b',', Box::new(file.as_bytes())).unwrap() {
            for url in requests.of_line(line.cells.unwrap()).unwrap().unwrap_or_default() {
                written.push_str(&url);
                written.push('\n');
            }
        }
        assert_eq!(written, PUBLISHED);
    }
}
