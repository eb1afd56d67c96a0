-- Step 1 of the schema for the log of a hub: it is append-only. A replica's cache may forget.

CREATE TRIGGER commits_are_not_updated BEFORE UPDATE ON commits
BEGIN
    SELECT RAISE(ABORT, 'commits are never changed: this log is append-only');
END;

CREATE TRIGGER commits_are_not_deleted BEFORE DELETE ON commits
BEGIN
    SELECT RAISE(ABORT, 'commits are never deleted: this log is append-only');
END;

CREATE TRIGGER refusals_are_not_updated BEFORE UPDATE ON refusals
BEGIN
    SELECT RAISE(ABORT, 'refusals are never changed: this log is append-only');
END;

CREATE TRIGGER refusals_are_not_deleted BEFORE DELETE ON refusals
BEGIN
    SELECT RAISE(ABORT, 'refusals are never deleted: this log is append-only');
END;

-- INSERT OR REPLACE deletes without a word: the triggers on DELETE do not see it.

CREATE TRIGGER commits_are_not_replaced BEFORE INSERT ON commits
WHEN EXISTS (SELECT 1 FROM commits WHERE profile = NEW.profile AND seq = NEW.seq)
OR EXISTS (SELECT 1 FROM commits WHERE id = NEW.id)
OR EXISTS (SELECT 1 FROM refusals WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'this seq or proposal was used before');
END;

CREATE TRIGGER refusals_are_not_replaced BEFORE INSERT ON refusals
WHEN EXISTS (SELECT 1 FROM commits WHERE id = NEW.id)
OR EXISTS (SELECT 1 FROM refusals WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'this proposal was answered before');
END;
