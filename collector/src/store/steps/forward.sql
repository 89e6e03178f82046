-- Published: databases have it, so it must not be edited.

-- The forwarding queue. Triggers keep the counts right, whichever process changes an entry.
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
CREATE INDEX forward_state ON forward (destination, state, row);
-- Erasing a visitor deletes the entries of their events.
CREATE INDEX forward_event ON forward (event);
CREATE INDEX forward_expiry ON forward (expires_at) WHERE sealed IS NOT NULL;
CREATE TABLE forward_counts (
    destination TEXT PRIMARY KEY,
    waiting INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0
);
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
