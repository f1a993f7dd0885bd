-- Run at every start; says IF NOT EXISTS throughout, so several processes may start at once.
CREATE TABLE IF NOT EXISTS entries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    message    TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE IF NOT EXISTS attachments (
    entry_id  INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    filename  TEXT NOT NULL,    -- as the visitor named it; shown, and offered for the download
    stored_as TEXT NOT NULL,    -- its random name in the data folder
    size      INTEGER NOT NULL  -- bytes
);
