using System;
using System.IO;
using System.Text;

namespace Akv.UniversalOrchestrator
{
    /// <summary>akv's standard error: logs every line, and keeps the last ones for a failure
    /// message.</summary>
    internal sealed class LastLines
    {
        private readonly Log _log;
        private readonly StringBuilder _last = new StringBuilder();

        public LastLines(Log log) => _log = log;

        /// <summary>Reads to the end. A line is cut at the length of a message.</summary>
        public void Read(TextReader text)
        {
            var line = new StringBuilder();
            var buffer = new char[4096];
            int read;
            while ((read = text.Read(buffer, 0, buffer.Length)) > 0)
            {
                for (var at = 0; at < read; at++)
                {
                    if (buffer[at] == '\n')
                    {
                        Add(line.ToString());
                        line.Clear();
                    }
                    else if (line.Length < LongestLine)
                    {
                        line.Append(buffer[at]);
                    }
                }
            }
            Add(line.ToString());
        }

        public override string ToString()
        {
            lock (_last)
            {
                return _last.ToString();
            }
        }

        private void Add(string line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                return;
            }
            var text = _log.WriteLineOfAkv(line);
            lock (_last)
            {
                _last.Append(_last.Length == 0 ? "" : " | ").Append(text);
                _last.Remove(0, Math.Max(0, _last.Length - Kept));
            }
        }

        private const int LongestLine = 1 << 14;

        /// <summary>The part of a message's 4,000 characters that these lines may use.</summary>
        private const int Kept = 3000;
    }
}
