-- The ledger's schema, version 1 (PRAGMA user_version). The invariants of the promises stand here, as
-- constraints: code that breaks one gets an error, not a duplicate. Times are Unix seconds, UTC.

CREATE TABLE ledger (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  authority TEXT NOT NULL                    -- id of the authority whose ledger this is
) STRICT;

-- The output directory (its id, not its path) that holds a fleet's bundles.
CREATE TABLE fleet (
  name   TEXT PRIMARY KEY CHECK (name <> ''),
  output TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  fleet      TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER                         -- NULL: crashed, or still running
) STRICT;

CREATE TABLE certificate (
  id           INTEGER PRIMARY KEY,          -- the order of reservation
  serial       BLOB NOT NULL UNIQUE CHECK (length(serial) = 16),
  run          INTEGER REFERENCES run(id),   -- NULL for CA certificates
  fleet        TEXT NOT NULL,                -- '' for CA certificates
  endpoint     TEXT NOT NULL CHECK (endpoint <> ''),
  endpoint_key TEXT NOT NULL CHECK (endpoint_key = lower(endpoint)),
  state        TEXT NOT NULL CHECK (state IN ('reserved', 'issued', 'superseded', 'abandoned')),
  reserved_at  INTEGER NOT NULL,
  issued_at    INTEGER,
  supersedes   BLOB REFERENCES certificate(serial),
  revoked_at   INTEGER,
  revocation_reason INTEGER NOT NULL DEFAULT 0,
  -- what manifest, rollout and verify need of an issued certificate (IssuedFacts)
  fqdn TEXT, profile TEXT, profile_fingerprint TEXT, subject TEXT,
  dns TEXT, ip TEXT,                         -- one name a line
  not_before INTEGER, not_after INTEGER,
  sha1 BLOB CHECK (length(sha1) = 20), sha256 BLOB CHECK (length(sha256) = 32),
  spki_sha256 BLOB UNIQUE CHECK (length(spki_sha256) = 32),   -- no key is ever used twice
  issuer TEXT, key TEXT, encryption TEXT, password TEXT, friendly_name TEXT,
  files TEXT,                                -- one "extension bytes sha256" a line
  CHECK ((state IN ('issued', 'superseded')) = (issued_at IS NOT NULL)),
  CHECK (issued_at IS NULL OR (sha256 IS NOT NULL AND spki_sha256 IS NOT NULL AND
                               not_before < not_after AND files IS NOT NULL))
) STRICT;

-- No endpoint has two current certificates.
CREATE UNIQUE INDEX one_current ON certificate (fleet, endpoint_key) WHERE state = 'issued';
CREATE INDEX open_reservations ON certificate (id) WHERE state = 'reserved';

-- An issued certificate never becomes anything but superseded, an abandoned one nothing else.
CREATE TRIGGER states_only_go_forward BEFORE UPDATE OF state ON certificate
WHEN NOT (OLD.state = NEW.state
          OR (OLD.state = 'reserved' AND NEW.state IN ('issued', 'abandoned'))
          OR (OLD.state = 'issued' AND NEW.state = 'superseded'))
BEGIN SELECT RAISE(ABORT, 'a certificate state may not go backwards'); END;
-- What was issued stays where it was issued: keys exist in their bundles alone.
CREATE TRIGGER a_fleet_has_one_output BEFORE UPDATE OF output ON fleet
WHEN OLD.output <> NEW.output AND
     EXISTS (SELECT 1 FROM certificate WHERE fleet = OLD.name AND issued_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a fleet stays in its output directory'); END;
CREATE TRIGGER nothing_is_forgotten BEFORE DELETE ON certificate
BEGIN SELECT RAISE(ABORT, 'a serial is never removed from the ledger'); END;

CREATE TABLE crl_number (
  issuer TEXT PRIMARY KEY,                   -- hex SHA-256 of the CA certificate
  last   INTEGER NOT NULL CHECK (last > 0)
) STRICT;
