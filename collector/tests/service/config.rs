//! Faults of the configuration: each with its line and its key, and all of them at once.

use recobeacon_collector::config::{Config, Overrides};

fn faults(toml: &str) -> Vec<String> {
    match Config::from_toml(toml, Overrides::default()) {
        Ok(_) => Vec::new(),
        Err(error) => error.sentences().to_vec(),
    }
}

/// The beginnings of the faults, each for one of the sentences.
fn assert_faults(toml: &str, expected: &[&str]) {
    let found = faults(toml);
    assert_eq!(found.len(), expected.len(), "{toml}\n{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{toml}\n{found}\n{expected}");
    }
}

#[test]
fn each_fault_has_its_line_and_its_key() {
    assert_faults(
        "listen = \"localhost\"\n\
         # A comment.\n\
         origins = [\n  \"https://shop.example\",\n  \"shop.example\",\n  \"https://shop.example/\",\n]\n\
         trusted_proxies = [\"proxy\"]\n\
         unknown = 1\n\
         [limits]\n\
         streams = 0\n\
         waiting = \"many\"\n\
         body = 1\n\
         [cookie]\n\
         days = 401\n\
         [[keys]]\n\
         number = 1\n\
         secret = \"zz\"\n\
         [ibexa]\n\
         customers = [\"a/b\"]\n",
        &[
            "line 1: listen: ",
            "line 5: origins[1]: \"shop.example\" must be like https://www.shop.example",
            "line 6: origins[2]: \"https://shop.example/\" must end after the host",
            "line 8: trusted_proxies: \"proxy\" is not an address",
            "line 9: unknown: unknown field `unknown`",
            "line 11: limits.streams: must be a whole number, 1 to 100000",
            "line 12: limits.waiting: must be a whole number",
            "line 13: limits.body: unknown field `body`",
            "line 15: cookie.days: must be a whole number, 1 to 400",
            "line 18: keys[0].secret: must be hexadecimal",
            "line 20: ibexa.customers: \"a/b\" is not alphanumeric",
        ],
    );
}

#[test]
fn faults_of_customers_name_the_entry() {
    let customer =
        |more: &str| format!("\n[[customers]]\ninterface = \"ibexa\"\nname = \"1\"\n{more}");
    assert_faults(&customer(""), &[]);
    assert_faults(&customer("origins = []\nevents = 0\nrows = 0"), &[]);
    for (more, sentence) in [
        ("origins = [\"*\"]", "line 5: customers[0].origins[0]: \"*\" must be like"),
        ("origins = \"https://a.example\"", "line 5: customers[0].origins: invalid type: string"),
        (
            "origins = [1]",
            "line 5: customers[0].origins[0]: invalid type: integer, expected a string",
        ),
        ("events = -1", "line 5: customers[0].events: must be a whole number, 0 to 1000000"),
        ("rows = 0.5", "line 5: customers[0].rows: must be a whole number, 0 to 1000000000000"),
        ("row = 1", "line 5: customers[0].row: unknown field `row`, expected one of"),
        (
            "\n[[customers]]\ninterface = \"ibexa\"\nname = \"1\"",
            "line 8: customers[1].name: \"1\" appears twice",
        ),
        (
            "\n[[customers]]\ninterface = \"ibex\"\nname = \"1\"",
            "line 7: customers[1].interface: \"ibex\" is not one of batch, ibexa, yoochoose, factfinder, intempt",
        ),
        (
            "\n[[customers]]\ninterface = \"factfinder\"\nname = \"\"",
            "line 8: customers[1].name: \"\" is not the name",
        ),
        (
            "\n[[customers]]\ninterface = \"batch\"\nname = \"a\"",
            "line 6: customers[1].origins: is required",
        ),
        ("\n[[customers]]\nname = \"1\"", "line 6: customers[1].interface: is required"),
    ] {
        assert_faults(&customer(more), &[sentence]);
    }
}

#[test]
fn faults_of_the_feeds_name_the_setting() {
    assert_faults("[feeds]\nhost = \"events.shop.example:8080\"", &[]);
    for (setting, sentence) in [
        ("items = 999", "line 2: feeds.items: must be a whole number, 1000 to 10000000"),
        ("neighbours = 0", "line 2: feeds.neighbours: must be a whole number, 1 to 1000"),
        ("half_life_days = 0", "line 2: feeds.half_life_days: must be a whole number, 1 to 3650"),
        ("rebuild_hours = 721", "line 2: feeds.rebuild_hours: must be a whole number, 1 to 720"),
        ("visits = 0.5", "line 2: feeds.visits: must be a whole number, 1 to 1000"),
        (
            "host = \"https://a.example\"",
            "line 2: feeds.host: \"https://a.example\" must be a host",
        ),
        ("host = \"a.example/x\"", "line 2: feeds.host: \"a.example/x\" must be a host"),
        ("any_id = 1", "line 2: feeds.any_id: invalid type: integer, expected a boolean"),
        ("user = true", "line 2: feeds.user: unknown field `user`"),
    ] {
        assert_faults(&format!("[feeds]\n{setting}"), &[sentence]);
    }
    let key = format!("[[keys]]\nnumber = 1\nsecret = \"{}\"\n", "07".repeat(32));
    let cluster = format!("[feeds]\n[cluster]\nnats = [\"nats://127.0.0.1:1\"]\n{key}");
    assert_faults(&cluster, &["line 1: feeds: needs a database of PostgreSQL in a cluster"]);
    let database = "database = \"postgres://reader@127.0.0.1/shop\"\n";
    assert_faults(&format!("{database}{cluster}"), &[]);
}

#[test]
fn plans_of_tests_are_checked() {
    assert_faults(
        "[[variants]]\n\
         scenario = \"s\"\n\
         weights = { A = 1 }\n\
         [[variants]]\n\
         scenario = \"s\"\n\
         reference = \"C\"\n\
         weights = { A = 0, B = 1 }\n\
         [[variants]]\n",
        &[
            "line 3: variants[0].weights: must name two variants or more",
            "line 5: variants[1].scenario: \"s\" appears twice",
            "line 6: variants[1].reference: must be one of the weights",
            "line 7: variants[1].weights.A: must be a whole number, 1 to 1000000",
            "line 8: variants[2].scenario: is required",
            "line 8: variants[2].weights: is required",
        ],
    );
    // No event can have these names.
    assert_faults(
        "[[variants]]\nscenario = \"\"\nweights = { \"a\\\\b\" = 1, B = 1 }\n",
        &[
            "line 2: variants[0].scenario: \"\" must not be empty",
            "line 3: variants[0].weights.a\\b: \"a\\\\b\" must have no backslash",
        ],
    );
}

#[test]
fn a_fault_hides_no_other_fault() {
    assert_faults(
        "listen = \"localhost:8787\"\n\
         site = \"/no-such-folder\"\n\
         trusted_proxies = [\"a\", \"b\"]\n\
         [cookie]\n\
         name = \"a b\"\n\
         domain = \"a b\"\n\
         days = 4000\n\
         [retention]\n\
         days = 0\n\
         orders_days = -1\n\
         customers = { shop-de = -1, shop-at = 1.5 }\n\
         [yoochoose]\n\
         customers = [\"a-b\", \"c-d\"]\n\
         solutions = [\"v1\"]\n\
         [factfinder]\n\
         base_path = \"FF\"\n\
         keys = 1\n\
         channels = [{ name = \"\", currency = \"euro\" }, {}]\n\
         [intempt]\n\
         names = { clik = \"a\", rate = \"b\" }\n",
        &[
            "line 1: listen: must be an IP address with a port, such as 127.0.0.1:8787",
            "line 2: site: /no-such-folder is not a folder",
            "line 3: trusted_proxies: \"a\"",
            "line 3: trusted_proxies: \"b\"",
            "line 5: cookie.name: ",
            "line 6: cookie.domain: ",
            "line 7: cookie.days: ",
            "line 9: retention.days: ",
            "line 10: retention.orders_days: ",
            "line 11: retention.customers.shop-at: ",
            "line 11: retention.customers.shop-de: ",
            "line 13: yoochoose.customers: \"a-b\"",
            "line 13: yoochoose.customers: \"c-d\"",
            "line 14: yoochoose.solutions: \"v1\" is taken already",
            "line 16: factfinder.base_path: ",
            "line 17: factfinder.keys: ",
            "line 18: factfinder.channels[0].name: ",
            "line 18: factfinder.channels[0].currency: ",
            "line 18: factfinder.channels[1].name: is required",
            "line 20: intempt.names: \"clik\"",
            "line 20: intempt.names: \"rate\"",
        ],
    );
    assert_faults(
        "[[keys]]\n\
         [[keys]]\n\
         number = 1\n\
         secret = \"zz\"\n\
         [[keys]]\n\
         number = 1\n\
         secret = \"0102\"\n\
         [[customers]]\n\
         [[customers]]\n\
         interface = \"ibex\"\n\
         name = \"\"\n\
         rows = -1\n",
        &[
            "line 1: keys[0].number: is required",
            "line 1: keys[0].secret: is required",
            "line 4: keys[1].secret: must be hexadecimal",
            "line 6: keys[2].number: 1 appears twice",
            "line 7: keys[2].secret: must have at least 32",
            "line 8: customers[0].interface: is required",
            "line 8: customers[0].name: is required",
            "line 10: customers[1].interface: \"ibex\"",
            "line 11: customers[1].name: \"\"",
            "line 12: customers[1].rows: ",
        ],
    );
}

#[test]
fn the_listeners_cannot_have_the_same_address() {
    let port = "must have another port than";
    for (toml, expected) in [
        (
            "listen = \"127.0.0.1:9\"\nadmin_listen = \"127.0.0.1:9\"",
            &*format!("line 2: admin_listen: {port} listen"),
        ),
        ("listen = \"127.0.0.1:8788\"", &*format!("line 1: listen: {port} admin_listen")),
        ("listen = \"0.0.0.0:8788\"", &*format!("line 1: listen: {port} admin_listen")),
        ("admin_listen = \"[::1]:9\"\nlisten = \"[::]:9\"", "line 1: admin_listen: "),
    ] {
        assert_faults(toml, &[expected]);
    }
    assert_faults("listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"", &[]);
    assert_faults("listen = \"192.0.2.1:9\"\nadmin_listen = \"127.0.0.1:9\"", &[]);
    assert_faults("listen = \"[::]:9\"\nadmin_listen = \"127.0.0.1:9\"", &[]);
    // Neither is the address in the file.
    assert_faults("listen = \"x\"\nadmin_listen = \"127.0.0.1:8787\"", &["line 1: listen: "]);
}

#[test]
fn a_text_that_is_no_toml_has_the_lines_of_its_faults() {
    assert_faults("listen = \"127.0.0.1:1\"\nadmin_token =\nsite = x\n", &["line 2: ", "line 3: "]);
    assert_faults("inspector = true\ninspector = true\n", &["line 2: duplicate key"]);
}

#[test]
fn a_fault_does_not_cause_others() {
    // Without its token, this address would be refused.
    assert_faults(
        "admin_listen = \"0.0.0.0:1\"\nadmin_token = 5\n",
        &["line 2: admin_token: invalid type"],
    );
    // Without its secret, this key would be incomplete.
    assert_faults("[[keys]]\nnumber = 1\nsecret = 5\n", &["line 3: keys[0].secret: invalid type"]);
}

#[test]
fn no_fault_repeats_a_secret() {
    for toml in [
        "admin_token = 123456789",
        "admin_token = [\"123456789\"]",
        "[[keys]]\nnumber = 1\nsecret = 123456789",
        "[[keys]]\nnumber = 1\nsecret = \"123456789z\"",
        "[[keys]]\nnumber = \"123456789\"\nsecret = \"\"",
        "[ibexa]\nlicense_keys = { 1 = 123456789 }",
        "[factfinder]\nkeys = 123456789",
        "[intempt]\nkeys = \"123456789\"",
        "admin_token = \"123456789",
        "admin_token = 123456789x",
    ] {
        let found = faults(toml);
        assert!(!found.is_empty() && !found.join("\n").contains("123456789"), "{toml}: {found:?}");
    }
}
