//! The tables of the vendors' interfaces: who is known, and under which address.

use super::ConfigError;
use crate::ibexa::is_customer;
use crate::limits::Limits;
use serde::Deserialize;

/// What the vendors' interfaces are served with.
#[derive(Clone, Debug)]
pub struct Vendors {
    /// The Ibexa customers that are known; absent: every alphanumeric id is.
    pub customers: Option<Vec<String>>,
    /// YOOCHOOSE's interface.
    pub yoochoose: Yoochoose,
}

/// The table `[yoochoose]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Yoochoose {
    /// The solutions with which its addresses begin.
    pub solutions: Vec<String>,
    /// The customers that are known; absent: every alphanumeric id is.
    pub customers: Option<Vec<String>>,
}

impl Default for Yoochoose {
    fn default() -> Self {
        Self { solutions: vec!["ebl".to_owned(), "news".to_owned()], customers: None }
    }
}

/// The tables as they stand in the file.
pub(super) struct Tables {
    pub ibexa: Ibexa,
    pub yoochoose: Yoochoose,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ibexa {
    customers: Option<Vec<String>>,
}

/// Where the first segment of an address leads already.
const TAKEN: [&str; 4] = ["api", "dist", "healthz", "v1"];

impl Tables {
    pub fn check(self) -> Result<Vendors, ConfigError> {
        let Self { ibexa, yoochoose } = self;
        check_customers("ibexa", ibexa.customers.as_deref())?;
        check_customers("yoochoose", yoochoose.customers.as_deref())?;
        check_solutions(&yoochoose.solutions)?;
        Ok(Vendors { customers: ibexa.customers, yoochoose })
    }
}

fn wrong(sentence: String) -> ConfigError {
    ConfigError::new(sentence)
}

fn check_customers(table: &str, customers: Option<&[String]>) -> Result<(), ConfigError> {
    match customers.unwrap_or_default().iter().find(|customer| !is_customer(customer)) {
        Some(customer) => {
            Err(wrong(format!("{table}.customers: {customer:?} is not alphanumeric")))
        }
        None => Ok(()),
    }
}

/// Whether this can be a segment of an address as it stands, undecoded.
fn is_plain(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    (1..=Limits::CUSTOMER_BYTES).contains(&segment.len())
        && segment.bytes().all(plain)
        && !matches!(segment, "." | "..")
}

fn check_solutions(solutions: &[String]) -> Result<(), ConfigError> {
    for (place, solution) in solutions.iter().enumerate() {
        if !is_plain(solution) {
            return Err(wrong(format!(
                "yoochoose.solutions: {solution:?} must have letters, digits and -_.~ only"
            )));
        }
        if TAKEN.contains(&solution.as_str())
            || solutions.iter().take(place).any(|one| one == solution)
        {
            return Err(wrong(format!("yoochoose.solutions: {solution:?} is taken already")));
        }
    }
    Ok(())
}
