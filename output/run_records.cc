#include "output/run_records.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/base64.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFirstWindow = std::size_t{256} << 10U;
constexpr std::size_t kWindow = std::size_t{1} << 20U;

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Reads the line of a chunk, or of what was committed, without its newline; nothing if it is
// neither, or not whole.
std::optional<RunRecords::Position> ParsePosition(std::string_view line) {
  if (line.starts_with("{\"certificate\"")) return std::nullopt;  // most lines
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto number = [&](const char* key) {
    const auto place = json.find(key);
    return place != json.end() && place->is_number_unsigned() ? &*place : nullptr;
  };
  if (const Json* const committed = number("committed")) {
    return RunRecords::Position{committed->get<std::uint64_t>(), "", 0, true};
  }
  const Json* const chunk = number("chunk");
  const auto serial = json.find("serial");
  if (chunk == nullptr || serial == json.end() || !serial->is_string()) return std::nullopt;
  return RunRecords::Position{chunk->get<std::uint64_t>(), serial->get<std::string>(), 0, false};
}

// The files of a certificate's line. Throws Error or Json::exception where they cannot be read.
std::vector<RecordedFile> ReadFiles(const Json& certificate) {
  std::vector<RecordedFile> files;
  for (const Json& file : certificate.at("files")) {
    RecordedFile recorded{
        file.at("extension").get<std::string>(), file.at("bytes").get<std::uint64_t>(), {}};
    const Bytes digest = FromHex(file.at("sha256").get<std::string>());
    if (digest.size() != recorded.sha256.size()) {
      throw Error(ErrorKind::kInput, "a digest of another length");
    }
    std::copy(digest.begin(), digest.end(), recorded.sha256.begin());
    files.push_back(std::move(recorded));
  }
  return files;
}

// Reads the line of a certificate; nothing if it is none, or not whole.
std::optional<RunRecords::Place> ParsePlace(std::string_view line) {
  try {
    const Json json = Json::parse(line).at("certificate");
    return RunRecords::Place{json.at("endpoint").get<std::string>(), ReadFiles(json)};
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Reads the lines of a run one after another.
class EntryReader {
 public:
  explicit EntryReader(const std::function<void(RunRecords::Entry&&)>& visit) : visit_(visit) {}

  // Take reads one line; false if it is damaged.
  bool Take(std::string_view line) {
    try {
      const Json json = Json::parse(line);
      if (const auto place = json.find("settings"); place != json.end()) {
        settings_[place->at("id").get<std::size_t>()] = {
            place->at("format").get<int>(), place->at("profile").get<std::string>(),
            place->at("group").get<std::string>(), place->at("body").get<std::string>()};
      } else if (const auto one = json.find("certificate"); one != json.end()) {
        TakeCertificate(*one);
      } else if (const auto chunk = json.find("chunk"); chunk != json.end()) {
        EndChunk(chunk->get<std::uint64_t>(), json.value("run", std::int64_t{0}));
      } else {
        static_cast<void>(json.at("committed").get<std::uint64_t>());
      }
      return true;
    } catch (const Json::exception&) {
    } catch (const Error&) {
    }
    return false;
  }

 private:
  void TakeCertificate(const Json& json) {
    RunRecords::Entry entry;
    entry.endpoint = json.at("endpoint").get<std::string>();
    entry.issued_at = json.at("issued_at").get<std::string>();
    entry.der = Base64Decode(json.at("der").get<std::string>());
    entry.files = ReadFiles(json);
    const auto known = settings_.find(json.at("settings").get<std::size_t>());
    if (known != settings_.end()) entry.settings = known->second;
    entries_.push_back(std::move(entry));
  }

  void EndChunk(std::uint64_t number, std::int64_t run) {
    for (RunRecords::Entry& entry : entries_) {
      entry.chunk = number;
      entry.run = run;
      visit_(std::move(entry));
    }
    entries_.clear();
  }

  const std::function<void(RunRecords::Entry&&)>& visit_;
  std::map<std::size_t, RecordedSettings> settings_;  // by id
  std::vector<RunRecords::Entry> entries_;            // of the chunk that is being read
};

}  // namespace

std::size_t ChunkRecords::SettingsId(const RecordedSettings& settings) {
  const auto place = std::find(settings_.rbegin(), settings_.rend(), settings);
  if (place != settings_.rend()) return static_cast<std::size_t>(settings_.rend() - place);
  // Layers of single endpoints come once; a run of many of them does not search through all.
  constexpr std::size_t kMostKept = 256;
  if (settings_.size() == kMostKept) settings_.clear();
  settings_.push_back(settings);
  text_ += Line({{"settings",
                  {{"id", settings_.size()},
                   {"format", settings.format},
                   {"profile", settings.profile},
                   {"group", settings.group},
                   {"body", settings.body}}}});
  return settings_.size();
}

void ChunkRecords::Add(const RecordedCertificate& certificate) {
  const std::size_t settings = SettingsId(certificate.settings);
  Json files = Json::array();
  for (const RecordedFile& file : certificate.files) {
    files.push_back(
        {{"extension", file.extension}, {"bytes", file.bytes}, {"sha256", ToHex(file.sha256)}});
  }
  text_ += Line({{"certificate",
                  {{"endpoint", certificate.endpoint},
                   {"settings", settings},
                   {"issued_at", certificate.issued_at},
                   {"der", Base64Encode(certificate.der)},
                   {"files", files}}}});
}

std::string ChunkRecords::Take(std::uint64_t number, std::string_view serial, std::int64_t run) {
  text_ += Line({{"chunk", number}, {"serial", serial}, {"run", run}});
  return std::exchange(text_, {});
}

RunRecords::RunRecords(const OutputDirectory& output, std::string token)
    : output_(output), token_(std::move(token)) {}

void RunRecords::Append(std::string_view text) const {
  output_.runs().Append(token_, AsBytes(text));
}

// From the end, in windows that grow: the file of a large run is not read whole.
std::optional<RunRecords::Position> RunRecords::Find(std::uint64_t most) const {
  const auto size = output_.runs().FileSize(token_);
  if (!size) return std::nullopt;
  for (std::uint64_t window = kFirstWindow;; window *= 4) {
    const std::uint64_t from = *size > window ? *size - window : 0;
    const Bytes content = output_.runs().ReadRange(token_, from, *size - from);
    std::string_view text = AsText(content);
    text = text.substr(0, text.rfind('\n') + 1);  // what is after it is not whole
    while (!text.empty()) {
      const std::size_t before = text.rfind('\n', text.size() - 2);
      const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
      if (begin == 0 && from != 0) break;  // it may have begun before the window
      auto position = ParsePosition(text.substr(begin, text.size() - 1 - begin));
      if (position && position->number <= most) {
        position->end = from + text.size();
        return position;
      }
      text = text.substr(0, begin);
    }
    if (from == 0) return std::nullopt;
  }
}

std::optional<RunRecords::Position> RunRecords::Last() const {
  return Find(std::numeric_limits<std::uint64_t>::max());
}

std::vector<RunRecords::Place> RunRecords::PlacesOf(const Position& chunk) const {
  const auto before = chunk.number == 0 ? std::nullopt : Find(chunk.number - 1);
  const std::uint64_t begin = before ? before->end : 0;
  const Bytes content = output_.runs().ReadRange(token_, begin, chunk.end - begin);
  std::vector<Place> places;
  for (std::string_view text = AsText(content); !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto place = ParsePlace(text.substr(0, end))) places.push_back(std::move(*place));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return places;
}

void RunRecords::ForEach(const std::function<void(Entry&&)>& visit,
                         const std::function<void(std::uint64_t line)>& damaged) const {
  const auto last = Last();
  if (!last) return;
  EntryReader reader(visit);
  std::string rest;  // of a line that goes on
  std::uint64_t line = 0;
  for (std::uint64_t at = 0; at < last->end;) {
    const Bytes content =
        output_.runs().ReadRange(token_, at, std::min<std::uint64_t>(kWindow, last->end - at));
    if (content.empty()) return;
    at += content.size();
    rest += AsText(content);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos;) {
      ++line;
      const std::string_view text(rest.data() + begin, end - begin);
      if (!text.empty() && !reader.Take(text)) damaged(line);
      begin = end + 1;
    }
    rest.erase(0, begin);
  }
}

void RunRecords::CutAfter(std::uint64_t number) const {
  const auto size = output_.runs().FileSize(token_);
  const auto chunk = number == 0 ? std::nullopt : Find(number);
  const std::uint64_t end = chunk ? chunk->end : 0;
  if (size && *size > end) output_.runs().Truncate(token_, end);
}

void RunRecords::SetCommitted(std::uint64_t number) const {
  const auto last = Last();
  if (last && last->committed && last->number == number) return;
  // After half a line, too, this one is whole.
  const auto size = output_.runs().FileSize(token_);
  const bool fresh = !size || *size == 0;
  const std::string line = Line({{"committed", number}});
  Append(fresh || (last && last->end == *size) ? line : "\n" + line);
  output_.runs().SyncFile(token_);
  if (!size) output_.runs().Sync();
}

}  // namespace fleetmint
