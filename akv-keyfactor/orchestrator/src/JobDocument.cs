using System;
using System.Text.RegularExpressions;
using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Akv.UniversalOrchestrator
{
    /// <summary>The job configuration for akv: every member, with the two secrets
    /// resolved.</summary>
    internal static class JobDocument
    {
        public static JObject Of(JobConfiguration config, IPAMSecretResolver resolver)
        {
            if (config == null)
            {
                throw new JobFailedException("cannot run the job: the orchestrator passed no configuration");
            }
            // A separate serializer: the process may have changed the default one.
            var document = JObject.FromObject(config, JsonSerializer.Create(new JsonSerializerSettings()));
            document["ServerUsername"] = Resolved("ServerUsername", config.ServerUsername, resolver);
            document["ServerPassword"] = Resolved("ServerPassword", config.ServerPassword, resolver);
            return document;
        }

        /// <summary>
        /// A value never resolves to a blank one: akv treats a blank password as a managed
        /// identity.
        /// </summary>
        private static string Resolved(string field, string value, IPAMSecretResolver resolver)
        {
            if (resolver == null || string.IsNullOrWhiteSpace(value) || AkvReference.IsMatch(value))
            {
                return value;
            }
            string secret;
            try
            {
                secret = resolver.Resolve(value);
            }
            catch (Exception refused)
            {
                // The provider's text may contain the secret.
                throw new JobFailedException(
                    $"cannot resolve {field}: the PAM provider failed with {refused.GetType().Name}, see the orchestrator's log");
            }
            if (string.IsNullOrWhiteSpace(secret))
            {
                throw new JobFailedException($"cannot resolve {field}: the PAM provider returned no value for it");
            }
            return secret;
        }

        /// <summary>References that akv resolves itself: {"file":"…"} and {"env":"…"} as the whole
        /// object.</summary>
        private static readonly Regex AkvReference = new Regex(
            @"\A\s*\{\s*""(file|env)""\s*:\s*""([^""\\]|\\.)*""\s*\}\s*\z", RegexOptions.CultureInvariant);
    }
}
