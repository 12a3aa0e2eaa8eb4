// The parts of Keyfactor.Orchestrators.Common 3.0.0.0 that the extension uses: names and values as
// published there. Compiled against, never shipped: an orchestrator has the real assembly.
using System.Reflection;

[assembly: AssemblyVersion("3.0.0.0")]

namespace Keyfactor.Orchestrators.Common.Enums
{
    public enum OrchestratorJobStatusJobResult { Unknown, InProcess, Success, Warning, Failure }

    public enum CertStoreOperationType
    {
        Unknown, Inventory, Add, Remove, Create, CreateAdd, Reenrollment, Discovery, SetPassword, FetchLogs,
    }

    public enum OrchestratorInventoryItemStatus { Unknown, New, Modified, Deleted, Unchanged }
}
