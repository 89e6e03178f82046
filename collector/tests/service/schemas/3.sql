-- A database that the collector of schema version 3 made, as `sqlite3 FILE .dump` prints it.
PRAGMA user_version = 3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO events VALUES(1,'019b8d6e-22e0-71c1-8c61-4ba8ade38211','click',1767604364000,1795829712914,NULL,'import',NULL,NULL,NULL,NULL,NULL,NULL,'61a9126eafd11ca2652a6dadcca76d9d',1,'{"itemType":"1","itemId":"4711","categoryPath":"Shoes/Children"}');
INSERT INTO events VALUES(2,'019b8d6e-8870-78e8-9f88-b888f0e0c267','basket',1767604390000,1795829712914,NULL,'import',NULL,NULL,NULL,NULL,NULL,NULL,'61a9126eafd11ca2652a6dadcca76d9d',1,'{"itemType":"1","itemId":"4711","categoryPath":"Shoes/Children","quantity":1,"price":"49.90EUR"}');
INSERT INTO events VALUES(3,'019b8d74-d5b8-7ea3-94db-35debd59da57','buy',1767604803000,1795829712914,NULL,'import',NULL,NULL,NULL,NULL,NULL,'8ff5b2fb96dda75fc6239a24e26d564f',NULL,1,'{"itemType":"1","itemId":"4711","price":"49.90EUR","quantity":1,"orderId":"2026-0001"}');
INSERT INTO events VALUES(4,'019b8d74-d5b8-7ea7-be44-6497733e84d3','buy',1767604803000,1795829712914,NULL,'import',NULL,NULL,NULL,NULL,NULL,'8ff5b2fb96dda75fc6239a24e26d564f',NULL,1,'{"itemType":"1","itemId":"4712","price":"12.50EUR","quantity":2,"orderId":"2026-0001"}');
INSERT INTO events VALUES(5,'019bd769-e500-7edc-8aca-8761d87d0edf','rate',1768845600000,1795829712914,NULL,'import',NULL,NULL,NULL,NULL,NULL,'8ff5b2fb96dda75fc6239a24e26d564f',NULL,1,'{"itemType":"1","itemId":"4711","rating":80}');
INSERT INTO events VALUES(6,'019bd769-f888-7f9e-83ee-0eb50e8dc0cd','rendered',1768845605000,1795829712914,NULL,'import',NULL,NULL,NULL,NULL,NULL,'8ff5b2fb96dda75fc6239a24e26d564f',NULL,1,'{"itemType":"1","items":[{"itemId":"4720","itemType":"1"},{"itemId":"4721","itemType":"1"},{"itemId":"4722","itemType":"1"}],"scenario":"also_bought"}');
INSERT INTO events VALUES(7,'0193bdc1-0000-7000-8000-000000000001','rendered',1763683190000,1795829714490,1763683200000,'batch','s1',0,0,'recobeacon/0.1.0',NULL,NULL,NULL,NULL,'{"itemType":"1","items":[{"itemId":"128","itemType":"1"},{"itemId":"129","itemType":"1"}],"scenario":"also"}');
INSERT INTO events VALUES(8,'0193bdc1-0000-7000-8000-000000000002','clickRecommended',1763683195000,1795829714490,1763683200000,'batch','s1',0,1,'recobeacon/0.1.0',NULL,NULL,NULL,NULL,'{"itemType":"1","itemId":"129","scenario":"also"}');
INSERT INTO events VALUES(9,'0193bdc1-0000-7000-8000-000000000003','buy',1763683199000,1795829714490,1763683200000,'batch','s1',0,2,'recobeacon/0.1.0',NULL,NULL,NULL,NULL,'{"itemType":"1","itemId":"129","price":"12.45EUR","quantity":2,"orderId":"A-1"}');
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
INSERT INTO batches VALUES(1,'s1',0,547,3,3,1795829714490,0);
CREATE TABLE keys (
        number INTEGER PRIMARY KEY,
        recognised_by TEXT NOT NULL
    );
INSERT INTO keys VALUES(1,'9f111864e8f0aae013448c5ed0e25df8');
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
INSERT INTO orders VALUES(1,'','2026-0001',1795829712914,NULL,1795829712914,0);
INSERT INTO orders VALUES(2,'','A-1',1795829714490,1795829714490,NULL,0);
CREATE TABLE order_lines (
    order_row INTEGER NOT NULL,
    item_type TEXT NOT NULL,
    item_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    page INTEGER NOT NULL,
    shop INTEGER NOT NULL,
    PRIMARY KEY (order_row, item_type, item_id, n)
) WITHOUT ROWID;
INSERT INTO order_lines VALUES(1,'1','4711',0,0,1);
INSERT INTO order_lines VALUES(1,'1','4712',0,0,1);
INSERT INTO order_lines VALUES(2,'1','129',0,1,0);
CREATE TABLE order_reports (
    order_row INTEGER NOT NULL,
    item_type TEXT NOT NULL,
    item_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    at INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    PRIMARY KEY (order_row, item_type, item_id, stream, at)
) WITHOUT ROWID;
INSERT INTO order_reports VALUES(2,'1','129','s1',1763683199000,1);
CREATE TABLE order_events (
    id TEXT PRIMARY KEY,
    order_row INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO order_events VALUES('019b8d74-d5b8-7ea3-94db-35debd59da57',1);
INSERT INTO order_events VALUES('019b8d74-d5b8-7ea7-be44-6497733e84d3',1);
INSERT INTO order_events VALUES('0193bdc1-0000-7000-8000-000000000003',2);
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
CREATE TABLE forward (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        destination TEXT NOT NULL,
        event TEXT NOT NULL,
        -- A `rendered` that is too long for a vendor's address has several.
        piece INTEGER NOT NULL,
        type TEXT NOT NULL,
        -- The hash of the visitor's id, or the page without one: whose events keep their order.
        visitor TEXT,
        at INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
        attempts INTEGER NOT NULL DEFAULT 0,
        -- The ids and fields, encrypted. NULL once they have expired.
        key INTEGER,
        sealed BLOB,
        reason TEXT,
        message TEXT,
        failed_at INTEGER
    );
INSERT INTO forward VALUES(1,'ibexa','0193bdc1-0000-7000-8000-000000000001',0,'rendered',NULL,1763683190000,1795829714490,1763769590000,'dead',0,NULL,NULL,'expired',NULL,1795829714490);
INSERT INTO forward VALUES(2,'ibexa','0193bdc1-0000-7000-8000-000000000002',0,'clickRecommended',NULL,1763683195000,1795829714490,1763769595000,'dead',0,NULL,NULL,'expired',NULL,1795829714490);
INSERT INTO forward VALUES(3,'ibexa','0193bdc1-0000-7000-8000-000000000003',0,'buy',NULL,1763683199000,1795829714490,1763769599000,'dead',0,NULL,NULL,'expired',NULL,1795829714490);
CREATE TABLE forward_counts (
        destination TEXT PRIMARY KEY,
        waiting INTEGER NOT NULL DEFAULT 0,
        dead INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        dropped INTEGER NOT NULL DEFAULT 0
    );
INSERT INTO forward_counts VALUES('ibexa',0,3,0,0);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('orders',2);
INSERT INTO sqlite_sequence VALUES('events',9);
INSERT INTO sqlite_sequence VALUES('forward',3);
INSERT INTO sqlite_sequence VALUES('batches',1);
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
CREATE INDEX forward_state ON forward (destination, state, row);
CREATE INDEX forward_event ON forward (event);
CREATE INDEX forward_expiry ON forward (expires_at) WHERE sealed IS NOT NULL;
CREATE TRIGGER forward_added AFTER INSERT ON forward BEGIN
        INSERT INTO forward_counts (destination) VALUES (new.destination) ON CONFLICT DO NOTHING;
        UPDATE forward_counts SET
            waiting = waiting + (new.state <> 'dead'), dead = dead + (new.state = 'dead')
        WHERE destination = new.destination;
    END;
CREATE TRIGGER forward_deleted AFTER DELETE ON forward BEGIN
        UPDATE forward_counts SET
            waiting = waiting - (old.state <> 'dead'), dead = dead - (old.state = 'dead')
        WHERE destination = old.destination;
    END;
CREATE TRIGGER forward_changed AFTER UPDATE OF state ON forward BEGIN
        UPDATE forward_counts SET
            waiting = waiting + (new.state <> 'dead') - (old.state <> 'dead'),
            dead = dead + (new.state = 'dead') - (old.state = 'dead')
        WHERE destination = new.destination;
    END;
COMMIT;
