-- Written by `make generate` from the steps of the schema, which is this after all of them.

PRAGMA application_id = 1400140397;
PRAGMA user_version = 12;
CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, time INTEGER NOT NULL) STRICT;
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
CREATE TABLE numbers (
    profile TEXT NOT NULL,
    replica TEXT NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (profile, replica, first)
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
CREATE TABLE facts (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
CREATE TABLE redactions (profile INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (profile, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE "commits" (
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
    outcome  TEXT NOT NULL CHECK (outcome IN ('accepted', 'merged', 'converged', 'conflict', 'requested')),
    leaf     BLOB NOT NULL CHECK (length(leaf) = 32),
    root     BLOB NOT NULL CHECK (length(root) = 32),
    events   TEXT NOT NULL, key BLOB NOT NULL DEFAULT x'' CHECK (length(key) IN (0, 32)), signature BLOB NOT NULL DEFAULT x'' CHECK (length(signature) IN (0, 64)),
    PRIMARY KEY (profile, seq)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE milestones (profile INTEGER NOT NULL REFERENCES profiles (number), seq INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (profile, seq)) STRICT;
CREATE TABLE runs (
        profile  INTEGER NOT NULL,
        run      TEXT NOT NULL,
        pipeline TEXT NOT NULL,
        stack    TEXT NOT NULL,
        at       TEXT NOT NULL,
        recorded INTEGER NOT NULL,
        status   TEXT NOT NULL,
        said     INTEGER NOT NULL,
        first    INTEGER NOT NULL,
        last     INTEGER NOT NULL,
        PRIMARY KEY (profile, run)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX runs_in_order ON runs (profile, first);
CREATE VIEW v_runs AS
    SELECT p.name AS profile, r.run, r.pipeline, r.stack, r.status, r.first, r.last, r.at AS "commit"
    FROM runs r JOIN profiles p ON p.number = r.profile WHERE r.recorded > 0;
CREATE INDEX lines ON commits (profile, seq, author, accepted, message);
CREATE TABLE typed (profile INTEGER NOT NULL, type TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (profile, type, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX authors ON commits (profile, author, seq);
CREATE TABLE subtrees (profile INTEGER NOT NULL, subtree INTEGER NOT NULL, root BLOB NOT NULL CHECK (length(root) = 32), PRIMARY KEY (profile, subtree)) STRICT, WITHOUT ROWID;
CREATE TABLE blocks (profile INTEGER NOT NULL REFERENCES profiles (number), last INTEGER NOT NULL, first INTEGER NOT NULL CHECK (first <= last), least INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (profile, last)) STRICT;
CREATE TABLE touched (profile INTEGER NOT NULL, bucket INTEGER NOT NULL, entity TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (profile, bucket, entity, seq)) STRICT, WITHOUT ROWID;
