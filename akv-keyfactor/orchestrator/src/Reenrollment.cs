using System;
using System.Security.Cryptography.X509Certificates;
using Keyfactor.Orchestrators.Common.Enums;
using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;
using Newtonsoft.Json.Linq;

namespace Akv.UniversalOrchestrator
{
    /// <summary>
    /// Generates a key in the vault, has Command sign its request, and merges the certificate
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
                    throw new JobFailedException("cannot merge the issued certificate: akv returned another request");
                }
                return outcome;
            });

        /// <summary>The certificate in base64. On failure, the request stays pending in the
        /// vault.</summary>
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
                    $"cannot have the request signed: the orchestrator failed with {refused.GetType().Name}: {refused.Message}. " + IsPending);
            }
            if (issued == null)
            {
                throw new JobFailedException("cannot have the request signed: Command returned no certificate. " + IsPending);
            }
            // Not disposed: it may belong to the orchestrator.
            return Convert.ToBase64String(issued.RawData);
        }

        private const string IsPending =
            "The request is pending in the vault, and clients are not affected. To finish it, run the job again, or have the request "
            + "signed and use akv merge; akv cancel removes it";
    }
}
