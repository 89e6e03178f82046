//! The parameters of a request for recommendations, named as in Ibexa's interface.
//!
//! <https://doc.ibexa.co/en/latest/personalization/api_reference/recommendation_api/>

use crate::customer;
use crate::error::Refusal;
use crate::event::ITEM_TYPE;
use crate::limits::Limits;
use crate::query;
use crate::user::UserId;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// The kind of recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// By all visitors' events.
    Learnt(Learnt),
    /// By the visitor's own events.
    Personal(Personal),
}

/// A scenario of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// Items that were viewed in the same visits.
    AlsoViewed,
    /// Items that were bought together.
    BoughtTogether,
    /// Items that are bought most.
    Bestsellers,
}

/// A scenario of one visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// The items that the visitor viewed.
    RecentlyViewed,
    /// The items in the visitor's basket.
    RecentlyAddedToCart,
}

impl Scenario {
    /// All of them, by name.
    pub const ALL: [(&str, Self); 5] = [
        ("recently_viewed", Self::Personal(Personal::RecentlyViewed)),
        ("recently_added_to_cart", Self::Personal(Personal::RecentlyAddedToCart)),
        ("also_viewed", Self::Learnt(Learnt::AlsoViewed)),
        ("bought_together", Self::Learnt(Learnt::BoughtTogether)),
        ("bestsellers", Self::Learnt(Learnt::Bestsellers)),
    ];

    /// The scenario of this name.
    pub fn named(name: &str) -> Option<(&'static str, Self)> {
        Self::ALL.into_iter().find(|(known, _)| *known == name)
    }
}

/// A valid request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Most items of the answer.
    pub most: usize,
    /// The items that the visitor looks at, as type and id.
    pub context: Vec<(String, String)>,
    /// Only items of this type.
    pub item_type: Option<String>,
    /// The customer. Absent: that of the page.
    pub customer: Option<String>,
    /// The visitor or the account.
    pub user: Option<UserId>,
}

/// The documented user id of visitors who must not be tracked.
const NOT_DEFINED: &str = "not_defined";

/// Reads the query of a request. Other parameters of Ibexa's are ignored, as those are about what it
/// knows of items. An empty one counts as absent.
///
/// # Errors
/// 400 if a parameter is wrong or repeated, or if the scenario needs items.
pub fn read(scenario: Scenario, query: &str) -> Result<Request, Refusal> {
    let pairs = query::pairs(query)?;
    let given = |name: &str| -> Result<Option<&str>, Refusal> {
        let mut values = pairs.iter().filter(|(known, value)| known == name && !value.is_empty());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(|(_, value)| value.as_str())),
            (_, Some(_)) => Err(Refusal::invalid(format!("{name}: must be there once"))),
        }
    };
    let of_context =
        given("itemtype")?.map_or(Ok(ITEM_TYPE.to_owned()), |it| id("itemtype", it))?;
    let context: Vec<(String, String)> = given("contextitems")?
        .map(|items| items.split(',').map(|item| id("contextitems", item)).collect())
        .unwrap_or_else(|| Ok(Vec::new()))?
        .into_iter()
        .map(|item: String| (of_context.clone(), item))
        .collect();
    if context.len() > Limits::FEED_CONTEXT {
        let sentence = format!("contextitems: must be at most {} items", Limits::FEED_CONTEXT);
        return Err(Refusal::invalid(sentence));
    }
    let needs_context =
        matches!(scenario, Scenario::Learnt(Learnt::AlsoViewed | Learnt::BoughtTogether));
    if needs_context && context.is_empty() {
        return Err(Refusal::invalid("contextitems: is required for this scenario"));
    }
    let item_type = given("outputtypeid")?.map(|given| id("outputtypeid", given)).transpose()?;
    let name = |name: &str| customer::check("part of customerid", name.to_owned());
    let customer = given("customerid")?;
    // Intempt's customer has three names.
    customer.iter().flat_map(|all| all.split('/')).try_for_each(|one| name(one).map(drop))?;
    let user = given("userid")?.filter(|user| *user != NOT_DEFINED);
    let user = user.map(|user| {
        UserId::read(&Value::Text(user.to_owned()))
            .map_err(|problem| Refusal::invalid(format!("userid {}", problem.detail)))
    });
    Ok(Request {
        most: given("numrecs")?.map_or(Ok(Limits::FEED_ANSWER_DEFAULT), most)?,
        context,
        item_type,
        customer: customer.map(str::to_owned),
        user: user.transpose()?,
    })
}

fn id(name: &str, text: &str) -> Result<String, Refusal> {
    rules::identifier(&Value::Text(text.to_owned()))
        .map_err(|problem| Refusal::invalid(format!("{name} {}", problem.detail)))
}

fn most(text: &str) -> Result<usize, Refusal> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let most = text.parse().ok().filter(|most| digits && (1..=Limits::FEED_ANSWER).contains(most));
    most.ok_or_else(|| Refusal::invalid(format!("numrecs: must be 1 to {}", Limits::FEED_ANSWER)))
}

/// Whether nobody can guess this id: 22 letters or digits as the tracker makes them, or a UUID.
/// Account numbers and hashes of them can be guessed.
pub fn is_random(id: &str) -> bool {
    let is_ours = id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let groups: Vec<&str> = id.split('-').collect();
    let hexadecimal =
        |group: &&str| group.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    is_ours || (lengths == [8, 4, 4, 4, 12] && groups.iter().all(hexadecimal))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALSO_VIEWED: Scenario = Scenario::Learnt(Learnt::AlsoViewed);
    const BEST: Scenario = Scenario::Learnt(Learnt::Bestsellers);

    #[test]
    fn a_request_is_read() {
        let read = read(
            ALSO_VIEWED,
            "contextitems=10,a%2Cb&itemtype=2&outputtypeid=3&numrecs=50&customerid=a%2Fb%2Fc&userid=not_defined&attribute=title&x",
        );
        // A comma always separates items here.
        let item = |id: &str| ("2".to_owned(), id.to_owned());
        let expected = Request {
            most: 50,
            context: vec![item("10"), item("a"), item("b")],
            item_type: Some("3".to_owned()),
            customer: Some("a/b/c".to_owned()),
            user: None,
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let many = format!("contextitems={}", vec!["1"; 51].join(","));
        for (scenario, query, sentence) in [
            (ALSO_VIEWED, "", "contextitems: is required"),
            (ALSO_VIEWED, "contextitems=", "contextitems: is required"),
            (BEST, "contextitems=1,,2", "contextitems "),
            (BEST, &many, "contextitems: must be at most 50"),
            (BEST, "numrecs=0", "numrecs: must be 1 to 50"),
            (BEST, "numrecs=51", "numrecs: must be 1 to 50"),
            (BEST, "numrecs=%2B5", "numrecs: must be 1 to 50"),
            (BEST, "numrecs=5&numrecs=5", "numrecs: must be there once"),
            (BEST, "customerid=a%5Cb", "the part of customerid must have"),
            (BEST, "userid=%0A", "userid "),
            (BEST, "outputtypeid=..", "outputtypeid "),
        ] {
            let refusal = read(scenario, query).unwrap_err();
            assert!(refusal.sentence().starts_with(sentence), "{query}: {refusal:?}");
        }
    }

    #[test]
    fn ids_that_can_be_guessed_are_not_random() {
        for random in ["4Zr8kPq1xYw0uVb7Tn3cLs", "5f0a9c3e-1b2d-4c5e-8f90-a1b2c3d4e5f6"] {
            assert!(is_random(random), "{random}");
        }
        let hash = "a".repeat(64);
        for known in ["1001", "johndoe", &hash, "4Zr8kPq1xYw0uVb7Tn3cL-", "5f0a9c3e-1b2d-4c5e-8f90"]
        {
            assert!(!is_random(known), "{known}");
        }
    }
}
