-- A database that the collector of schema version 2 made, as `sqlite3 FILE .dump` prints it.
PRAGMA user_version = 2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE batches (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        events INTEGER NOT NULL,
        stored INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        copies INTEGER NOT NULL DEFAULT 0,
        UNIQUE (stream, seq)
    );
CREATE TABLE events (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        at INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        sent_at INTEGER,
        source TEXT NOT NULL,
        stream TEXT,
        seq INTEGER,
        place INTEGER,
        client TEXT,
        customer TEXT,
        user TEXT,
        anonymous TEXT,
        key INTEGER,
        fields TEXT NOT NULL
    );
INSERT INTO "events" VALUES(1,'019b8d6e-22e0-7cad-8462-8b84904fe499','click',1767604364000,1795794731614,NULL,'import',NULL,NULL,NULL,NULL,NULL,NULL,'9a03d1642e8f916a19d5c1107110ab3d',1,'{"itemType":"1","itemId":"4711","categoryPath":"Shoes/Children"}');
INSERT INTO "events" VALUES(2,'019b8d6e-8870-7f1c-b6e2-b7af4c20671b','basket',1767604390000,1795794731614,NULL,'import',NULL,NULL,NULL,NULL,NULL,NULL,'9a03d1642e8f916a19d5c1107110ab3d',1,'{"itemType":"1","itemId":"4711","categoryPath":"Shoes/Children","quantity":1,"price":"49.90EUR"}');
INSERT INTO "events" VALUES(3,'019b8d74-d5b8-76de-97e1-cb0812ef1939','buy',1767604803000,1795794731614,NULL,'import',NULL,NULL,NULL,NULL,NULL,'b45205bb76459b280b2cfcdc566b730f',NULL,1,'{"itemType":"1","itemId":"4711","price":"49.90EUR","quantity":1,"orderId":"2026-0001"}');
INSERT INTO "events" VALUES(4,'019b8d74-d5b8-7993-81aa-664a8d6f1c8b','buy',1767604803000,1795794731614,NULL,'import',NULL,NULL,NULL,NULL,NULL,'b45205bb76459b280b2cfcdc566b730f',NULL,1,'{"itemType":"1","itemId":"4712","price":"12.50EUR","quantity":2,"orderId":"2026-0001"}');
INSERT INTO "events" VALUES(5,'019bd769-e500-772f-bb35-9e7e704e6f61','rate',1768845600000,1795794731614,NULL,'import',NULL,NULL,NULL,NULL,NULL,'b45205bb76459b280b2cfcdc566b730f',NULL,1,'{"itemType":"1","itemId":"4711","rating":80}');
INSERT INTO "events" VALUES(6,'019bd769-f888-770e-9122-abafc7be1807','rendered',1768845605000,1795794731614,NULL,'import',NULL,NULL,NULL,NULL,NULL,'b45205bb76459b280b2cfcdc566b730f',NULL,1,'{"itemType":"1","items":[{"itemId":"4720","itemType":"1"},{"itemId":"4721","itemType":"1"},{"itemId":"4722","itemType":"1"}],"scenario":"also_bought"}');
CREATE TABLE keys (
        number INTEGER PRIMARY KEY,
        recognised_by TEXT NOT NULL
    );
INSERT INTO "keys" VALUES(1,'f7b7fd4e6617d9756e59d6fa4fad874c');
CREATE TABLE order_events (
    id TEXT PRIMARY KEY,
    order_row INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "order_events" VALUES('019b8d74-d5b8-76de-97e1-cb0812ef1939',1);
INSERT INTO "order_events" VALUES('019b8d74-d5b8-7993-81aa-664a8d6f1c8b',1);
CREATE TABLE order_lines (
    order_row INTEGER NOT NULL,
    item_type TEXT NOT NULL,
    item_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    page INTEGER NOT NULL,
    shop INTEGER NOT NULL,
    PRIMARY KEY (order_row, item_type, item_id, n)
) WITHOUT ROWID;
INSERT INTO "order_lines" VALUES(1,'1','4711',0,1,0);
INSERT INTO "order_lines" VALUES(1,'1','4712',0,1,0);
CREATE TABLE order_reports (
    order_row INTEGER NOT NULL,
    item_type TEXT NOT NULL,
    item_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    at INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    PRIMARY KEY (order_row, item_type, item_id, stream, at)
) WITHOUT ROWID;
INSERT INTO "order_reports" VALUES(1,'1','4711','',1767604803000,1);
INSERT INTO "order_reports" VALUES(1,'1','4712','',1767604803000,1);
CREATE TABLE orders (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Empty: no customer.
    customer TEXT NOT NULL,
    order_id TEXT NOT NULL,
    -- Times of receipt: of the first report, of the first page's, of the shop's.
    first_at INTEGER NOT NULL,
    page_at INTEGER,
    shop_at INTEGER,
    -- Lines that were reported again by a page.
    copies INTEGER NOT NULL DEFAULT 0,
    UNIQUE (customer, order_id)
);
INSERT INTO "orders" VALUES(1,'','2026-0001',1795794731614,1795794731614,NULL,0);
CREATE TABLE other_ids (
    hash TEXT NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (hash, row)
) WITHOUT ROWID;
CREATE TABLE pseudonyms (
    hash TEXT NOT NULL,
    older TEXT NOT NULL,
    PRIMARY KEY (hash, older)
) WITHOUT ROWID;
CREATE TABLE tending (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orders_without_shop ON orders (row) WHERE shop_at IS NULL;
CREATE INDEX orders_without_page ON orders (row) WHERE page_at IS NULL;
CREATE INDEX orders_by_age ON orders (first_at);
CREATE INDEX order_events_by_order ON order_events (order_row);
CREATE INDEX events_by_user ON events (user) WHERE user IS NOT NULL;
CREATE INDEX events_by_anonymous ON events (anonymous) WHERE anonymous IS NOT NULL;
CREATE INDEX other_ids_by_row ON other_ids (row);
CREATE TRIGGER other_ids_end AFTER DELETE ON events
    BEGIN DELETE FROM other_ids WHERE row = old.row; END;
CREATE INDEX pseudonyms_by_older ON pseudonyms (older);
CREATE INDEX events_by_age ON events (customer, received_at);
CREATE INDEX batches_by_age ON batches (received_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('orders',1);
INSERT INTO "sqlite_sequence" VALUES('events',6);
COMMIT;
