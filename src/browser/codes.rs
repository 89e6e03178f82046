//! The numbers and names that cross the module's boundary. This table is their only source: `host/codes.gen.js` is written from it by
//! `npm run generate`, and `tests/engine/generated.rs` compares the two. It is compiled on every target for that test.

/// Makes an enum of codes: a code, a variant and its name in JavaScript each.
macro_rules! codes {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $code:literal $variant:ident $js:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// The purpose of the table.
            pub const ABOUT: &str = concat!($($about),+);
            /// The code, the name in JavaScript, and the meaning of each.
            pub const TABLE: &[(i32, &str, &str)] = &[$(($code, $js, concat!($($doc),+)),)+];

            /// The code of this one.
            #[must_use]
            pub const fn code(self) -> i32 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The meaning of a code; none of a code that is not in the table.
            #[must_use]
            pub fn from_code(code: i32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// Messages from the page to the module: the first number of the list that `happened` takes, and the values that follow it.
    Message {
        /// The timer has run out.
        0 Wake "WAKE",
        /// The page is hidden, or about to go.
        1 Hidden "HIDDEN",
        /// The page is seen, or seen again.
        2 Shown "SHOWN",
        /// The network is there.
        3 Online "ONLINE",
        /// The network is gone.
        4 Offline "OFFLINE",
        /// The visitor did something.
        5 Act "ACT",
        /// The outcome of a request: its number, an HTTP status or one of `Status`, `Retry-After` in seconds.
        6 Outcome "OUTCOME",
        /// A content security policy forbids a request: its number.
        7 Blocked "BLOCKED",
        /// A batch's request has ended: `<stream>.<seq>`, and the HTTP status, or 0 where the browser does not say.
        8 Finished "FINISHED",
        /// Batches that the collector has, by cookies: `<stream>.<seq>` each.
        9 Acknowledged "ACKNOWLEDGED",
        /// The outbox of an instance as it is now: the instance, then keys and values in turn.
        10 OutboxFound "OUTBOX_FOUND",
    }
}

codes! {
    /// Outcomes of a request that are no HTTP status. A redirect that was not followed is 0.
    Status {
        /// There is a response, which the page may not read.
        -1 Opaque "OPAQUE",
        /// There is no response.
        -2 None "NONE",
        /// There is no response, because a policy forbids the request.
        -3 Forbidden "FORBIDDEN",
    }
}

codes! {
    /// The type of a value, in the list of numbers that `flatten` makes of it.
    Tag {
        /// Nothing.
        0 Null "NULL",
        /// 0 or 1 follows.
        1 Bool "BOOL",
        /// The number follows.
        2 Number "NUMBER",
        /// The number of characters and the characters follow.
        3 Text "TEXT",
        /// The number of elements and the elements follow.
        4 List "LIST",
        /// The number of fields follows, and a text and a value for each.
        5 Map "MAP",
        /// Something that is not looked at.
        6 Opaque "UNREAD",
    }
}

codes! {
    /// The signals of the browser at the start: a bit each.
    Signal {
        /// Global Privacy Control.
        1 Gpc "GPC",
        /// Do Not Track.
        2 Dnt "DNT",
        /// The network is there.
        4 Online "IS_ONLINE",
        /// The page is seen.
        8 Visible "IS_VISIBLE",
        /// The browser has `fetchLater`.
        16 FetchLater "HAS_FETCH_LATER",
    }
}

/// Messages from the module to the façade: the type that `sink` is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing is under way any more.
    Settled,
    /// A problem: its code, the field, and a message.
    Warning,
    /// Events were handed over to their destination.
    Sent,
    /// Events have arrived at their destination.
    Acknowledged,
    /// Events are lost.
    Dropped,
}

impl News {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Settled, Self::Warning, Self::Sent, Self::Acknowledged, Self::Dropped];

    /// The type, as listeners of a tracker know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Warning => "warning",
            Self::Sent => "sent",
            Self::Acknowledged => "acknowledged",
            Self::Dropped => "dropped",
        }
    }
}
