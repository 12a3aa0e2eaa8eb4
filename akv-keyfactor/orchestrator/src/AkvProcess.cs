using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Akv.UniversalOrchestrator
{
    /// <summary>
    /// One run of akv. The job is written only to its standard input; both outputs are read while
    /// it runs. All three are UTF-8 without a byte order mark, whatever the code page.
    /// </summary>
    internal static class AkvProcess
    {
        public static ProcessOutcome Run(JObject document, Log log)
        {
            var limit = Limit();
            using (var process = AkvProgram.Start())
            {
                var lines = new LastLines(log);
                var answer = Background(() => JobAnswer.Read(Reader(process.StandardOutput)));
                var talking = Background(() => { lines.Read(Reader(process.StandardError)); return true; });
                Background(() => { Write(document, process.StandardInput.BaseStream); return true; });

                var inTime = process.WaitForExit(Milliseconds(limit)) || Stop(process);
                // A child process of akv could keep the outputs open forever.
                var whole = Task.WaitAll(new Task[] { answer, talking }, Drain);
                return new ProcessOutcome
                {
                    Answer = whole ? answer.Result : null,
                    ExitCode = process.HasExited ? process.ExitCode : -1,
                    TimedOut = !inTime,
                    LastLines = lines.ToString(),
                };
            }
        }

        private static void Write(JObject document, Stream input)
        {
            try
            {
                // One line, so that akv detects its end even if standard input stays open. Not
                // disposed: that would close the stream.
                var text = new StreamWriter(input, Utf8);
                using (var json = new JsonTextWriter(text) { CloseOutput = false, StringEscapeHandling = StringEscapeHandling.EscapeNonAscii })
                {
                    document.WriteTo(json);
                }
                text.Write('\n');
                text.Flush();
                if (!AkvProgram.OnWindows)
                {
                    input.Dispose();
                }
            }
            catch (Exception closed) when (closed is IOException || closed is ObjectDisposedException)
            {
                // akv has ended: its exit code and its output contain the reason.
            }
        }

        /// <summary>Asks akv to end at a safe point, then kills it. Always returns false: akv
        /// missed its limit.</summary>
        private static bool Stop(Process process)
        {
            try
            {
                AkvProgram.Cancel(process);
                if (!process.WaitForExit(Milliseconds(Grace)))
                {
                    process.Kill();
                    process.WaitForExit(Milliseconds(Drain));
                }
            }
            catch (InvalidOperationException)
            {
                // The process ended in the meantime.
            }
            return false;
        }

        /// <summary>Runs on its own thread: the work blocks while akv runs, and the pool is the
        /// orchestrator's.</summary>
        private static Task<T> Background<T>(Func<T> work) =>
            Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        private static StreamReader Reader(StreamReader output) => new StreamReader(output.BaseStream, Utf8, false, 1 << 16);

        private static int Milliseconds(TimeSpan time) => (int)Math.Min(time.TotalMilliseconds, int.MaxValue);

        private static readonly Encoding Utf8 = new UTF8Encoding(false);

        /// <summary>
        /// akv ends its job itself after its job-deadline (default: one hour). This limit applies
        /// if akv hangs: ten minutes more, or the seconds in AKV_JOB_LIMIT.
        /// </summary>
        private static TimeSpan Limit()
        {
            if (int.TryParse(Environment.GetEnvironmentVariable("AKV_JOB_LIMIT"), out var limit) && limit > 0)
            {
                return TimeSpan.FromSeconds(limit);
            }
            var settings = File.Exists(AkvProgram.Settings) ? File.ReadAllText(AkvProgram.Settings) : "";
            var set = Regex.Match(settings, @"^\s*job-deadline\s*=\s*([0-9_]+)", RegexOptions.Multiline).Groups[1].Value;
            return TimeSpan.FromSeconds(int.TryParse(set.Replace("_", ""), out var deadline) ? deadline : 3600) + TimeSpan.FromMinutes(10);
        }

        /// <summary>The time between the request to end and the kill.</summary>
        private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

        /// <summary>How long the outputs are read after akv has ended.</summary>
        private static readonly TimeSpan Drain = TimeSpan.FromSeconds(10);
    }
}
