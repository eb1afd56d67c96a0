-- Written by `make generate` from the steps of the schema, which is this after all of them.

PRAGMA application_id = 1400140400;
PRAGMA user_version = 6;
CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, time INTEGER NOT NULL) STRICT;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE hubs (
    url   TEXT PRIMARY KEY,
    hub   TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    user  TEXT NOT NULL
, rights TEXT NOT NULL DEFAULT '', key TEXT NOT NULL DEFAULT '', rotations TEXT NOT NULL DEFAULT '[]') STRICT, WITHOUT ROWID;
CREATE TABLE profiles (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    hub       TEXT REFERENCES hubs,
    deleted   INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    synced_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE numbers (profile TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE proposals (
    profile  TEXT NOT NULL REFERENCES profiles,
    number   INTEGER NOT NULL,
    id       TEXT NOT NULL UNIQUE,
    base     INTEGER NOT NULL,
    author   TEXT NOT NULL,
    message  TEXT NOT NULL,
    time     INTEGER NOT NULL,
    events   TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('pending', 'parked', 'local')),
    code     TEXT NOT NULL DEFAULT '',
    sentence TEXT NOT NULL DEFAULT '', key BLOB NOT NULL DEFAULT x'', signature BLOB NOT NULL DEFAULT x'',
    PRIMARY KEY (profile, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (profile TEXT NOT NULL PRIMARY KEY, hub TEXT NOT NULL, epoch INTEGER NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL) STRICT, WITHOUT ROWID;
