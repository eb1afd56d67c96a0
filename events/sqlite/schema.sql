-- Step 1 of the schema. docs/log.md explains the tables.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE profiles (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    name    TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    seq     INTEGER NOT NULL,
    root    BLOB NOT NULL CHECK (length(root) = 32),
    peaks   BLOB NOT NULL,
    begun   INTEGER NOT NULL DEFAULT 0,
    indexed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE commits (
    profile  INTEGER NOT NULL REFERENCES profiles (number),
    seq      INTEGER NOT NULL CHECK (seq > 0),
    id       TEXT NOT NULL UNIQUE,
    replica  TEXT NOT NULL,
    number   INTEGER NOT NULL,
    base     INTEGER NOT NULL,
    author   TEXT NOT NULL,
    message  TEXT NOT NULL,
    time     INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    outcome  TEXT NOT NULL CHECK (outcome IN ('accepted', 'merged', 'converged', 'conflict')),
    leaf     BLOB NOT NULL CHECK (length(leaf) = 32),
    root     BLOB NOT NULL CHECK (length(root) = 32),
    events   TEXT NOT NULL,
    PRIMARY KEY (profile, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE numbers (
    profile TEXT NOT NULL,
    replica TEXT NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (profile, replica, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE touched (
    profile INTEGER NOT NULL,
    entity  TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (profile, entity, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE refusals (
    id       TEXT PRIMARY KEY,
    profile  TEXT NOT NULL,
    replica  TEXT NOT NULL,
    number   INTEGER NOT NULL,
    code     TEXT NOT NULL,
    sentence TEXT NOT NULL,
    time     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
    profile INTEGER NOT NULL REFERENCES profiles (number),
    seq     INTEGER NOT NULL,
    peaks   BLOB NOT NULL,
    state   BLOB NOT NULL,
    PRIMARY KEY (profile, seq)
) STRICT;

-- For people.

CREATE VIEW v_log AS
SELECT p.name AS profile, c.seq,
       strftime('%Y-%m-%dT%H:%M:%fZ', c.accepted / 1000.0, 'unixepoch') AS accepted,
       c.author, c.message,
       json_array_length(c.events) AS events,
       c.outcome, c.id AS proposal, lower(hex(c.root)) AS root
FROM commits c JOIN profiles p ON p.number = c.profile;

CREATE VIEW v_events AS
SELECT p.name AS profile, c.seq, e.key AS n,
       strftime('%Y-%m-%dT%H:%M:%fZ', c.accepted / 1000.0, 'unixepoch') AS accepted,
       c.author,
       json_extract(e.value, '$.type') AS type,
       json_extract(e.value, '$.version') AS version,
       json_extract(e.value, '$.entity') AS entity,
       json_extract(e.value, '$.body') AS body
FROM commits c
JOIN profiles p ON p.number = c.profile
JOIN json_each(c.events) e;
