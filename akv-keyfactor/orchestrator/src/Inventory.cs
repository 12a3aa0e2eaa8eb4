using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;

namespace Akv.UniversalOrchestrator
{
    /// <summary>Lists the certificates of a vault (CertStores.AKV.Inventory).</summary>
    public sealed class Inventory : IInventoryJobExtension
    {
        private readonly IPAMSecretResolver _resolver;

        /// <param name="resolver">Resolves PAM references; null on orchestrators without PAM.</param>
        public Inventory(IPAMSecretResolver resolver) => _resolver = resolver;

        public string ExtensionName => "AKV";

        public JobResult ProcessJob(InventoryJobConfiguration config, SubmitInventoryUpdate submitInventory) =>
            Job.Run(config, _resolver, "the inventory", answer => answer.Inventory, items => submitInventory(items));
    }
}
