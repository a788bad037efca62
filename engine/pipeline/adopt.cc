#include "engine/pipeline/adopt.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/adopt_lists.h"
#include "engine/pipeline/head.h"
#include "engine/pipeline/pending.h"
#include "engine/pipeline/presence.h"

namespace fleetmint {
namespace {

using As = AdoptedCertificate::As;

constexpr std::size_t kMostManifestBytes = std::size_t{4} << 30U;

bool Lies(const Directory& directory, const std::string& name, const RecordedFile& file) {
  try {
    return directory.FileSize(name) == file.bytes && Sha256(directory.Read(name)) == file.sha256;
  } catch (const Error&) {
    return false;
  }
}

class Planner {
 public:
  Planner(const Authority& authority, const OutputDirectory& output,
          const std::function<const PasswordMaker&()>& passwords, Time now)
      : authority_(authority),
        ledger_(authority.ledger()),
        output_(output),
        passwords_(passwords),
        now_(now),
        judge_(authority, output),
        behind_(UnknownToLedger(ledger_, output).has_value()) {}

  AdoptPlan Run(RandomSource& random) {
    plan_.adoption.fleet = output_.fleet();
    plan_.adoption.output = output_.id();
    random.Fill(plan_.adoption.token);
    TakeLists();
    TakeRuns();
    TakeManifest();
    TakeUnexplained();
    Order();
    plan_.empty = certificates_.empty() && plan_.adoption.delivered.empty() && !lists_are_news_ &&
                  !runs_are_news_ && !behind_;
    return std::move(plan_);
  }

 private:
  void Refuse(const std::string& what, const Error& error) {
    plan_.refused.push_back(RefusedBy(what, error));
  }

  // --- CRLs

  void TakeLists() {
    SignedLists lists = ReadSignedLists(authority_, output_.root());
    for (const SignedList& list : lists.lists) {
      std::set<Serial> known;
      for (const CrlEntry& entry : ledger_.CrlEntries(list.scope, Time{})) {
        known.insert(entry.serial);
      }
      for (const CrlEntry& entry : list.entries) {
        listed_.insert(SerialHex(entry.serial));
        lists_are_news_ = lists_are_news_ || !known.contains(entry.serial);
      }
      lists_are_news_ = lists_are_news_ || list.stamp.number > ledger_.LastCrlNumber();
    }
    plan_.adoption.lists = std::move(lists.lists);
    for (auto& [file, der] : lists.newer) plan_.crls.emplace_back(file, std::move(der));
    plan_.refused.insert(plan_.refused.end(), lists.refused.begin(), lists.refused.end());
  }

  // --- Records

  struct NumberedRun : AdoptedRun {
    std::int64_t number = 0;  // the lost ledger's: of two that began in one second
  };

  void TakeRuns() {
    const std::optional<RunToken> head = ReadHead(output_);
    std::vector<NumberedRun> runs;
    for (const std::string& name : output_.runs().List()) {
      const auto token = ParseToken(name);
      if (token) TakeRun(*token, name, runs);
    }
    const auto is_head = [&](const NumberedRun& run) { return head && run.token == *head; };
    if (head && !ledger_.FindRun(*head, output_.fleet()) &&
        std::none_of(runs.begin(), runs.end(), is_head)) {
      runs.push_back({{*head, 0, now_, now_}, 0});  // its records are lost
      runs_are_news_ = true;
    }
    // The ledger's last run is to be the head's.
    std::sort(runs.begin(), runs.end(), [&](const NumberedRun& a, const NumberedRun& b) {
      return std::tuple(is_head(a), a.started, a.number) <
             std::tuple(is_head(b), b.started, b.number);
    });
    plan_.adoption.runs.assign(runs.begin(), runs.end());
  }

  void TakeRun(const RunToken& token, const std::string& name, std::vector<NumberedRun>& runs) {
    const auto known = ledger_.FindRun(token, output_.fleet());
    if (known && !behind_) return;  // what a crash has left is recovery's
    const RunRecords records(output_, name);
    const auto last = records.Last();
    NumberedRun run{{token, last ? last->number : 0, now_, Time{}}, 0};
    // The last chunk of a run that did not end: whether it was committed is not said.
    const std::uint64_t doubtful = last && !last->committed ? last->number : 0;
    const bool is_placed = doubtful != 0 && IsPlaced(records, *last);
    const auto damaged = [&](std::uint64_t line) {
      plan_.refused.push_back(
          {".runs/" + name + ", line " + std::to_string(line), "it cannot be read", false});
    };
    records.ForEach(
        [&](RunRecords::Entry&& entry) {
          run.number = entry.run;
          TakeEntry(entry, entry.chunk == doubtful && !is_placed, run);
        },
        damaged);
    run.ended = std::max(run.started, run.ended);
    if (known && known->commits >= run.commits) return;
    runs_are_news_ = true;
    runs.push_back(run);
  }

  bool IsPlaced(const RunRecords& records, const RunRecords::Position& chunk) const {
    for (const RunRecords::Place& place : records.PlacesOf(chunk)) {
      for (const RecordedFile& file : place.files) {
        if (Lies(output_.root(), output_.BundlePath(place.endpoint, file.extension), file)) {
          return true;
        }
      }
    }
    return false;
  }

  void TakeEntry(const RunRecords::Entry& entry, bool doubtful, AdoptedRun& run) {
    try {
      if (entry.settings) judge_.AddSettings(*entry.settings);
      const CertificateView view = CertificateView::Read(entry.der);
      if (IsKnown(view, entry)) return;
      if (!taken_.insert(ToHex(view.serial())).second) return;
      AdoptedCertificate one = judge_.Judge(entry, now_);
      one.run = run.token;
      run.started = std::min(run.started, one.issued_at);
      run.ended = std::max(run.ended, one.issued_at);
      if (doubtful && !IsPending(one.serial, entry.files)) one.as = As::kAbandoned;
      Add(std::move(one));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      taken_.erase(SerialOf(entry));
      Refuse("the record of '" + entry.endpoint + "' in .runs/" + ToHex(run.token), error);
    }
  }

  static std::string SerialOf(const RunRecords::Entry& entry) {
    try {
      return ToHex(CertificateView::Read(entry.der).serial());
    } catch (const Error&) {
      return "";
    }
  }

  // Whether the ledger has it as issued. Throws where it has another one under its serial.
  bool IsKnown(const CertificateView& view, const RunRecords::Entry& entry) const {
    const auto serial = ParseSerial(ToHex(view.serial()));
    const auto row = serial ? ledger_.Find(*serial) : std::nullopt;
    if (!row || !row->issued_at) return false;
    if (row->sha256 == Sha256(entry.der)) return true;
    throw Error(ErrorKind::kInput, "the ledger has another certificate of its serial");
  }

  bool IsPending(const Serial& serial, const std::vector<RecordedFile>& files) const {
    return std::all_of(files.begin(), files.end(), [&](const RecordedFile& file) {
      return Lies(output_.pending(), PendingName(serial, file.extension), file);
    });
  }

  void Add(AdoptedCertificate one) {
    by_serial_[SerialHex(one.serial)] = certificates_.size();
    last_of_[AsciiLower(one.endpoint)] = certificates_.size();
    certificates_.push_back(std::move(one));
  }

  // --- The manifest, and bundles

  void TakeManifest() {
    if (!output_.root().FileSize("manifest.jsonl")) return;
    const Bytes content = output_.root().Read("manifest.jsonl", kMostManifestBytes);
    ReadManifestWords(
        AsText(content), [&](ManifestWord&& word) { TakeWord(word); },
        [&](std::uint64_t line) {
          plan_.refused.push_back(
              {"manifest.jsonl, line " + std::to_string(line), "it cannot be read", false});
        });
  }

  void TakeWord(const ManifestWord& word) {
    const std::string hex = SerialHex(word.serial);
    const auto adopted = by_serial_.find(hex);
    try {
      if (adopted != by_serial_.end()) {
        AdoptedCertificate& one = certificates_[adopted->second];
        one.delivered = word.state == "delivered";
        one.formerly = FormerNames(word);
      } else {
        const auto row = ledger_.Find(word.serial);
        if (!row || (!row->issued_at && row->state != CertificateState::kReported)) {
          TakeUnrecorded(word);
        } else if (word.state == "delivered" && row->state == CertificateState::kIssued &&
                   !row->delivered_at) {
          plan_.adoption.delivered.push_back(word.serial);
        }
        if (row && row->revoked_at) listed_.insert(hex);
      }
      AddFormers(word);
      if (word.state == "revoked" && !listed_.contains(hex)) {
        plan_.said_revoked.push_back(word.endpoint);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      Refuse("the manifest's line of '" + word.endpoint + "'", error);
    }
  }

  // The other names whose certificates this one has superseded: its host was renamed.
  std::vector<std::string> FormerNames(const ManifestWord& word) const {
    std::vector<std::string> names;
    for (const ManifestSuperseded& old : word.supersedes) {
      std::string name;
      if (const auto adopted = by_serial_.find(SerialHex(old.serial));
          adopted != by_serial_.end()) {
        name = certificates_[adopted->second].endpoint;
      } else if (const auto row = ledger_.Find(old.serial); row && row->fleet == output_.fleet()) {
        name = row->endpoint;
      }
      if (name.empty() || AsciiLower(name) == AsciiLower(word.endpoint)) continue;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
  }

  std::int64_t IssuerOf(const ManifestWord& word) const {
    if (const auto issuer = judge_.IssuerOf(word.issuer)) return *issuer;
    throw Error(ErrorKind::kInput, "no CA of this ledger is the one that it names as its issuer");
  }

  // A certificate of which there is no record.
  void TakeUnrecorded(const ManifestWord& word) {
    const std::int64_t issuer = IssuerOf(word);
    const bool there = std::any_of(
        word.files.begin(), word.files.end(),
        [&](const ManifestFile& file) { return output_.root().FileSize(file.path).has_value(); });
    auto opened = there ? judge_.Open(word, passwords_()) : std::nullopt;
    if (opened) {
      opened->issued_at = std::min(word.issued_at, now_);
      opened->delivered = word.state == "delivered";
      opened->formerly = FormerNames(word);
      plan_.settings_guessed.push_back(word.endpoint);
      Add(std::move(*opened));
      return;
    }
    if (const auto unsafe = UnsafeFileNameReason(word.endpoint)) {
      throw Error(ErrorKind::kInput, "its name cannot be an endpoint's: " + *unsafe);
    }
    const bool is_former = HasLater(word);
    AdoptedCertificate one;
    one.as = is_former ? As::kFormer : As::kReported;
    one.serial = word.serial;
    one.endpoint = word.endpoint;
    one.issuer = issuer;
    one.issued_at = std::min(word.issued_at, now_);
    one.not_after = std::min(word.not_after, judge_.CertificateOf(issuer).not_after());
    one.sha1 = word.sha1;
    one.sha256 = word.sha256;
    if (keys_.insert(ToHex(word.spki_sha256)).second) one.spki_sha256 = word.spki_sha256;
    if (!is_former) plan_.reported.push_back(word.endpoint);
    Add(std::move(one));
  }

  // Whether its endpoint is known to have got another one since.
  bool HasLater(const ManifestWord& word) const {
    const auto adopted = last_of_.find(AsciiLower(word.endpoint));
    if (adopted != last_of_.end() && certificates_[adopted->second].issued_at > word.issued_at) {
      return true;
    }
    const auto current = ledger_.Current(output_.fleet(), word.endpoint);
    return current && *current->issued_at > word.issued_at;
  }

  // What it says that its endpoint had before, where nothing else is known of that.
  void AddFormers(const ManifestWord& word) {
    for (const ManifestSuperseded& old : word.supersedes) {
      if (by_serial_.contains(SerialHex(old.serial))) continue;
      const auto row = ledger_.Find(old.serial);
      if (row && (row->issued_at || row->state == CertificateState::kReported)) continue;
      AdoptedCertificate one;
      one.as = As::kFormer;
      one.serial = old.serial;
      one.endpoint = word.endpoint;
      one.issuer = IssuerOf(word);
      one.issued_at = std::min(word.issued_at, now_);
      one.not_after = judge_.CertificateOf(one.issuer).not_after();
      one.sha1 = old.sha1;
      one.sha256 = old.sha256;
      by_serial_[SerialHex(one.serial)] = certificates_.size();
      certificates_.push_back(std::move(one));
    }
  }

  void TakeUnexplained() {
    std::vector<std::string> adopted;
    for (const AdoptedCertificate& one : certificates_) adopted.push_back(one.endpoint);
    for (const std::string& path : UnexplainedBundles(ledger_, output_, adopted)) {
      plan_.refused.push_back(
          {path, "neither ledger nor records nor manifest know such a bundle", true});
    }
  }

  // Former ones first: nothing tells when they were issued, but that others came later. Of two that
  // were issued in one second the runs tell.
  void Order() {
    std::map<RunToken, std::size_t> runs;
    for (const AdoptedRun& run : plan_.adoption.runs) runs.emplace(run.token, runs.size() + 1);
    const auto rank = [&](const AdoptedCertificate& one) {
      const auto run = one.run ? runs.find(*one.run) : runs.end();
      return std::tuple(one.as != As::kFormer, one.issued_at, run == runs.end() ? 0 : run->second);
    };
    std::stable_sort(certificates_.begin(), certificates_.end(),
                     [&](const AdoptedCertificate& a, const AdoptedCertificate& b) {
                       return rank(a) < rank(b);
                     });
    plan_.adoption.certificates = certificates_;
  }

  const Authority& authority_;
  const Ledger& ledger_;
  const OutputDirectory& output_;
  const std::function<const PasswordMaker&()>& passwords_;
  const Time now_;
  AdoptJudge judge_;
  const bool behind_;  // the output has noticed that the ledger is older
  AdoptPlan plan_;
  bool lists_are_news_ = false, runs_are_news_ = false;
  std::vector<AdoptedCertificate> certificates_;
  std::unordered_set<std::string> taken_, keys_;            // of records; of manifest lines
  std::unordered_set<std::string> listed_;                  // serials that are revoked
  std::unordered_map<std::string, std::size_t> by_serial_;  // into certificates_
  std::unordered_map<std::string, std::size_t> last_of_;    // by endpoint, lower case
};

}  // namespace

AdoptPlan PlanAdoption(const Authority& authority, const OutputDirectory& output,
                       const std::function<const PasswordMaker&()>& passwords, RandomSource& random,
                       Time now) {
  return Planner(authority, output, passwords, now).Run(random);
}

AdoptionCount Adopt(LockedAuthority& locked, const AdoptPlan& plan, Time now) {
  Ledger& ledger = locked.authority().ledger();
  ledger.AskFleets(plan.adoption.fleet);  // who begins with this has noticed it, too
  const Directory folder = locked.authority().Crls();
  const FileLock alone = folder.LockItself();
  for (const auto& [file, der] : plan.crls) folder.WriteDurably(file, der);
  return ledger.Adopt(plan.adoption, now);
}

}  // namespace fleetmint
