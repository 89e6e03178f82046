-- A database that the collector of schema version 1 made, as `sqlite3 FILE .dump` prints it.
PRAGMA user_version = 1;
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
INSERT INTO events VALUES(1,'0193bdc1-0000-7000-8000-000000000001','click',1763683199000,1795790002702,1763683200000,'batch','s1',0,0,'recobeacon/0.1.0',NULL,NULL,'12eee4377269b4c7f893aee26062306d',3,'{"itemType":"1","itemId":"129"}');
INSERT INTO events VALUES(2,'0193bdc1-0000-7000-8000-000000000002','login',1763683199000,1795790002702,1763683200000,'batch','s1',0,1,'recobeacon/0.1.0',NULL,'a1bf54c2232c966f8201ba97add4126b','12eee4377269b4c7f893aee26062306d',3,'{}');
INSERT INTO events VALUES(3,'0193bdc1-0000-7000-8000-000000000003','buy',1763683199000,1795790002702,1763683200000,'batch','s1',0,2,'recobeacon/0.1.0',NULL,NULL,'12eee4377269b4c7f893aee26062306d',3,'{"itemType":"1","itemId":"x","price":"12.45EUR","quantity":1,"orderId":"A-1"}');
INSERT INTO events VALUES(4,'0193bdc1-0000-7000-8000-000000000004','buy',1763683199000,1795790002702,1763683200000,'batch','s1',0,3,'recobeacon/0.1.0',NULL,NULL,'12eee4377269b4c7f893aee26062306d',3,'{"itemType":"1","itemId":"x","price":"12.45EUR","quantity":2,"orderId":"A-1"}');
INSERT INTO events VALUES(5,'0193bdc1-0000-7000-8000-000000000005','buy',1763683199000,1795790002702,1763683200000,'batch','s1',0,4,'recobeacon/0.1.0',NULL,NULL,'12eee4377269b4c7f893aee26062306d',3,'{"itemType":"1","itemId":"y","quantity":1,"orderId":"A-1"}');
INSERT INTO events VALUES(7,'0193bdc1-0000-7000-8000-000000000006','buy',1763683199000,1795790002774,1763683200000,'batch','s2',0,0,'recobeacon/0.1.0',NULL,'a1bf54c2232c966f8201ba97add4126b','cb1c3e201332c4c3a8a2359fde8f8a62',3,'{"itemType":"1","itemId":"x","price":"12.45EUR","quantity":9,"orderId":"A-1"}');
INSERT INTO events VALUES(8,'0193bdc1-0000-7000-8000-000000000007','buy',1763683199500,1795790002818,1763683200000,'batch','s2',1,0,'recobeacon/0.1.0',NULL,'a1bf54c2232c966f8201ba97add4126b','cb1c3e201332c4c3a8a2359fde8f8a62',3,'{"itemType":"1","itemId":"x","price":"12.45EUR","quantity":9,"orderId":"A-1"}');
INSERT INTO events VALUES(9,'0193bdc1-0000-7000-8000-000000000008','buy',1763683199500,1795790002818,1763683200000,'batch','s2',1,1,'recobeacon/0.1.0',NULL,'a1bf54c2232c966f8201ba97add4126b','cb1c3e201332c4c3a8a2359fde8f8a62',3,'{"itemType":"1","itemId":"z","quantity":1,"orderId":"A-1"}');
INSERT INTO events VALUES(10,'0193bdc1-0000-7000-8000-000000000009','buy',1763683199000,1795790002834,1763683200000,'batch','s3',0,0,'recobeacon/0.1.0',NULL,NULL,NULL,NULL,'{"itemType":"1","itemId":"x","orderId":"A-2"}');
INSERT INTO events VALUES(11,'0193bdc1-0000-7000-8000-00000000000a','buy',1763683199000,1795790002834,1763683200000,'batch','s3',0,1,'recobeacon/0.1.0',NULL,NULL,NULL,NULL,'{"itemType":"1","itemId":"x"}');
INSERT INTO events VALUES(12,'01a21d6c-da9c-7000-acbc-e9c536d45f65','buy',1795790002844,1795790002844,NULL,'ibexa',NULL,NULL,NULL,NULL,'00000','a1bf54c2232c966f8201ba97add4126b',NULL,3,'{"itemType":"1","itemId":"x","price":"12.45EUR","quantity":2}');
INSERT INTO events VALUES(13,'01a21d6c-daa3-7000-8eb7-a550e79fcf66','buy',1795790002851,1795790002851,NULL,'factfinder',NULL,NULL,NULL,NULL,'de',NULL,'fae1f0e33b85c6f38c7d3dfd2f2859c9',3,'{"itemType":"1","itemId":"x","price":"3XXX","quantity":1,"purchaser":"507b3d58c103cbe1bdd2c408eab9af3f"}');
INSERT INTO events VALUES(14,'2da961c1-dead-85e8-bcb3-22e98ae9e8ba','buy',1763683199000,1795790002866,NULL,'intempt',NULL,NULL,NULL,NULL,'o/p/s',NULL,'2215186d5da38199acd3f88f11f701ca',3,'{"itemType":"1","itemId":"x","quantity":1,"data":{"orderId":"A-1"},"account":"507b3d58c103cbe1bdd2c408eab9af3f"}');
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
INSERT INTO batches VALUES(1,'s1',0,940,5,5,1795790002702,1);
INSERT INTO batches VALUES(3,'s2',0,315,1,1,1795790002774,0);
INSERT INTO batches VALUES(4,'s2',1,508,2,2,1795790002818,0);
INSERT INTO batches VALUES(5,'s3',0,351,2,2,1795790002834,0);
CREATE TABLE keys (
        number INTEGER PRIMARY KEY,
        recognised_by TEXT NOT NULL
    );
INSERT INTO keys VALUES(3,'9f111864e8f0aae013448c5ed0e25df8');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('events',14);
INSERT INTO sqlite_sequence VALUES('batches',5);
COMMIT;
