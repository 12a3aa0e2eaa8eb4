using System;
using System.Security.Cryptography.X509Certificates;
using Keyfactor.Orchestrators.Common.Enums;
using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;
using Newtonsoft.Json.Linq;

namespace Akv.UniversalOrchestrator
{
    /// <summary>
    /// Has a key made in the vault, its request signed by Command, and the certificate merged
    /// (CertStores.AKV.Reenrollment).
    /// </summary>
    public sealed class Reenrollment : IReenrollmentJobExtension
    {
        private readonly IPAMSecretResolver _resolver;

        /// <param name="resolver">Resolves PAM references; null on orchestrators without PAM.</param>
        public Reenrollment(IPAMSecretResolver resolver) => _resolver = resolver;

        public string ExtensionName => "AKV";

        public JobResult ProcessJob(ReenrollmentJobConfiguration config, SubmitReenrollmentCSR submitReenrollment) =>
            Job.Run(config, log =>
            {
                var document = JobDocument.Of(config, _resolver);
                var outcome = AkvProcess.Run(document, log);
                var request = outcome.Request();
                if (request == null)
                {
                    return outcome;
                }
                document["IssuedCertificate"] = Issued(request, submitReenrollment);
                outcome = AkvProcess.Run(document, log);
                if (outcome.Request() != null)
                {
                    throw new JobFailedException("cannot merge the issued certificate: akv answered with a request again");
                }
                return outcome;
            });

        /// <summary>The certificate in base64. Whatever else comes back, the request waits in the vault.</summary>
        private static JToken Issued(string request, SubmitReenrollmentCSR submit)
        {
            X509Certificate2 issued;
            try
            {
                issued = submit(request);
            }
            catch (Exception refused)
            {
                throw new JobFailedException(
                    $"cannot have the request signed: the orchestrator failed with {refused.GetType().Name}: {refused.Message}. " + Waits);
            }
            if (issued == null)
            {
                throw new JobFailedException("cannot have the request signed: Command returned no certificate. " + Waits);
            }
            // Not disposed: it may be the orchestrator's own.
            return Convert.ToBase64String(issued.RawData);
        }

        private const string Waits =
            "The request waits in the vault, and nothing changed for clients. To finish it, run the job again, or have the request "
            + "signed and use akv merge; akv cancel removes it";
    }
}
