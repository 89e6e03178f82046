//! Configurations of a page. An accepted one is within the limits, and a page with it works.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::Effect;
use recobeacon_engine::error::ErrorCode;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use recobeacon_engine::limits::Limits;
use recobeacon_engine::time::Now;
use recobeacon_engine::value::Value;
use recobeacon_engine::{Engine, Signals};
use recobeacon_fuzz::json;

const START: u64 = 1_763_683_200_000;

fuzz_target!(|data: &[u8]| {
    let Some(value) = json(data) else { return };
    let mut unknown = Vec::new();
    let config = match Config::parse(&value, &mut unknown) {
        Ok(config) => config,
        Err(error) => {
            assert_eq!(error.code, ErrorCode::Config);
            return;
        }
    };
    check(&config);
    let name = config.identity.cookie_name.clone();
    let now = |ms: u64| Now { wall_ms: START + ms, mono_ms: ms, entropy: [7; 16] };
    let signals = Signals { online: true, visible: true, ..Signals::default() };
    let (mut engine, mut effects) = Engine::new(config, &Stored::default(), signals, &now(0));
    let item = Value::Map(vec![("itemId".to_owned(), Value::Text("1".to_owned()))]);
    for (ms, input) in [
        (1, Input::from_call("click", vec![item.clone()], START)),
        (2, Input::from_call("login", vec![Value::Text("ada".to_owned())], START)),
        (3, Input::from_call("buy", vec![item], START)),
        (4, Input::Wake),
        (Limits::BATCH_WAIT_MS_MAX, Input::Wake),
        (Limits::BATCH_WAIT_MS_MAX + 1, Input::Hidden),
    ] {
        effects.extend(engine.handle(input, &now(ms)));
        let stats = engine.stats();
        for queue in stats.queues {
            let counts = queue.counts();
            let ends =
                counts.queued + counts.sent + counts.acknowledged + counts.merged + counts.dropped;
            assert_eq!(counts.accepted, ends, "{counts:?}");
        }
    }
    for effect in effects {
        match effect {
            Effect::SetCookie { name: cookie, value, days } => {
                assert!(
                    [&name, &format!("{name}_at"), "reco_user", "reco_off"]
                        .contains(&cookie.as_str()),
                    "{cookie}"
                );
                assert!(value.len() <= Limits::IDENTIFIER_BYTES && days <= Limits::COOKIE_DAYS_MAX);
            }
            Effect::Send(send) => {
                let url = &send.request.url;
                assert!(!url.bytes().any(|b| b <= b' ' || b == b'\\' || b == b'#'), "{url}");
                if let Some((_, key)) = &send.request.key {
                    assert!(key.bytes().all(|b| (b' '..0x7f).contains(&b)), "not a header: {key}");
                }
            }
            Effect::WakeAt(_)
            | Effect::ScheduleFetchLater(..)
            | Effect::DeleteCookie(_)
            | Effect::Store(..)
            | Effect::Remove(_)
            | Effect::ClaimOutbox(_)
            | Effect::Warn(_)
            | Effect::Notify(_) => {}
        }
    }
});

fn check(config: &Config) {
    assert!(!config.destinations.is_empty());
    assert!((1..=Limits::BATCH_EVENTS_MAX).contains(&config.batch.max_events));
    assert!((Limits::BATCH_BYTES_MIN..=Limits::BATCH_BYTES_MAX).contains(&config.batch.max_bytes));
    assert!(config.batch.max_wait_ms <= Limits::BATCH_WAIT_MS_MAX);
    assert!((1..=Limits::QUEUE_EVENTS_MAX).contains(&config.queue_events));
    assert!((1..=Limits::QUEUE_AGE_MS).contains(&config.queue_age_ms));
    assert!(config.storage_characters() <= Limits::STORAGE_CHARACTERS_MAX);
    let identity = &config.identity;
    assert!((1..=Limits::COOKIE_DAYS_MAX).contains(&identity.cookie_days));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    assert!(
        identity
            .cookie_name
            .bytes()
            .chain(identity.cookie_domain.iter().flat_map(|domain| domain.bytes()))
            .all(plain)
    );
    let ids = [&identity.anonymous_id, &identity.session_id].into_iter().flatten();
    for id in ids.chain(identity.user_id.iter().flatten()) {
        assert!((1..=Limits::IDENTIFIER_BYTES).contains(&id.len()) && !id.contains('\\'), "{id}");
    }
}
