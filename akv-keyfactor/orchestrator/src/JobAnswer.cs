using System.Collections.Generic;
using System.IO;
using Keyfactor.Orchestrators.Extensions;
using Newtonsoft.Json;

namespace Akv.UniversalOrchestrator
{
    /// <summary>A request that is to be signed.</summary>
    internal sealed class RequestAnswer
    {
        public string Csr { get; set; }
    }

    /// <summary>The one document that akv prints.</summary>
    internal sealed class JobAnswer
    {
        /// <summary>Null where the answer is a request, and only there.</summary>
        public JobResult JobResult { get; set; }
        public RequestAnswer Request { get; set; }
        public List<CurrentInventoryItem> Inventory { get; set; }
        public List<string> Discovery { get; set; }

        /// <summary>
        /// Reads the answer as it arrives, so that no copy of its text is held; null where the text is no
        /// answer. Reads to the end in any case: akv must be able to finish writing.
        /// </summary>
        public static JobAnswer Read(TextReader text)
        {
            JobAnswer answer = null;
            try
            {
                var json = new JsonTextReader(text) { CloseInput = false, MaxDepth = 32, DateParseHandling = DateParseHandling.None };
                answer = JsonSerializer.Create(Settings).Deserialize<JobAnswer>(json);
            }
            catch (JsonException)
            {
                // Not shown: it would quote the text.
            }
            var buffer = new char[1 << 16];
            while (text.Read(buffer, 0, buffer.Length) > 0) { }
            return answer == null || answer.JobResult == null == string.IsNullOrWhiteSpace(answer.Request?.Csr) ? null : answer;
        }

        /// <summary>Texts stay texts (no dates, no type names), and one document is all there is.</summary>
        private static readonly JsonSerializerSettings Settings = new JsonSerializerSettings
        {
            CheckAdditionalContent = true,
            DateParseHandling = DateParseHandling.None,
            MetadataPropertyHandling = MetadataPropertyHandling.Ignore,
            TypeNameHandling = TypeNameHandling.None,
        };
    }
}
