// The parts of Keyfactor.Orchestrators.IOrchestratorJobExtensions 0.7.0.0 that the extension uses.
// This is the first version with IPAMSecretResolver. Names, types and signatures are as in that
// assembly. Compiled against, never shipped: an orchestrator has the real assembly.
using System;
using System.Collections.Generic;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Keyfactor.Orchestrators.Common.Enums;

[assembly: AssemblyVersion("0.7.0.0")]

namespace Keyfactor.Orchestrators.Extensions
{
    public interface IOrchestratorJobExtension
    {
        string ExtensionName { get; }
    }

    public interface IInventoryJobExtension : IOrchestratorJobExtension
    {
        JobResult ProcessJob(InventoryJobConfiguration config, SubmitInventoryUpdate submitInventory);
    }

    public interface IManagementJobExtension : IOrchestratorJobExtension
    {
        JobResult ProcessJob(ManagementJobConfiguration config);
    }

    public interface IDiscoveryJobExtension : IOrchestratorJobExtension
    {
        JobResult ProcessJob(DiscoveryJobConfiguration config, SubmitDiscoveryUpdate submitDiscovery);
    }

    public interface IReenrollmentJobExtension : IOrchestratorJobExtension
    {
        JobResult ProcessJob(ReenrollmentJobConfiguration config, SubmitReenrollmentCSR submitReenrollment);
    }

    public delegate bool SubmitInventoryUpdate(IEnumerable<CurrentInventoryItem> inventory);

    public delegate bool SubmitDiscoveryUpdate(IEnumerable<string> discoveredLocations);

    public delegate X509Certificate2 SubmitReenrollmentCSR(string csr);

    public class JobConfiguration
    {
        public bool JobCancelled { get; set; }
        public ServerFault ServerError { get; set; }
        public long JobHistoryId { get; set; }
        public int RequestStatus { get; set; }
        public string ServerUsername { get; set; }
        public string ServerPassword { get; set; }
        public bool UseSSL { get; set; }
        public Dictionary<string, object> JobProperties { get; set; }
        public Guid JobTypeId { get; set; }
        public Guid JobId { get; set; }
        public string Capability { get; set; }
    }

    public class InventoryJobConfiguration : JobConfiguration
    {
        public IEnumerable<PreviousInventoryItem> LastInventory { get; set; }
        public CertificateStore CertificateStoreDetails { get; set; }
    }

    public class ManagementJobConfiguration : JobConfiguration
    {
        public IEnumerable<PreviousInventoryItem> LastInventory { get; set; }
        public CertificateStore CertificateStoreDetails { get; set; }
        public CertStoreOperationType OperationType { get; set; }
        public bool Overwrite { get; set; }
        public ManagementJobCertificate JobCertificate { get; set; }
    }

    public class ReenrollmentJobConfiguration : JobConfiguration
    {
        public IEnumerable<PreviousInventoryItem> LastInventory { get; set; }
        public CertificateStore CertificateStoreDetails { get; set; }
    }

    public class DiscoveryJobConfiguration : JobConfiguration
    {
        public string ClientMachine { get; set; }
    }

    public class CertificateStore
    {
        public string ClientMachine { get; set; }
        public string StorePath { get; set; }
        public string StorePassword { get; set; }
        public string Properties { get; set; }
        public int Type { get; set; }
    }

    public class ManagementJobCertificate
    {
        public string Thumbprint { get; set; }
        public string Contents { get; set; }
        public string Alias { get; set; }
        public string PrivateKeyPassword { get; set; }
    }

    public class PreviousInventoryItem
    {
        public string Alias { get; set; }
        public bool PrivateKeyEntry { get; set; }
        public IEnumerable<string> Thumbprints { get; set; }
    }

    public class CurrentInventoryItem
    {
        public string Alias { get; set; }
        public bool PrivateKeyEntry { get; set; }
        public OrchestratorInventoryItemStatus ItemStatus { get; set; }
        public bool UseChainLevel { get; set; }
        public IEnumerable<string> Certificates { get; set; }
        public Dictionary<string, object> Parameters { get; set; }
    }

    public class JobResult
    {
        public long JobHistoryId { get; set; }
        public OrchestratorJobStatusJobResult Result { get; set; }
        public string FailureMessage { get; set; }
    }

    public class ServerFault
    {
        public int Code { get; set; }
        public string Message { get; set; }
        public string HResult { get; set; }
    }
}

namespace Keyfactor.Orchestrators.Extensions.Interfaces
{
    public interface IPAMSecretResolver
    {
        string Resolve(string secret);
    }
}
