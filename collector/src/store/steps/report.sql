-- The views of the report (docs/report.md), and the refused requests of each day.

-- An event with the time at which it happened by the collector's clock. A batch has the times of the
-- event and of sending by the visitor's clock, so their difference is right even if the clock is wrong.
-- The tracker drops events after 7 days: with another difference the clock was changed in between.
CREATE VIEW report_events AS
    SELECT row, type, source, coalesce(customer, '') AS customer,
           coalesce(anonymous, user) AS visitor,
           CASE WHEN sent_at IS NULL THEN min(at, received_at)
                WHEN sent_at - at BETWEEN 0 AND 604800000 THEN received_at - (sent_at - at)
                ELSE received_at END AS time,
           at, sent_at, received_at,
           coalesce(fields ->> '$.itemType', '') AS item_type,
           fields ->> '$.itemId' AS item_id,
           coalesce(fields ->> '$.scenario', '') AS scenario,
           CASE type WHEN 'consume' THEN coalesce(fields ->> '$.percentage', 100) END AS percentage,
           fields
    FROM events;

-- A bought line. A price is kept as text like 12.45EUR, so its millionths are exact.
CREATE VIEW report_purchases AS
    SELECT row, time, source, customer, visitor, item_type, item_id, order_id, currency,
           price_micros, quantity_micros,
           price_micros * (quantity_micros / 1000000)
               + (price_micros * (quantity_micros % 1000000) + 500000) / 1000000 AS amount_micros
    FROM (
        SELECT row, time, source, customer, visitor, item_type, item_id,
               fields ->> '$.orderId' AS order_id,
               substr(fields ->> '$.price', -3) AS currency,
               CAST(fields ->> '$.price' AS INTEGER) * 1000000
                   + CASE WHEN instr(fields ->> '$.price', '.') = 0 THEN 0 ELSE
                         CAST(substr(substr(fields ->> '$.price', instr(fields ->> '$.price', '.') + 1,
                                            length(fields ->> '$.price') - 3
                                                - instr(fields ->> '$.price', '.')) || '000000',
                                     1, 6) AS INTEGER) END AS price_micros,
               CAST(round(coalesce(fields ->> '$.quantity', 1) * 1000000) AS INTEGER)
                   AS quantity_micros
        FROM report_events WHERE type = 'buy'
    );

-- A bought line, once for each scenario in which the visitor had clicked the item in the 7 days before.
CREATE VIEW report_scenario_purchases AS
    SELECT DISTINCT clicked.scenario, bought.*
    FROM report_purchases AS bought JOIN events AS device
        ON device.anonymous = bought.visitor
            OR device.user = bought.visitor AND device.anonymous IS NULL
    JOIN report_events AS clicked
        ON clicked.row = device.row
            AND clicked.type = 'clickRecommended'
            AND clicked.customer = bought.customer
            AND clicked.item_type = bought.item_type
            AND clicked.item_id = bought.item_id
            AND clicked.time BETWEEN bought.time - 604800000 AND bought.time;

CREATE VIEW report_orders AS
    SELECT row, first_at AS time, customer, order_id, copies,
           CASE WHEN page_at IS NULL THEN 'shop' WHEN shop_at IS NULL THEN 'page' ELSE 'both' END
               AS reported
    FROM orders;

CREATE TABLE refused_requests (
    -- A date in UTC.
    day TEXT NOT NULL,
    interface TEXT NOT NULL,
    reason TEXT NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (day, interface, reason)
) WITHOUT ROWID;
