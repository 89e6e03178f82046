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
fn wrong_tables_are_refused_with_the_line_and_the_setting() {
    let whole = "must be a whole address with http or https, like https://vendor.example";
    let vendors = "must be \"ibexa\", \"yoochoose\", \"factfinder\" or \"intempt\"";
    for (lines, expected) in [
        ("", "line 1: forward[0].protocol: is required"),
        ("protocol = \"ibexa\"", "line 1: forward[0].customer_id: is required"),
        (
            "protocol = \"batch\"\nendpoint = \"https://x.example\"",
            &*format!("line 3: forward[0].protocol: {vendors}: \"batch\" is for collectors"),
        ),
        ("protocol = \"ibex\"", &*format!("line 3: forward[0].protocol: {vendors}")),
        (&format!("{IBEXA}endpoint = \"/\""), &*format!("line 5: forward[0].endpoint: {whole}")),
        (&format!("{IBEXA}endpoint = \"ftp://x\""), whole),
        (&format!("{IBEXA}endpoint = \"https://u:p@x\""), whole),
        (&format!("{IBEXA}endpoint = \"https://x y\""), "endpoint: must have no space"),
        (&format!("{IBEXA}api_key = \"k\""), "line 5: forward[0].api_key: is not known"),
        (&format!("{IBEXA}max_age_hours = 25"), "max_age_hours: must be a whole number, 1 to 24"),
        (&format!("{IBEXA}connections = 0"), "connections: must be a whole number, 1 to 100"),
        (&format!("{IBEXA}requests_per_second = \"x\""), "requests_per_second: must be a whole"),
        (&format!("{IBEXA}visitor_address = 1"), "visitor_address: must be true or false"),
        (&format!("{IBEXA}api_key_env = \"NO_SUCH_VARIABLE\""), "\"NO_SUCH_VARIABLE\" is not set"),
        (&format!("{IBEXA}api_key_file = \"/no/file\""), "api_key_file: /no/file cannot be read"),
        (&format!("{IBEXA}api_key = \"a\"\napi_key_env = \"B\""), "use one of api_key"),
        (
            "protocol = \"ibexa\"\ncustomerId = \"1\"",
            "line 4: forward[0].customerId: is not known: settings are in snake case, like \
             `customer_id`",
        ),
        (
            &format!("{IBEXA}visitorAddress = true"),
            "line 5: forward[0].visitorAddress: is not known: settings are in snake case, like",
        ),
        (&format!("{IBEXA}noSuch = 1"), "line 5: forward[0].noSuch: is not known"),
        (
            "protocol = \"intempt\"\norganization = \"o\"\nproject = \"p\"\nsource = \"1\"\n\
             names = { deleteFromBasket = 5 }",
            "line 7: forward[0].names.deleteFromBasket: must be",
        ),
    ] {
        let error = parse(&table(lines)).unwrap_err();
        assert!(error.contains(expected), "{lines:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    for (toml, expected) in [
        ("forward = \"a-secret\"", "line 1: forward: must be tables [[forward]]"),
        ("forward = [\"a-secret\"]", "line 1: forward: must be tables [[forward]]"),
        (
            "[[forward]]\nprotocol = \"ibexa\"\ncustomer_id = \"1\"",
            "line 1: forward[0].name: must be 1 to 64 letters",
        ),
        (
            &format!("{}{}", table(IBEXA), table(IBEXA)),
            "line 7: forward[1].name: \"a\" appears twice",
        ),
    ] {
        let error = parse(toml).unwrap_err();
        assert!(error.starts_with(expected) && !error.contains("a-secret"), "{error}");
    }
}

#[test]
fn all_faults_of_all_tables_are_reported() {
    let error = parse(
        "[[forward]]\nname = \"a\"\nprotocol = \"intempt\"\nproject = []\nconnections = 0\n\
         api_key_env = \"NO_SUCH_VARIABLE\"\ntypo = 1\n\
         [[forward]]\nname = \"a\"\nprotocol = \"ibexa\"\ncustomer_id = \"a/b\"\n\
         [[forward]]\nprotocol = \"solr\"\ntimeoutSeconds = 0\nmax_age_hours = 0\n",
    )
    .unwrap_err();
    let expected = [
        "line 1: forward[0].source: is required",
        "line 1: forward[0].organization: is required",
        "line 4: forward[0].project: must be",
        "line 5: forward[0].connections: must be a whole number, 1 to 100",
        "line 6: forward[0].api_key_env: the environment variable",
        "line 7: forward[0].typo: is not known",
        "line 9: forward[1].name: \"a\" appears twice",
        "line 11: forward[1].customer_id: must",
        "line 12: forward[2].name: must be",
        "line 13: forward[2].protocol: must be \"ibexa\",",
        "line 14: forward[2].timeoutSeconds: must be a whole number, 1 to 600",
        "line 15: forward[2].max_age_hours: must be a whole number, 1 to 168",
    ];
    assert_eq!(error.lines().count(), expected.len(), "{error}");
    for (found, expected) in error.lines().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
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
