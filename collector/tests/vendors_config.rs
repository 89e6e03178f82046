//! The tables of the vendors' interfaces: what is wrong with them is said at the start.
#![allow(clippy::unwrap_used)]

use recobeacon_collector::config::{Config, Overrides};

fn config(toml: &str) -> Result<Config, String> {
    Config::from_toml(toml, Overrides::default()).map_err(|error| error.to_string())
}

#[test]
fn what_is_wrong_is_said() {
    for (toml, sentence) in [
        ("[ibexa]\ncustomers = [\"a-b\"]", "ibexa.customers: \"a-b\" is not alphanumeric"),
        ("[yoochoose]\ncustomers = [\"\"]", "yoochoose.customers: \"\" is not alphanumeric"),
        ("[yoochoose]\nsolutions = [\"a/b\"]", "yoochoose.solutions: \"a/b\" must have"),
        ("[yoochoose]\nsolutions = [\"{x}\"]", "yoochoose.solutions: \"{x}\" must have"),
        ("[yoochoose]\nsolutions = [\"\"]", "yoochoose.solutions: \"\" must have"),
        ("[yoochoose]\nsolutions = [\"..\"]", "yoochoose.solutions: \"..\" must have"),
        ("[yoochoose]\nsolutions = [\"v1\"]", "yoochoose.solutions: \"v1\" is taken already"),
        ("[yoochoose]\nsolutions = [\"api\"]", "yoochoose.solutions: \"api\" is taken already"),
        ("[yoochoose]\nsolutions = [\"dist\"]", "yoochoose.solutions: \"dist\" is taken already"),
        ("[yoochoose]\nsolutions = [\"a\", \"a\"]", "yoochoose.solutions: \"a\" is taken already"),
        ("[yoochoose]\nsolution = 1", "line 2: unknown field"),
    ] {
        let error = config(toml).unwrap_err();
        assert!(error.starts_with(sentence), "{toml}: {error}");
    }
}
