//! The numbers and names that cross the module's boundary. `npm run generate` writes
//! `host/codes.gen.js` from this table, and `tests/engine/generated.rs` compares the two. The table
//! is compiled on every target for that test.

/// Makes an enum of codes. Each has a number, a variant and a name in JavaScript.
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
            /// The number, the name in JavaScript, and the meaning of each code.
            pub const TABLE: &[(i32, &str, &str)] = &[$(($code, $js, concat!($($doc),+)),)+];

            /// The number of this code.
            #[must_use]
            pub const fn code(self) -> i32 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The code of a number. `None` if the number is not in the table.
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
    /// Messages from the page to the module: the first number in the list for `happened`, and the values after it.
    Message {
        /// The module's timer has fired.
        0 Wake "WAKE",
        /// The page is hidden, or about to be left.
        1 Hidden "HIDDEN",
        /// The page is visible, or visible again.
        2 Shown "SHOWN",
        /// The network is available.
        3 Online "ONLINE",
        /// The network is not available.
        4 Offline "OFFLINE",
        /// The visitor is active.
        5 Act "ACT",
        /// The outcome of a request: its number, an HTTP status or one of `Status`, `Retry-After` in seconds.
        6 Outcome "OUTCOME",
        /// A content security policy forbids a request: its number.
        7 Blocked "BLOCKED",
        /// A batch's request has ended: `<stream>.<seq>`, and the HTTP status, or 0 if the browser does not report it.
        8 Finished "FINISHED",
        /// Batches that the collector has acknowledged by cookies: `<stream>.<seq>` each.
        9 Acknowledged "ACKNOWLEDGED",
        /// The present outbox of an instance: the instance, then keys and values in turn.
        10 OutboxFound "OUTBOX_FOUND",
    }
}

codes! {
    /// Outcomes of a request without an HTTP status. A redirect that was not followed is 0.
    Status {
        /// There is a response that the page may not read.
        -1 Opaque "OPAQUE",
        /// There is no response.
        -2 None "NONE",
        /// There is no response, because a policy forbids the request.
        -3 Forbidden "FORBIDDEN",
    }
}

codes! {
    /// The type of a value in the list of numbers that `flatten` makes.
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
        /// The number of fields follows, then a text and a value for each field.
        5 Map "MAP",
        /// A value that is not read.
        6 Opaque "UNREAD",
    }
}

codes! {
    /// The browser's signals at the start, one bit each.
    Signal {
        /// Global Privacy Control.
        1 Gpc "GPC",
        /// Do Not Track.
        2 Dnt "DNT",
        /// The network is available.
        4 Online "IS_ONLINE",
        /// The page is visible.
        8 Visible "IS_VISIBLE",
        /// The browser has `fetchLater`.
        16 FetchLater "HAS_FETCH_LATER",
    }
}

/// Messages from the module to the façade: the type that `sink` is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// No request is pending any more.
    Settled,
    /// A problem: its code, the field, and a message.
    Warning,
    /// Events were handed over to the browser or their destination.
    Sent,
    /// The destination has confirmed the events.
    Acknowledged,
    /// Events are lost.
    Dropped,
}

impl News {
    /// All types.
    pub const ALL: [Self; 5] =
        [Self::Settled, Self::Warning, Self::Sent, Self::Acknowledged, Self::Dropped];

    /// The type as used by a tracker's listeners.
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
