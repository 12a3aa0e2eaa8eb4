using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;

namespace Akv.UniversalOrchestrator
{
    /// <summary>Adds and removes certificates and creates vaults (CertStores.AKV.Management).</summary>
    public sealed class Management : IManagementJobExtension
    {
        private readonly IPAMSecretResolver _resolver;

        /// <param name="resolver">Resolves PAM references; null on orchestrators without PAM.</param>
        public Management(IPAMSecretResolver resolver) => _resolver = resolver;

        public string ExtensionName => "AKV";

        public JobResult ProcessJob(ManagementJobConfiguration config) => Job.Run(config, _resolver);
    }
}
