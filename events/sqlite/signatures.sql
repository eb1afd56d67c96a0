-- Step 6 of the schema for the log of a hub: who signed a commit is not changed by a redaction, either.

DROP TRIGGER commits_are_not_updated;

CREATE TRIGGER commits_are_not_updated BEFORE UPDATE ON commits
WHEN NOT EXISTS (SELECT 1 FROM redactions WHERE profile = OLD.profile AND seq = OLD.seq)
OR (NEW.profile, NEW.seq, NEW.id, NEW.replica, NEW.number, NEW.base, NEW.author, NEW.message, NEW.time,
    NEW.accepted, NEW.outcome, NEW.leaf, NEW.root, NEW.key, NEW.signature)
IS NOT (OLD.profile, OLD.seq, OLD.id, OLD.replica, OLD.number, OLD.base, OLD.author, OLD.message, OLD.time,
    OLD.accepted, OLD.outcome, OLD.leaf, OLD.root, OLD.key, OLD.signature)
BEGIN
    SELECT RAISE(ABORT, 'commits are never changed: this log is append-only');
END;
