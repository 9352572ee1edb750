-- The tables of version 6, as that version made them in SQLite.
CREATE TABLE pages (
  site TEXT NOT NULL,
  address TEXT NOT NULL,
  url TEXT NOT NULL,
  role TEXT NOT NULL,
  via TEXT NOT NULL,
  hops INTEGER NOT NULL,
  "column" TEXT NOT NULL,
  entry_title TEXT NOT NULL,
  entry_date TEXT NOT NULL,
  state TEXT NOT NULL,
  run INTEGER NOT NULL,
  etag TEXT NOT NULL,
  last_modified TEXT NOT NULL,
  captured_at TEXT NOT NULL,
  visited_at TEXT NOT NULL,
  head INTEGER DEFAULT '0' NOT NULL,
  found_at TEXT DEFAULT '' NOT NULL,
  seen_at TEXT DEFAULT '' NOT NULL,
  queue TEXT DEFAULT '' NOT NULL,
  place TEXT DEFAULT '' NOT NULL,
  changes FLOAT DEFAULT '0' NOT NULL,
  exposure FLOAT DEFAULT '0' NOT NULL,
  signal TEXT DEFAULT '' NOT NULL,
  modified TEXT DEFAULT '' NOT NULL,
  failures INTEGER DEFAULT '0' NOT NULL,
  gone_at TEXT DEFAULT '' NOT NULL,
  withdrawn_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (site, address)
);
CREATE INDEX pages_due ON pages (site, run, role);
CREATE INDEX pages_queue ON pages (site, queue, place);
CREATE TABLE captures (
  record_id TEXT NOT NULL,
  site TEXT NOT NULL,
  address TEXT NOT NULL,
  url TEXT NOT NULL,
  captured_at TEXT NOT NULL,
  role TEXT NOT NULL,
  status INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  payload_sha256 TEXT NOT NULL,
  record_type TEXT NOT NULL,
  warc_file TEXT NOT NULL,
  warc_offset INTEGER NOT NULL,
  warc_length INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  number INTEGER,
  PRIMARY KEY (record_id)
);
CREATE INDEX captures_file ON captures (site, warc_file);
CREATE INDEX captures_time ON captures (site, captured_at);
CREATE INDEX captures_url ON captures (site, url, captured_at);
CREATE INDEX captures_payload ON captures (site, payload_sha256, record_type, captured_at);
CREATE INDEX captures_address ON captures (address, captured_at);
CREATE INDEX captures_rejected ON captures (site, reason, captured_at) WHERE outcome = 'rejected';
CREATE TABLE documents (
  number INTEGER NOT NULL,
  address TEXT NOT NULL,
  url TEXT NOT NULL,
  site TEXT NOT NULL,
  family TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  title TEXT NOT NULL,
  published TEXT NOT NULL,
  source TEXT NOT NULL,
  author TEXT NOT NULL,
  attachments JSON NOT NULL,
  captured_at TEXT NOT NULL,
  record_id TEXT NOT NULL,
  warc_file TEXT NOT NULL,
  warc_offset INTEGER NOT NULL,
  decided_by TEXT NOT NULL,
  PRIMARY KEY (number),
  UNIQUE (address)
);
CREATE INDEX documents_site ON documents (site);
CREATE INDEX documents_dated ON documents (published, number);
CREATE INDEX documents_sha256 ON documents (sha256);
CREATE INDEX documents_listed ON documents (site, published, name);
CREATE INDEX documents_record ON documents (record_id);
CREATE TABLE aliases (
  address TEXT NOT NULL,
  number INTEGER NOT NULL,
  url TEXT NOT NULL,
  site TEXT NOT NULL,
  family TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  title TEXT NOT NULL,
  published TEXT NOT NULL,
  source TEXT NOT NULL,
  author TEXT NOT NULL,
  attachments JSON NOT NULL,
  captured_at TEXT NOT NULL,
  record_id TEXT NOT NULL,
  warc_file TEXT NOT NULL,
  warc_offset INTEGER NOT NULL,
  decided_by TEXT NOT NULL,
  PRIMARY KEY (address)
);
CREATE INDEX aliases_number ON aliases (number);
CREATE TABLE adopted (
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  published TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (number)
);
CREATE INDEX adopted_title ON adopted (title);
CREATE TABLE withdrawals (
  number INTEGER NOT NULL,
  PRIMARY KEY (number)
);
CREATE TABLE versions (
  number INTEGER NOT NULL,
  serial INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  captured_at TEXT NOT NULL,
  record_id TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (number, serial)
);
CREATE TABLE attachments (
  record_id TEXT NOT NULL,
  site TEXT NOT NULL,
  address TEXT NOT NULL,
  url TEXT NOT NULL,
  via TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (record_id)
);
CREATE INDEX attachments_sha256 ON attachments (sha256);
CREATE INDEX attachments_address ON attachments (site, address);
CREATE TABLE file_texts (
  sha256 TEXT NOT NULL,
  state TEXT NOT NULL,
  detail TEXT NOT NULL,
  pages INTEGER NOT NULL,
  text TEXT NOT NULL,
  read_by TEXT NOT NULL,
  PRIMARY KEY (sha256)
);
CREATE TABLE clusters (
  number INTEGER NOT NULL,
  cluster INTEGER NOT NULL,
  PRIMARY KEY (number)
);
CREATE INDEX clusters_cluster ON clusters (cluster);
CREATE TABLE findings (
  record_id TEXT NOT NULL,
  serial INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (record_id, serial)
);
CREATE INDEX findings_kind ON findings (kind, record_id);
CREATE TABLE parts (
  site TEXT NOT NULL,
  address TEXT NOT NULL,
  following TEXT NOT NULL,
  document JSON NOT NULL,
  captured_at TEXT NOT NULL,
  record_id TEXT NOT NULL,
  warc_file TEXT NOT NULL,
  warc_offset INTEGER NOT NULL,
  decided_by TEXT NOT NULL,
  PRIMARY KEY (site, address)
);
CREATE INDEX parts_following ON parts (site, following);
CREATE TABLE fingerprints (
  fingerprint TEXT NOT NULL,
  parts JSON NOT NULL,
  PRIMARY KEY (fingerprint)
);
CREATE TABLE readings (
  record_id TEXT NOT NULL,
  capture_sha256 TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (record_id)
);
CREATE TABLE replays (
  file TEXT NOT NULL,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  captures INTEGER NOT NULL,
  PRIMARY KEY (file)
);
CREATE TABLE runs (
  id INTEGER NOT NULL,
  site TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT NOT NULL,
  result TEXT NOT NULL,
  counts JSON NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX runs_site ON runs (site, id);
CREATE TABLE problems (
  run INTEGER NOT NULL,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  what TEXT NOT NULL,
  example TEXT NOT NULL,
  PRIMARY KEY (run, name)
);
CREATE INDEX problems_site ON problems (site, name, run);
CREATE TABLE learned (
  site TEXT NOT NULL,
  priors JSON NOT NULL,
  signals JSON NOT NULL,
  PRIMARY KEY (site)
);
CREATE TABLE requests (
  server TEXT NOT NULL,
  day TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (server, day)
);
CREATE TABLE leases (
  site TEXT NOT NULL,
  holder TEXT NOT NULL,
  token TEXT NOT NULL,
  until TEXT NOT NULL,
  PRIMARY KEY (site)
);
CREATE TABLE journal (
  at INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (at)
);
CREATE TABLE facts (
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (name)
);
INSERT INTO facts VALUES ('schema', 6);
