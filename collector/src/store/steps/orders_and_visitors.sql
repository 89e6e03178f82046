-- An order and its lines. A line is the n-th line of one item in an order. No row names a person.
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
CREATE INDEX orders_without_shop ON orders (row) WHERE shop_at IS NULL;
CREATE INDEX orders_without_page ON orders (row) WHERE page_at IS NULL;
CREATE INDEX orders_by_age ON orders (first_at);
CREATE TABLE order_lines (
    order_row INTEGER NOT NULL,
    item_type TEXT NOT NULL,
    item_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    page INTEGER NOT NULL,
    shop INTEGER NOT NULL,
    PRIMARY KEY (order_row, item_type, item_id, n)
) WITHOUT ROWID;
-- How many lines of an item each report had. A report is one call of one page.
CREATE TABLE order_reports (
    order_row INTEGER NOT NULL,
    item_type TEXT NOT NULL,
    item_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    at INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    PRIMARY KEY (order_row, item_type, item_id, stream, at)
) WITHOUT ROWID;
-- The events that reported a line, so that the same event changes nothing when it comes again.
CREATE TABLE order_events (
    id TEXT PRIMARY KEY,
    order_row INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX order_events_by_order ON order_events (order_row);

-- Purchases that were stored before this version: the first row of a line stays, as if this
-- version had received them.
CREATE TEMP TABLE reported AS
    SELECT row, id, coalesce(customer, '') AS customer, fields ->> '$.orderId' AS order_id,
           coalesce(fields ->> '$.itemType', '') AS item_type, fields ->> '$.itemId' AS item_id,
           coalesce(stream, '') AS stream, at, received_at
    FROM events
    WHERE type = 'buy' AND json_valid(fields) AND fields ->> '$.orderId' IS NOT NULL
        AND fields ->> '$.itemId' IS NOT NULL;
CREATE TEMP TABLE placed AS
    SELECT *, row_number() OVER (
        PARTITION BY customer, order_id, item_type, item_id, stream, at ORDER BY row) - 1 AS place
    FROM reported;
INSERT INTO orders (customer, order_id, first_at, page_at)
    SELECT customer, order_id, min(received_at), min(received_at)
    FROM placed GROUP BY customer, order_id ORDER BY min(row);
INSERT INTO order_lines
    SELECT orders.row, item_type, item_id, place, 1, 0
    FROM placed JOIN orders USING (customer, order_id)
    GROUP BY orders.row, item_type, item_id, place;
INSERT INTO order_reports
    SELECT orders.row, item_type, item_id, stream, at, count(*)
    FROM placed JOIN orders USING (customer, order_id)
    GROUP BY orders.row, item_type, item_id, stream, at;
INSERT INTO order_events
    SELECT id, orders.row FROM placed JOIN orders USING (customer, order_id);
CREATE TEMP TABLE extra AS
    SELECT row, customer, order_id FROM placed WHERE row NOT IN (
        SELECT min(row) FROM placed GROUP BY customer, order_id, item_type, item_id, place);
UPDATE orders SET copies = counted.copies
    FROM (SELECT customer, order_id, count(*) AS copies FROM extra GROUP BY customer, order_id)
        AS counted
    WHERE orders.customer = counted.customer AND orders.order_id = counted.order_id;
DELETE FROM events WHERE row IN (SELECT row FROM extra);
DROP TABLE extra;
DROP TABLE placed;
DROP TABLE reported;

-- Finding one visitor.
CREATE INDEX events_by_user ON events (user) WHERE user IS NOT NULL;
CREATE INDEX events_by_anonymous ON events (anonymous) WHERE anonymous IS NOT NULL;
-- Further hashed ids in the fields of vendors' events.
CREATE TABLE other_ids (
    hash TEXT NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (hash, row)
) WITHOUT ROWID;
CREATE INDEX other_ids_by_row ON other_ids (row);
INSERT INTO other_ids
    SELECT DISTINCT value, events.row FROM events, json_each(events.fields)
    WHERE source IN ('factfinder', 'intempt') AND json_each.type = 'text'
        AND length(value) = 32 AND value NOT GLOB '*[^0-9a-f]*';
CREATE TRIGGER other_ids_end AFTER DELETE ON events
    BEGIN DELETE FROM other_ids WHERE row = old.row; END;
-- One id, hashed with the current key and with an older one.
CREATE TABLE pseudonyms (
    hash TEXT NOT NULL,
    older TEXT NOT NULL,
    PRIMARY KEY (hash, older)
) WITHOUT ROWID;
CREATE INDEX pseudonyms_by_older ON pseudonyms (older);

-- Deleting by age.
CREATE INDEX events_by_age ON events (customer, received_at);
CREATE INDEX batches_by_age ON batches (received_at);
CREATE TABLE tending (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
