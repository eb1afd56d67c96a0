-- Step 1 of the schema of proposals.db.

CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE hubs (
    url   TEXT PRIMARY KEY,
    hub   TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    user  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE profiles (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    hub       TEXT REFERENCES hubs,
    deleted   INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    synced_at INTEGER
) STRICT, WITHOUT ROWID;

-- The last number that this replica gave in a profile. Rows stay when their profile is forgotten: a
-- number that is used twice tells a hub that the replica was copied.
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
    sentence TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (profile, number)
) STRICT, WITHOUT ROWID;
