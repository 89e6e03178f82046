//! The tables of the vendors' interfaces: faults are reported at the start, and no key is repeated.

use recobeacon_collector::config::{Config, Overrides};

fn config(toml: &str) -> Result<Config, String> {
    Config::from_toml(toml, Overrides::default()).map_err(|error| error.to_string())
}

/// The sentence behind its line. [`config`](crate::config) tests the lines.
fn without_line(error: &str) -> &str {
    let rest = error.strip_prefix("line ").unwrap();
    rest.split_once(": ").unwrap().1
}

#[test]
fn invalid_settings_are_reported() {
    for (toml, sentence) in [
        ("[ibexa]\ncustomers = [\"a-b\"]", "ibexa.customers: \"a-b\" is not alphanumeric"),
        ("[yoochoose]\ncustomers = [\"\"]", "yoochoose.customers: \"\" is not alphanumeric"),
        ("[yoochoose]\nsolutions = [\"a/b\"]", "yoochoose.solutions: \"a/b\" may only have"),
        ("[yoochoose]\nsolutions = [\"{x}\"]", "yoochoose.solutions: \"{x}\" may only have"),
        ("[yoochoose]\nsolutions = [\"\"]", "yoochoose.solutions: \"\" may only have"),
        ("[yoochoose]\nsolutions = [\"..\"]", "yoochoose.solutions: \"..\" may only have"),
        ("[yoochoose]\nsolutions = [\"v1\"]", "yoochoose.solutions: \"v1\" is taken already"),
        ("[yoochoose]\nsolutions = [\"api\"]", "yoochoose.solutions: \"api\" is taken already"),
        ("[yoochoose]\nsolutions = [\"dist\"]", "yoochoose.solutions: \"dist\" is taken already"),
        ("[yoochoose]\nsolutions = [\"a\", \"a\"]", "yoochoose.solutions: \"a\" is taken already"),
        ("[yoochoose]\nsolutions = [\"rendered\"]", "yoochoose.solutions: \"rendered\" is taken"),
        ("[ibexa]\nlicense_keys = \"SECRET\"", "ibexa.license_keys: must be a table"),
        ("[ibexa.license_keys]\n0 = [\"SECRET\"]", "ibexa.license_keys: must be a table"),
        ("[ibexa.license_keys]\n\"a/b\" = \"SECRET\"", "ibexa.license_keys: must be a table"),
        ("[yoochoose]\nsolution = 1", "yoochoose.solution: unknown field"),
        ("[factfinder]\nbase_path = \"FF\"", "factfinder.base_path: \"FF\" must be like"),
        ("[factfinder]\nbase_path = \"/FF/\"", "factfinder.base_path: \"/FF/\" must be like"),
        ("[factfinder]\nbase_path = \"/{a}\"", "factfinder.base_path: \"/{a}\" must be like"),
        ("[factfinder]\nbase_path = \"/..\"", "factfinder.base_path: \"/..\" must be like"),
        ("[factfinder]\nbase_path = \"/v1\"", "factfinder.base_path: \"/v1\" is taken already"),
        ("[factfinder]\nbase_path = \"/ebl/a\"", "factfinder.base_path: \"/ebl/a\" is taken"),
        (
            "[[factfinder.channels]]\nname = \"a/b\"",
            "factfinder.channels[0].name: \"a/b\" is not a channel name",
        ),
        (
            "[[factfinder.channels]]\nname = \"\"",
            "factfinder.channels[0].name: \"\" is not a channel name",
        ),
        (
            "[[factfinder.channels]]\nname = \"de\"\n[[factfinder.channels]]\nname = \"de\"",
            "factfinder.channels[1].name: \"de\" appears twice",
        ),
        (
            "[[factfinder.channels]]\nname = \"de\"\ncurrency = \"euro\"",
            "factfinder.channels[0].currency: must be a code",
        ),
        ("[[factfinder.channels]]\ncurrency = \"EUR\"", "factfinder.channels[0].name: is required"),
        ("[intempt]\nkeys = [\"SECRET\"]", "intempt.keys: each must be like identifier.secret"),
        ("[intempt]\nkeys = [\".SECRET\"]", "intempt.keys: each must be like"),
        ("[intempt]\nkeys = [\"SECRET.\"]", "intempt.keys: each must be like"),
        ("[intempt]\nkeys = [\"SEC:RET.x\"]", "intempt.keys: each must be like"),
        (
            "[intempt]\nnames = { clik = \"Viewed\" }",
            "intempt.names: \"clik\" is not one of click, basket, deleteFromBasket, buy, login",
        ),
        ("[intempt]\nnames = { rate = \"Rated\" }", "intempt.names: \"rate\" is not one of"),
        ("[intempt]\nnames = { click = \"\" }", "intempt.names: click must not be empty"),
        ("[intempt]\nnames = { click = 1 }", "intempt.names.click: invalid type"),
        (
            "[intempt]\nnames = { buy = \"Seen\", click = \"Seen\" }",
            "intempt.names: \"Seen\" appears twice",
        ),
    ] {
        let error = config(toml).unwrap_err();
        assert!(without_line(&error).starts_with(sentence), "{toml}: {error}");
        assert!(!error.contains("SECRET"), "{error}");
    }
    for table in ["factfinder", "intempt"] {
        for keys in ["\"SEC.RET\"", "[\"SEC RET\"]", "[\"\"]", "[1234567]", "[[\"SEC.RET\"]]", "7"]
        {
            let error = config(&format!("[{table}]\nkeys = {keys}")).unwrap_err();
            assert_eq!(
                without_line(&error),
                format!("{table}.keys: must be a list of texts without spaces")
            );
        }
    }
}

/// A value may be a secret that stands in the wrong place.
#[test]
fn an_error_repeats_no_value() {
    for toml in [
        "keys = \"SECRET\"",
        "keys = [\"SECRET\"]",
        "keys = [[\"SECRET\"]]",
        "keys = \"a, expected SECRET, expected b\"",
        "cookie = \"SECRET\"",
        "admin_token = [\"SECRET\"]",
        "admin_token = { SECRET = 1 }",
        "[limits]\nbody_bytes = \"SECRET\"",
        "[ibexa]\ncustomers = \"SECRET\"",
        "[yoochoose]\nsolutions = \"SECRET\"",
        "[factfinder]\nchannels = \"SECRET\"",
        "[intempt]\nnames = \"SECRET\"",
        "listen = \"SECRET\"",
        "inspector = \"SECRET\"",
        "[log]\nformat = \"SECRET\"",
        "[log]\nformat = \"a`, expected SECRET\"",
        "admin_token = SECRET",
        "admin_token = \"SECRET",
        "admin_token = \"SECRET\"\"",
    ] {
        let error = config(toml).unwrap_err();
        assert!(!error.contains("SECRET"), "{toml}: {error}");
        assert!(error.len() > 20, "{toml}: {error}");
    }
    let error = config("\nkeys = \"SECRET\"").unwrap_err();
    assert_eq!(error, "line 2: keys: invalid type: string, expected a sequence");
}

#[test]
fn the_admin_token_is_not_printed() {
    let printed = format!("{:?}", config("admin_token = \"0123456789abcdef\"").unwrap());
    assert!(printed.contains("admin_token: Some(Secret(..))"), "{printed}");
    assert!(!printed.contains("0123456789abcdef"), "{printed}");
}

#[test]
fn keys_are_not_printed() {
    let toml = "[factfinder]\nkeys = [\"SECRET\"]\n[intempt]\nkeys = [\"id.SECRET\"]\n";
    let printed = format!("{:?}", config(toml).unwrap());
    assert!(printed.contains("Secret(..)") && !printed.contains("SECRET"), "{printed}");
}
