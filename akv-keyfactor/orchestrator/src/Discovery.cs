using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;

namespace Akv.UniversalOrchestrator
{
    /// <summary>Finds the vaults of one or more tenants (CertStores.AKV.Discovery).</summary>
    public sealed class Discovery : IDiscoveryJobExtension
    {
        private readonly IPAMSecretResolver _resolver;

        /// <param name="resolver">Resolves PAM references; null on orchestrators without PAM.</param>
        public Discovery(IPAMSecretResolver resolver) => _resolver = resolver;

        public string ExtensionName => "AKV";

        public JobResult ProcessJob(DiscoveryJobConfiguration config, SubmitDiscoveryUpdate submitDiscovery) =>
            Job.Run(config, _resolver, "the discovered vaults", answer => answer.Discovery, paths => submitDiscovery(paths));
    }
}
