//! YOOCHOOSE's interface: Ibexa's with a solution id in the path, and its older rules.

use crate::common::{JOHNDOE, Server, VISITOR, neutral};
use serde_json::{Value, json};

/// The event stored for a request.
async fn stored(server: &Server, target: &str) -> Value {
    let answer = server.get(target).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{target}: {}", answer.text());
    neutral(server.events().await.pop().unwrap(), "yoochoose", "00000")
}

/// The user journey in the vendor's documentation, without events that this form lacks.
#[tokio::test]
async fn the_vendors_examples_become_neutral_events_by_get_and_by_post() {
    let server = Server::start().await;
    let items: Vec<Value> =
        ["128", "129", "155"].iter().map(|id| json!({ "itemId": id, "itemType": "1" })).collect();
    let item = |kind: &str, user: &str, item_type: &str, id: &str| json!({ "type": kind, "user": user, "itemType": item_type, "itemId": id });
    let with = crate::common::changed;
    let journey = [
        (
            "click/Js79009234YU7/1/123?categorypath=%2FShoes%2FChildren",
            with(item("click", VISITOR, "1", "123"), json!({ "categoryPath": "Shoes/Children" })),
        ),
        (
            "rendered/Js79009234YU7/1/128,129,155",
            json!({ "type": "rendered", "user": VISITOR, "itemType": "1", "items": items }),
        ),
        (
            "clickrecommended/Js79009234YU7/1/155?scenario=also_bought",
            with(
                item("clickRecommended", VISITOR, "1", "155"),
                json!({ "scenario": "also_bought" }),
            ),
        ),
        ("consume/Js79009234YU7/3/452", item("consume", VISITOR, "3", "452")),
        (
            "consume/Js79009234YU7/3/466?percentage=60",
            with(item("consume", VISITOR, "3", "466"), json!({ "percentage": 60 })),
        ),
        (
            "basket/Js79009234YU7/1/128?categorypath=Shoes%2FChildren%2F",
            with(item("basket", VISITOR, "1", "128"), json!({ "categoryPath": "Shoes/Children" })),
        ),
        ("basket/Js79009234YU7/1/129", item("basket", VISITOR, "1", "129")),
        ("deletefrombasket/Js79009234YU7/1/129", item("deleteFromBasket", VISITOR, "1", "129")),
        (
            "login/Js79009234YU7/johndoe",
            json!({ "type": "login", "anonymous": VISITOR, "user": JOHNDOE }),
        ),
        (
            "transfer/Js79009234YU7/johndoe",
            json!({ "type": "login", "anonymous": VISITOR, "user": JOHNDOE }),
        ),
        (
            "buy/johndoe/1/128?fullprice=19.99EUR&quantity=1",
            with(item("buy", JOHNDOE, "1", "128"), json!({ "price": "19.99EUR", "quantity": 1 })),
        ),
        (
            "buy/johndoe/1/129?fullprice=4.44EUR&quantity=2",
            with(item("buy", JOHNDOE, "1", "129"), json!({ "price": "4.44EUR", "quantity": 2 })),
        ),
        (
            "buy/johndoe/1/130?fullprice=456JPY",
            with(item("buy", JOHNDOE, "1", "130"), json!({ "price": "456JPY" })),
        ),
        (
            "rate/johndoe/1/133?rating=5",
            with(item("rate", JOHNDOE, "1", "133"), json!({ "rating": 5 })),
        ),
        ("blacklist/johndoe/5/133", item("blacklist", JOHNDOE, "5", "133")),
    ];
    for method in ["GET", "POST"] {
        for (place, (path, event)) in journey.iter().enumerate() {
            let solution = ["ebl", "news"][place % 2];
            let target = format!("/{solution}/00000/{path}");
            let answer = server.send(method, &target, "", b"").await;
            assert_eq!(answer.status, 204, "{method} {target}: {}", answer.text());
            let row = server.events().await.pop().unwrap();
            assert_eq!(&neutral(row, "yoochoose", "00000"), event, "{target}");
        }
    }
    assert_eq!(server.events().await.len(), 2 * journey.len());
}

#[tokio::test]
async fn the_deprecated_price_is_accepted() {
    let server = Server::start().await;
    for (query, price) in [
        ("price=1245&currency=EUR", "12.45EUR"),
        ("currency=EUR&price=1245", "12.45EUR"),
        ("price=225", "2.25EUR"),
        ("price=1200&currency=USD", "12.00USD"),
        ("price=5&currency=CHF", "0.05CHF"),
        ("price=0", "0.00EUR"),
        ("price=1245&currency=", "12.45EUR"),
        ("price=1245&currency=EUR&fullprice=9.99USD", "9.99USD"),
        ("fullprice=9.99USD&price=nonsense", "9.99USD"),
    ] {
        let row = stored(&server, &format!("/ebl/00000/buy/johndoe/1/7?{query}")).await;
        assert_eq!(row["price"], price, "{query}");
    }
}

#[tokio::test]
async fn the_user_not_defined_is_stored_without_a_user() {
    let server = Server::start().await;
    let row = stored(&server, "/ebl/00000/click/not_defined/1/7").await;
    assert_eq!(row, json!({ "type": "click", "itemType": "1", "itemId": "7" }));
}

#[tokio::test]
async fn invalid_requests_get_400_with_a_sentence() {
    let server = Server::start().await;
    for (path, sentence) in [
        ("click/u/1", "the path must be /{solutionid}/{customerid}/click/{userid}"),
        ("click/u/0/1", "the item type must be 1 to 5"),
        ("click/u/6/1", "the item type must be 1 to 5"),
        ("click/u/01/1", "the item type must be 1 to 5"),
        ("click/u//1", "the item type must be 1 to 5"),
        ("rendered/u/6/1,2", "the item type must be 1 to 5"),
        ("clickrecommended/u/1/1", "scenario is required"),
        ("buy/u/1/1", "fullprice is required"),
        ("buy/u/1/1?quantity=2", "fullprice is required"),
        ("buy/u/1/1?fullprice=", "fullprice is required"),
        ("buy/u/1/1?currency=EUR", "fullprice is required"),
        ("buy/u/1/1?fullprice=4.44", "buy.price must be like"),
        ("buy/u/1/1?price=12.45", "price must be whole cents"),
        ("buy/u/1/1?price=-5", "price must be whole cents"),
        ("buy/u/1/1?price=%2B5", "price must be whole cents"),
        ("buy/u/1/1?price=99999999999999999999", "price must be whole cents"),
        ("buy/u/1/1?price=1245&currency=EURO", "buy.price must be like"),
        ("login/u/not_defined", "the target of a login must be an account"),
        ("click//1/1", "the user id must not be empty"),
        ("click/u/1/a%5Cb", "the address must have no backslash"),
        ("click/u/1/1?x=%5C", "the address must have no backslash"),
        ("click/%FF/1/1", "the address must be percent-encoded UTF-8"),
    ] {
        let answer = server.get(&format!("/ebl/00000/{path}")).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().starts_with(sentence), "{path}: {}", answer.text());
    }
    assert!(server.events().await.is_empty());
}

#[tokio::test]
async fn unknown_customers_events_and_solutions_get_404() {
    let server = Server::start().await;
    for target in [
        "/ebl/0-0/click/u/1/1",
        "/ebl/00000/clicks/u/1/1",
        "/ebl/00000/owns/u/1/1",
        "/ebl/00000/wishlist/u/1/1",
        "/ebl/00000/deletefromwishlist/u/1/1",
        "/ebl/00000/triggeropened/u?triggername=t",
        "/ebl/00000/clicktriggered/u/1/1?triggername=t",
        "/ebl/00000",
        "/ebl/",
        "/ebl",
        "/shop/00000/click/u/1/1",
    ] {
        assert_eq!(server.get(target).await.status, 404, "{target}");
    }
    assert_eq!(server.send("POST", "/ebl/00000/clicks/u/1/1", "", b"").await.status, 404);
    let toml = "[yoochoose]\nsolutions = [\"shop\"]\ncustomers = [\"00000\"]\n";
    let server = Server::with(toml).await;
    for (target, status) in [
        ("/shop/00000/click/u/1/1", 204),
        ("/shop/00001/click/u/1/1", 404),
        ("/ebl/00000/click/u/1/1", 404),
        ("/api/00001/click/u/1/1", 204),
    ] {
        assert_eq!(server.get(target).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn a_solution_id_does_not_hide_a_folder_of_the_site() {
    let files: &[(&str, &[u8])] = &[
        ("dist/reco.js", b""),
        ("site/news/index.html", b"news"),
        ("site/news/2026/11/today.html", b"today"),
        ("site/shop/index.html", b"shop"),
        ("site/news/00000/click/johndoe/1/7", b"never served: an event has this address"),
    ];
    let server = Server::serving("", Some(files)).await;
    for (target, content) in
        [("/news/", "news"), ("/news/2026/11/today.html", "today"), ("/shop/", "shop")]
    {
        let answer = server.send("GET", target, "Origin: https://a.example\r\n", b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, content), "{target}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{target}");
        assert_eq!(server.send("HEAD", target, "", b"").await.status, 200, "{target}");
    }
    assert_eq!(server.get("/news").await.status, 308);
    let answer = server.get("/news/00000/clicks/u/1/1").await;
    assert_eq!((answer.status, answer.text().as_str()), (404, "the event is not known\n"));
    assert_eq!(server.get("/news/00000/click/johndoe/1/7").await.status, 204);
    for method in ["HEAD", "PUT", "DELETE"] {
        let answer = server.send(method, "/news/00000/click/u/1/7", "", b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST, OPTIONS")));
    }
    assert_eq!(server.events().await.len(), 1);
}
