//! The tables `[[forward]]`.

use recobeacon_collector::config::{Config, Overrides};

fn parse(toml: &str) -> Result<Config, String> {
    Config::from_toml(toml, Overrides::default()).map_err(|error| error.to_string())
}

fn table(lines: &str) -> String {
    format!("[[forward]]\nname = \"a\"\n{lines}\n")
}

const IBEXA: &str = "protocol = \"ibexa\"\ncustomer_id = \"1\"\n";

#[test]
fn a_table_has_the_trackers_options_and_defaults() {
    let config = parse(&table(IBEXA)).unwrap();
    let [destination] = &config.forward[..] else { panic!() };
    let server = &destination.server;
    assert_eq!((server.host.as_str(), server.port), ("event.perso.ibexa.co", 443));
    assert!(server.tls.is_some());
    assert_eq!(
        (destination.rate, destination.connections, destination.max_events),
        (20, 4, 100_000)
    );
    assert_eq!(destination.max_age_ms, 24 * 3_600_000);
    assert!(!destination.visitor_address && !destination.visitor_agent);
    let names = "protocol = \"intempt\"\norganization = \"o\"\nproject = \"p\"\nsource = \"1\"\n\
                 idempotent = true\nmax_age_hours = 168\nnames = { deleteFromBasket = \"Gone\" }";
    assert_eq!(parse(&table(names)).unwrap().forward[0].max_age_ms, 168 * 3_600_000);
}

#[test]
fn wrong_tables_are_refused_with_the_name_of_the_setting() {
    for (lines, expected) in [
        ("", "forward \"a\": protocol: is required"),
        ("protocol = \"ibexa\"", "forward \"a\": customer_id: is required"),
        ("protocol = \"batch\"\nendpoint = \"/\"", "is for collectors"),
        (&format!("{IBEXA}endpoint = \"/\""), "forward \"a\": endpoint: must be a whole address"),
        (&format!("{IBEXA}endpoint = \"ftp://x\""), "endpoint: must be an http address"),
        (&format!("{IBEXA}endpoint = \"https://u:p@x\""), "endpoint: must be a whole address"),
        (&format!("{IBEXA}api_key = \"k\""), "forward \"a\": api_key: is not known"),
        (&format!("{IBEXA}max_age_hours = 25"), "max_age_hours: must be a whole number, 1 to 24"),
        (&format!("{IBEXA}connections = 0"), "connections: must be a whole number, 1 to 100"),
        (&format!("{IBEXA}requests_per_second = \"x\""), "requests_per_second: must be a whole"),
        (&format!("{IBEXA}visitor_address = 1"), "visitor_address: must be true or false"),
        (&format!("{IBEXA}api_key_env = \"NO_SUCH_VARIABLE\""), "\"NO_SUCH_VARIABLE\" is not set"),
        (&format!("{IBEXA}api_key_file = \"/no/file\""), "api_key_file: /no/file cannot be read"),
        (&format!("{IBEXA}api_key = \"a\"\napi_key_env = \"B\""), "use one of api_key"),
    ] {
        let error = parse(&table(lines)).unwrap_err();
        assert!(error.contains(expected), "{lines:?}: {error}");
    }
    for (toml, expected) in [
        ("forward = \"a-secret\"", "forward: must be tables [[forward]]"),
        ("forward = [\"a-secret\"]", "forward: must be tables [[forward]]"),
        ("[[forward]]\nprotocol = \"ibexa\"", "forward.name: must be 1 to 64 letters"),
        (&format!("{}{}", table(IBEXA), table(IBEXA)), "forward.name: \"a\" appears twice"),
    ] {
        let error = parse(toml).unwrap_err();
        assert!(error.contains(expected) && !error.contains("a-secret"), "{error}");
    }
}

#[test]
fn a_key_is_read_from_a_file_and_neither_shown_nor_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "the-secret-key\n").unwrap();
    let lines = format!(
        "protocol = \"factfinder\"\nendpoint = \"https://x.example/FF\"\nchannel = \"de\"\n\
         api_key_file = {:?}",
        path.display().to_string()
    );
    let config = parse(&table(&lines)).unwrap();
    assert!(!format!("{config:?}").contains("the-secret-key"));
    std::fs::write(&path, "the secret key").unwrap();
    let error = parse(&table(&lines)).unwrap_err();
    assert!(
        error.contains("api_key: must be visible ASCII") && !error.contains("secret"),
        "{error}"
    );
}
