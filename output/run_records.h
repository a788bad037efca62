// RunRecords: `.runs/<token>` of an output directory: what one run has recorded beside its bundles,
// so that an authority whose ledger is older (restored from a backup) can be told, and can learn,
// what was issued since.
//
// JSON lines: the settings of a layer where they first appear, each certificate with its bundle's
// files, and after each chunk a line that ends it. A chunk whose line is not there whole does not
// count: a crash may leave half of one behind. The last line says how many chunks were committed,
// once the run has ended: without it the last chunk may be one that never was.
//
//   {"settings":{"id":1,"format":1,"profile":"mtls-client","group":"all","body":"..."}}
//   {"certificate":{"endpoint":"ws-1","settings":1,"issued_at":"...","der":"base64","files":[...]}}
//   {"chunk":1,"serial":"hex","run":17}
//   {"committed":1}
//
// Appending does not sync (pipeline/commit.cc does). For one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "output/output_directory.h"

namespace fleetmint {

// RecordedSettings are the settings of a layer, as profiles/settings.h writes them.
struct RecordedSettings {
  int format = 1;
  std::string profile, group, body;
  friend bool operator==(const RecordedSettings&, const RecordedSettings&) = default;
};

struct RecordedFile {
  std::string extension;
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};
};

struct RecordedCertificate {
  std::string_view endpoint;
  std::string issued_at;  // RFC 3339
  ByteView der;
  const RecordedSettings& settings;
  std::vector<RecordedFile> files;
};

// ChunkRecords builds the text of one chunk after another.
class ChunkRecords {
 public:
  void Add(const RecordedCertificate& certificate);
  // Take gives the text of the chunk with this number, and begins the next one. `serial` is that of
  // one of its certificates, in hexadecimal; `run` the ledger's number of the run, which tells the
  // order of two that began in one second.
  std::string Take(std::uint64_t number, std::string_view serial, std::int64_t run = 0);

 private:
  std::size_t SettingsId(const RecordedSettings& settings);
  std::string text_;
  std::vector<RecordedSettings> settings_;  // those of the run so far, by id - 1
};

class RunRecords {
 public:
  // `output` must outlive the object; `token` is the run's, in hexadecimal.
  RunRecords(const OutputDirectory& output, std::string token);

  void Append(std::string_view text) const;

  // Position is the line that ends a chunk, or the one that says that it was committed.
  struct Position {
    std::uint64_t number = 0;
    std::string serial;     // empty if committed
    std::uint64_t end = 0;  // offset after the line
    bool committed = false;
  };
  // Last gives the last such line that is whole; nothing if there is none, or no file.
  std::optional<Position> Last() const;
  // PlacesOf gives the endpoints of a chunk with their files. A line that is not whole is left out:
  // a power cut may keep the end of what was not synced and lose its middle.
  struct Place {
    std::string endpoint;
    std::vector<RecordedFile> files;
  };
  std::vector<Place> PlacesOf(const Position& chunk) const;
  // Entry is the line of a certificate, as it was written: somebody's word, for its reader to
  // judge.
  struct Entry {
    std::uint64_t chunk = 0;  // that it is in
    std::int64_t run = 0;     // the ledger's number of it
    std::string endpoint;
    std::string issued_at;  // RFC 3339
    Bytes der;
    std::optional<RecordedSettings> settings;  // nothing: their line is damaged
    std::vector<RecordedFile> files;
  };
  // ForEach visits the entries of all chunks whose lines are there, in their order; `damaged` is
  // told the numbers of lines that cannot be read. What is after the last chunk does not count.
  void ForEach(const std::function<void(Entry&&)>& visit,
               const std::function<void(std::uint64_t line)>& damaged) const;
  // CutAfter removes, durably, what stands after the chunk with this number (0: everything).
  void CutAfter(std::uint64_t number) const;
  // SetCommitted says, durably, that so many chunks were committed; nothing changes if that is said
  // already.
  void SetCommitted(std::uint64_t number) const;

 private:
  // The last line with a number of at most `most`.
  std::optional<Position> Find(std::uint64_t most) const;
  const OutputDirectory& output_;
  std::string token_;
};

}  // namespace fleetmint
