R"sql(
-- The ledger's schema, version 3 (PRAGMA user_version). The invariants of the promises stand here, as
-- constraints: code that breaks one gets an error, not a duplicate. Times are Unix seconds, UTC.
--
-- A certificate is three things: the certificate itself and the files of its bundle (table record), and the
-- settings it was issued under (table settings, one row for a layer of the inventory). The other columns are
-- there for constraints, indexes and queries alone; what people read is made from the three.

CREATE TABLE ledger (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  authority TEXT NOT NULL,                   -- id of the authority whose ledger this is
  fleet_key TEXT NOT NULL CHECK (fleet_key <> '')  -- name of the fleet key in the authority's directory
) STRICT;

-- Key files that a change of the passphrase is writing, or has replaced: those alone may be removed.
CREATE TABLE stale_key (
  name TEXT PRIMARY KEY CHECK (name <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE fleet (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE CHECK (name <> ''),
  output TEXT NOT NULL UNIQUE,               -- id of the output directory that holds its bundles, not its path
  folder TEXT NOT NULL DEFAULT ''            -- of its fleet file, seen from the authority's directory
) STRICT;

-- The CA certificates: generations, and where their keys are. der is NULL while a certificate is being made.
-- next: waits for its certificate, or for its turn (`ca activate`).
CREATE TABLE issuer (
  id         INTEGER PRIMARY KEY,
  tier       TEXT NOT NULL CHECK (tier <> ''),
  generation INTEGER NOT NULL CHECK (generation > 0),
  parent     INTEGER REFERENCES issuer(id),  -- who signed it; NULL: itself, or not known yet
  leaves     INTEGER NOT NULL CHECK (leaves IN (0, 1)),       -- 1: it signs endpoint certificates
  own_serial BLOB UNIQUE CHECK (length(own_serial) = 16),     -- NULL: another CA gave the serial
  state      TEXT NOT NULL CHECK (state IN ('reserved', 'next', 'current', 'retired', 'abandoned')),
  der        BLOB,
  key_file   TEXT,                           -- name of its key in the authority's directory
  crl_scope  BLOB CHECK (length(crl_scope) = 32),             -- SHA-256 of (subject, public key)
  reserved_at INTEGER NOT NULL,
  revoked_at INTEGER,
  reason     INTEGER CHECK (reason IN (0, 1, 2, 3, 4, 5, 9, 10)),   -- RFC 5280 5.3.1
  UNIQUE (tier, generation),
  CHECK (state NOT IN ('current', 'retired') OR (der IS NOT NULL AND crl_scope IS NOT NULL)),
  CHECK ((revoked_at IS NULL) = (reason IS NULL)),
  CHECK (revoked_at IS NULL OR state <> 'current')            -- what is revoked signs nothing more
) STRICT;
-- A tier has one current generation, and one CA signs endpoints.
CREATE UNIQUE INDEX one_issuer ON issuer (tier) WHERE state = 'current';
CREATE UNIQUE INDEX one_issuer_of_leaves ON issuer (leaves) WHERE state = 'current' AND leaves = 1;

-- Number and time of the last CRL of a scope: a renewed CA certificate with the same name and key goes on.
CREATE TABLE crl (
  scope       BLOB PRIMARY KEY CHECK (length(scope) = 32),
  number      INTEGER NOT NULL,
  this_update INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- RFC 5280 5.2.3: numbers increase; and a verifier takes the CRL with the later time.
CREATE TRIGGER crls_only_go_forward BEFORE UPDATE ON crl
WHEN NEW.number <= OLD.number OR NEW.this_update < OLD.this_update
BEGIN SELECT RAISE(ABORT, 'a CRL may not go backwards'); END;

CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  fleet      INTEGER NOT NULL REFERENCES fleet(id),
  token      BLOB NOT NULL UNIQUE CHECK (length(token) = 16), -- as in the output's .head
  selection  TEXT NOT NULL,                  -- which endpoints it was for
  cutoff     INTEGER NOT NULL,               -- the moment that its selection counts from
  resumes    INTEGER REFERENCES run(id),     -- the first run of the renewal that it goes on with
  commits    INTEGER NOT NULL DEFAULT 0,     -- chunks committed
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,                        -- NULL: crashed, or still running
  complete   INTEGER NOT NULL DEFAULT 0,     -- 1: nothing of its selection is left, and that is published
  backed_up  INTEGER NOT NULL DEFAULT 0      -- 1: a backup of the authority holds all of it
) STRICT;
-- The head of an output counts commits: they never become fewer.
CREATE TRIGGER commits_only_go_forward BEFORE UPDATE OF commits ON run WHEN NEW.commits <= OLD.commits
BEGIN SELECT RAISE(ABORT, 'a run''s commits only become more'); END;

-- What differs from the defaults of the settings' format; the text is canonical (profiles/settings.h).
CREATE TABLE settings (
  id      INTEGER PRIMARY KEY,
  format  INTEGER NOT NULL,
  profile TEXT NOT NULL,
  grp     TEXT NOT NULL,
  body    TEXT NOT NULL,
  UNIQUE (format, body, profile, grp)
) STRICT;
CREATE TRIGGER settings_are_kept BEFORE UPDATE ON settings
BEGIN SELECT RAISE(ABORT, 'settings are never changed'); END;

-- void: reserved, never given to the signer, on no CRL. abandoned: possibly signed, on its issuer's CRL until
-- end_bound. reported: known from a manifest alone.
CREATE TABLE certificate (
  id          INTEGER PRIMARY KEY,           -- the order of reservation
  serial      BLOB NOT NULL UNIQUE CHECK (length(serial) = 16),
  run         INTEGER NOT NULL REFERENCES run(id),
  fleet       INTEGER NOT NULL REFERENCES fleet(id),
  endpoint    TEXT NOT NULL COLLATE NOCASE CHECK (endpoint <> ''),
  former      TEXT COLLATE NOCASE,           -- the name of its host whose certificate it has superseded; NULL: its own
  lineage     INTEGER NOT NULL,              -- id of the first certificate that this one descends from
  issuer      INTEGER NOT NULL REFERENCES issuer(id),
  end_bound   INTEGER NOT NULL,              -- the latest notAfter that the reservation can lead to
  state       TEXT NOT NULL CHECK (state IN ('reserved', 'void', 'abandoned', 'issued', 'superseded', 'retired',
                                             'reported')),
  reserved_at INTEGER NOT NULL,
  issued_at   INTEGER,
  not_after   INTEGER CHECK (not_after <= end_bound),
  settings    INTEGER REFERENCES settings(id),
  sha1        BLOB CHECK (length(sha1) = 20),
  sha256      BLOB CHECK (length(sha256) = 32),
  spki_sha256 BLOB UNIQUE CHECK (length(spki_sha256) = 32),   -- no key is ever used twice
  supersedes  INTEGER REFERENCES certificate(id),
  revoked_at  INTEGER,
  reason      INTEGER CHECK (reason IN (0, 1, 2, 3, 4, 5, 9, 10)),  -- RFC 5280 5.3.1; 6 can be taken back
  delivered_at INTEGER,                      -- its bundle was shipped; it need not be in the output any more
  installed_at INTEGER,                      -- its host's receipt
  CHECK ((state IN ('issued', 'superseded', 'retired')) = (issued_at IS NOT NULL)),
  CHECK (issued_at IS NULL OR (not_after IS NOT NULL AND settings IS NOT NULL AND sha1 IS NOT NULL AND
                               sha256 IS NOT NULL AND spki_sha256 IS NOT NULL)),
  CHECK ((revoked_at IS NULL) = (reason IS NULL)),
  CHECK (revoked_at IS NULL OR state NOT IN ('reserved', 'void')),
  CHECK (delivered_at IS NULL OR issued_at IS NOT NULL)
) STRICT;

-- Serials that a CRL of ours names and of which nothing else is known (an older ledger was restored): the next CRL
-- names them again.
CREATE TABLE listed (
  serial     BLOB PRIMARY KEY CHECK (length(serial) = 16),
  scope      BLOB NOT NULL CHECK (length(scope) = 32),
  revoked_at INTEGER NOT NULL,
  reason     INTEGER NOT NULL CHECK (reason IN (0, 1, 2, 3, 4, 5, 9, 10)),
  end_bound  INTEGER NOT NULL                -- of the CA
) STRICT, WITHOUT ROWID;
CREATE TRIGGER what_is_listed_stays BEFORE UPDATE ON listed
BEGIN SELECT RAISE(ABORT, 'what a CRL names is never taken back'); END;
CREATE TRIGGER no_listed_is_forgotten BEFORE DELETE ON listed
BEGIN SELECT RAISE(ABORT, 'what a CRL names is never taken back'); END;

-- Fleets whose outputs have not been asked yet what this ledger lacks, since one output has shown that it is older
-- (`ca adopt`). No CRL is signed before all were.
CREATE TABLE unasked (
  fleet TEXT PRIMARY KEY CHECK (fleet <> '')  -- the ledger need not know it
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
  id    INTEGER PRIMARY KEY REFERENCES certificate(id),
  der   BLOB NOT NULL,
  files TEXT NOT NULL CHECK (files <> '')    -- one "extension bytes sha256" a line
) STRICT;

-- Receipts of trust: that the host of a lineage trusts a CA certificate.
CREATE TABLE trusted (
  lineage INTEGER NOT NULL REFERENCES certificate(id),
  issuer  INTEGER NOT NULL REFERENCES issuer(id),
  at      INTEGER NOT NULL,
  PRIMARY KEY (lineage, issuer)
) STRICT, WITHOUT ROWID;

-- A host that was renamed may have had several names, each with a line of its own: its first certificate under the
-- new name goes on with one of them, and ends the others. A line that was joined to another one stays as it is.
CREATE TABLE joined (
  line        INTEGER PRIMARY KEY REFERENCES certificate(id),   -- a lineage
  into_line   INTEGER NOT NULL REFERENCES certificate(id),      -- the lineage of `certificate`
  certificate INTEGER NOT NULL REFERENCES certificate(id),      -- that first one
  superseded  INTEGER UNIQUE REFERENCES certificate(id),        -- what was current of the line; NULL: it was retired
  CHECK (line <> into_line AND superseded IS NOT certificate)
) STRICT;
CREATE INDEX joined_into ON joined (into_line, certificate);
CREATE TRIGGER joined_for_ever BEFORE UPDATE ON joined
BEGIN SELECT RAISE(ABORT, 'a line is joined once'); END;
CREATE TRIGGER no_join_is_forgotten BEFORE DELETE ON joined
BEGIN SELECT RAISE(ABORT, 'a joined line is never removed from the ledger'); END;

-- No endpoint has two current certificates (names are equal whatever their case).
CREATE UNIQUE INDEX one_current ON certificate (fleet, endpoint) WHERE state = 'issued';
CREATE INDEX due ON certificate (fleet, not_after) WHERE state = 'issued';
CREATE INDEX past ON certificate (lineage) WHERE state IN ('superseded', 'retired', 'reported');
CREATE INDEX former ON certificate (fleet, endpoint) WHERE state IN ('superseded', 'retired', 'reported');
CREATE INDEX thumbprint ON certificate (sha1);
CREATE INDEX received ON certificate (lineage, id) WHERE installed_at IS NOT NULL;
CREATE INDEX on_crl ON certificate (issuer, serial) WHERE revoked_at IS NOT NULL OR state = 'abandoned';
CREATE INDEX open_reservations ON certificate (id) WHERE state = 'reserved';

-- A certificate begins as a reservation (or as somebody's word), so that nothing is signed unrecorded.
CREATE TRIGGER born_reserved BEFORE INSERT ON certificate WHEN NEW.state NOT IN ('reserved', 'reported')
BEGIN SELECT RAISE(ABORT, 'a certificate begins as a reservation'); END;
-- An issued certificate never becomes anything but superseded or retired; what has ended stays so. (Of what a restored
-- ledger has as abandoned, its output may know that it was issued.)
CREATE TRIGGER states_only_go_forward BEFORE UPDATE OF state ON certificate
WHEN NOT (OLD.state = NEW.state
          OR (OLD.state = 'reserved' AND NEW.state IN ('void', 'abandoned', 'issued'))
          OR (OLD.state = 'abandoned' AND NEW.state = 'issued')
          OR (OLD.state IN ('reserved', 'abandoned') AND NEW.state = 'reported')
          OR (OLD.state = 'issued' AND NEW.state IN ('superseded', 'retired')))
BEGIN SELECT RAISE(ABORT, 'a certificate state may not go backwards'); END;
-- What is issued is there to be read: the certificate, and what its bundle's files are.
CREATE TRIGGER issued_with_its_record BEFORE UPDATE OF state ON certificate
WHEN NEW.state = 'issued' AND NOT EXISTS (SELECT 1 FROM record WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a certificate is issued together with its record'); END;
-- Revocation is final, and keeps its time and reason.
CREATE TRIGGER revoked_for_ever BEFORE UPDATE OF revoked_at, reason ON certificate
WHEN OLD.revoked_at IS NOT NULL AND (NEW.revoked_at IS NOT OLD.revoked_at OR NEW.reason IS NOT OLD.reason)
BEGIN SELECT RAISE(ABORT, 'a revocation is never taken back'); END;
CREATE TRIGGER records_are_kept BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;
CREATE TRIGGER records_are_not_removed BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'a record is never removed'); END;
CREATE TRIGGER nothing_is_forgotten BEFORE DELETE ON certificate
BEGIN SELECT RAISE(ABORT, 'a serial is never removed from the ledger'); END;
CREATE TRIGGER issuers_are_revoked_for_ever BEFORE UPDATE OF revoked_at, reason ON issuer
WHEN OLD.revoked_at IS NOT NULL AND NOT (NEW.revoked_at IS OLD.revoked_at AND NEW.reason IS OLD.reason)
BEGIN SELECT RAISE(ABORT, 'a revocation is never taken back'); END;
CREATE TRIGGER issuers_only_go_forward BEFORE UPDATE OF state ON issuer
WHEN NOT (OLD.state = NEW.state
          OR (OLD.state = 'reserved' AND NEW.state IN ('next', 'current', 'abandoned'))
          OR (OLD.state = 'next' AND NEW.state IN ('current', 'retired'))
          OR (OLD.state = 'next' AND NEW.state = 'abandoned' AND OLD.der IS NULL)   -- a request that was given up
          OR (OLD.state = 'current' AND NEW.state = 'retired'))
BEGIN SELECT RAISE(ABORT, 'a CA certificate does not become current again'); END;
CREATE TRIGGER no_issuer_is_forgotten BEFORE DELETE ON issuer
BEGIN SELECT RAISE(ABORT, 'an issuer is never removed from the ledger'); END;
-- What was issued stays where it was issued: keys exist in their bundles alone.
CREATE TRIGGER a_fleet_has_one_output BEFORE UPDATE OF output ON fleet
WHEN OLD.output <> NEW.output AND
     EXISTS (SELECT 1 FROM certificate WHERE fleet = OLD.id AND issued_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a fleet stays in its output directory'); END;
)sql"
