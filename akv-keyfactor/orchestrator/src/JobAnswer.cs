using System.Collections.Generic;
using System.IO;
using Keyfactor.Orchestrators.Extensions;
using Newtonsoft.Json;

namespace Akv.UniversalOrchestrator
{
    /// <summary>A request to be signed.</summary>
    internal sealed class RequestAnswer
    {
        public string Csr { get; set; }
    }

    /// <summary>The one document that akv prints.</summary>
    internal sealed class JobAnswer
    {
        /// <summary>Null only if the answer is a request.</summary>
        public JobResult JobResult { get; set; }
        public RequestAnswer Request { get; set; }
        public List<CurrentInventoryItem> Inventory { get; set; }
        public List<string> Discovery { get; set; }

        /// <summary>
        /// Parses the answer as a stream, so that its text is never held in memory; null if the
        /// text is not an answer. Always reads to the end, so that akv can finish writing.
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
                // Not shown: the exception would quote the text.
            }
            var buffer = new char[1 << 16];
            while (text.Read(buffer, 0, buffer.Length) > 0) { }
            return answer == null || answer.JobResult == null == string.IsNullOrWhiteSpace(answer.Request?.Csr) ? null : answer;
        }

        /// <summary>Strings stay strings (no dates, no type names), and nothing may follow the
        /// document.</summary>
        private static readonly JsonSerializerSettings Settings = new JsonSerializerSettings
        {
            CheckAdditionalContent = true,
            DateParseHandling = DateParseHandling.None,
            MetadataPropertyHandling = MetadataPropertyHandling.Ignore,
            TypeNameHandling = TypeNameHandling.None,
        };
    }
}
