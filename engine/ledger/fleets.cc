// Ledger: fleets, and the output directory that each is in.
#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"

namespace fleetmint {

std::int64_t Ledger::Impl::FleetId(std::string_view fleet) {
  Query query(connection, "SELECT id FROM fleet WHERE name = ?");
  if (!query.Bind(fleet).Step()) {
    throw Error(ErrorKind::kLedger,
                "ledger '" + connection.path() + "' knows no fleet '" + std::string(fleet) + "'");
  }
  return query.Integer(0);
}

std::optional<std::string> Ledger::OutputOf(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT output FROM fleet WHERE name = ? AND EXISTS (SELECT 1 FROM certificate "
              "WHERE fleet = fleet.id AND issued_at IS NOT NULL)");
  if (!query.Bind(fleet).Step()) return std::nullopt;
  return query.Text(0);
}

void Ledger::BindOutput(std::string_view fleet, std::string_view output) {
  Query(impl_->connection,
        "INSERT INTO fleet (name, output) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET output = "
        "excluded.output WHERE output <> excluded.output")
      .Bind(fleet)
      .Bind(output)
      .Run();
}

std::string Ledger::FolderOf(std::string_view fleet) const {
  Query query(impl_->connection, "SELECT folder FROM fleet WHERE name = ?");
  return query.Bind(fleet).Step() ? query.Text(0) : "";
}

void Ledger::SetFolder(std::string_view fleet, std::string_view folder) {
  Query(impl_->connection, "UPDATE fleet SET folder = ?1 WHERE name = ?2 AND folder <> ?1")
      .Bind(folder)
      .Bind(fleet)
      .Run();
}

std::vector<std::string> Ledger::Fleets() const {
  Query query(impl_->connection, "SELECT name FROM fleet ORDER BY name");
  std::vector<std::string> fleets;
  while (query.Step()) fleets.push_back(query.Text(0));
  return fleets;
}

}  // namespace fleetmint
