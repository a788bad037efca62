// Head: how far an output directory has come, so that a ledger that was restored from an older
// backup, and an output that was, are noticed before anything is written.
//
// `.head` names the last run that has written here; what this run has recorded chunk by chunk
// (.runs/, run_records.h) says how many chunks that are. A chunk is recorded before the ledger
// commits it, so the output may be one chunk ahead of its ledger: a crash in between.
//
// Internal to pipeline/; for whoever holds the run lock.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

// WriteHead makes `token` the run that .head names, durably.
void WriteHead(const OutputDirectory& output, const RunToken& token);

// ParseToken reads a run's token as .head and .runs/ name it; nothing for any other text. ReadHead
// gives the one that .head names; nothing if there is no .head. Throws Error(kInput) if it is
// damaged.
std::optional<RunToken> ParseToken(std::string_view text);
std::optional<RunToken> ReadHead(const OutputDirectory& output);

// UnknownToLedger says what the output has recorded and the ledger does not know (it is older, or a
// second copy of the authority has issued); nothing if it knows all of it. Throws Error(kInput)
// where the head is damaged.
std::optional<std::string> UnknownToLedger(const Ledger& ledger, const OutputDirectory& output);

// JudgeHead throws Error(kInput) if there is something that the ledger does not know, and has the
// ledger note that it is older (Ledger::AskFleets); or if the output is behind the ledger (it is an
// old copy). An output without a head is new, or was lost and made again, or its head was removed:
// then each run whose records are there is judged, and the manifest, and being behind is no fault.
// `ca` is the authority's path, for the hint.
void JudgeHead(Ledger& ledger, const OutputDirectory& output, const std::string& ca);

// AlignHead makes the head what the ledger has, durably: a chunk that was recorded and never
// committed is taken back, the last one that was is said to be, and a head that is absent is
// written. Precondition: JudgeHead has passed. To be done before recovery, which removes what
// JudgeHead goes by.
void AlignHead(const Ledger& ledger, const OutputDirectory& output);

// DropBackedUpRecords removes the records of runs that a backup of the authority holds, but those
// of the run that .head names.
void DropBackedUpRecords(const Ledger& ledger, const OutputDirectory& output);

}  // namespace fleetmint
