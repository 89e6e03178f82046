//! `dead-letters`: events that a vendor did not take.

use super::Done;
use clap::{Args, Subcommand, ValueEnum};
use recobeacon_collector::dead_letters::{self, Action, Chosen};
use recobeacon_collector::place::Place;
use recobeacon_collector::store::forward::Reason;

/// The action.
#[derive(Subcommand)]
pub enum Letters {
    /// Prints each as a line of JSON. `replayUntil` is the time until which it can be replayed
    List(Choice),
    /// Sends them again. Those whose outcome is unknown only with --reason unknown or --row,
    /// because the vendor may have taken them
    Replay(Choice),
    /// Deletes them
    Delete(Choice),
}

/// Which of them.
#[derive(Args)]
pub struct Choice {
    /// Of this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// With this reason
    #[arg(long)]
    reason: Option<Why>,
    /// In this row of the list
    #[arg(long, value_name = "ROW")]
    row: Option<i64>,
    /// All of them
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Why {
    /// The vendor refused it
    Refused,
    /// There was no answer: the vendor may have taken it
    Unknown,
    /// It was not delivered in time
    Expired,
    /// It cannot be decrypted or encoded
    Unusable,
}

impl Choice {
    fn chosen(self) -> Chosen {
        let Self { destination, reason, row, all } = self;
        let reason = reason.map(|why| match why {
            Why::Refused => Reason::Refused,
            Why::Unknown => Reason::Unknown,
            Why::Expired => Reason::Expired,
            Why::Unusable => Reason::Unusable,
        });
        Chosen { destination, reason, row, all }
    }
}

impl Letters {
    /// Works on this database. The configuration and its secrets are not needed, but the
    /// destinations that it names are known.
    pub fn run(self, database: &Place, configured: Vec<String>) -> Done {
        let (action, choice) = match self {
            Self::List(choice) => (Action::List, choice),
            Self::Replay(choice) => (Action::Replay, choice),
            Self::Delete(choice) => (Action::Delete, choice),
        };
        let mut out = std::io::stdout();
        Ok(dead_letters::run(database, configured, action, &choice.chosen(), &mut out)?)
    }
}
