using System;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Akv.UniversalOrchestrator
{
    /// <summary>The numbers of Microsoft.Extensions.Logging.LogLevel.</summary>
    internal enum LogLevel { Trace, Debug, Information, Warning, Error }

    /// <summary>
    /// The orchestrator's log. Keyfactor.Logging is not compiled against, because no version of it
    /// fits every orchestrator. If it is loaded, it is used; otherwise standard error.
    /// </summary>
    internal sealed class Log
    {
        private readonly Action<LogLevel, string> _write;

        public Log() => _write = Keyfactor() ?? StandardError;

        public void Write(LogLevel level, string text)
        {
            try
            {
                _write(level, Text.Printable(text));
            }
            catch (Exception)
            {
                // A logging failure does not fail a job.
            }
        }

        /// <summary>Writes a line of akv at the line's own level; returns it as text.</summary>
        public string WriteLineOfAkv(string line)
        {
            var level = LogLevel.Warning;
            var text = line;
            try
            {
                var json = JObject.Parse(line);
                if (json["fields"] is JObject fields)
                {
                    level = LevelOf((string)json["level"]);
                    text = string.Join(" ", fields.Properties().Select(field =>
                        field.Name == "message" ? (string)field : field.Name + "=" + field.Value.ToString(Formatting.None)));
                }
            }
            catch (JsonException)
            {
                var match = TextLine.Match(line);
                if (match.Success)
                {
                    level = LevelOf(match.Groups[1].Value);
                    text = match.Groups[2].Value;
                }
            }
            text = Text.Printable(text.TrimEnd('\r'));
            Write(level, text);
            return text;
        }

        /// <summary>Finds LogHandler.GetClassLogger(Type), and LoggerExtensions.Log for the type of
        /// its logger.</summary>
        private static Action<LogLevel, string> Keyfactor()
        {
            try
            {
                var handler = AppDomain.CurrentDomain.GetAssemblies()
                    .FirstOrDefault(assembly => assembly.GetName().Name == "Keyfactor.Logging")?
                    .GetType("Keyfactor.Logging.LogHandler");
                var logger = handler?.GetMethod("GetClassLogger", new[] { typeof(Type) })?.Invoke(null, new object[] { typeof(Log) });
                var log = logger?.GetType().GetInterfaces()
                    .FirstOrDefault(type => type.FullName == "Microsoft.Extensions.Logging.ILogger")?
                    .Assembly.GetType("Microsoft.Extensions.Logging.LoggerExtensions")?
                    .GetMethods(BindingFlags.Public | BindingFlags.Static)
                    .FirstOrDefault(method => method.Name == "Log" && method.GetParameters().Length == 4
                        && method.GetParameters()[2].ParameterType == typeof(string));
                if (log == null)
                {
                    return null;
                }
                var levels = log.GetParameters()[1].ParameterType;
                // The text is an argument, so braces in it are not placeholders.
                return (level, text) => log.Invoke(null, new[] { logger, Enum.ToObject(levels, (int)level), "{Message}", new object[] { text } });
            }
            catch (Exception)
            {
                return null;
            }
        }

        private static void StandardError(LogLevel level, string text) => Console.Error.WriteLine("akv " + level + ": " + text);

        /// <summary>Time, level and text: akv's log-format text. Other lines are plain
        /// text.</summary>
        private static readonly Regex TextLine = new Regex(@"\A\S+Z +(TRACE|DEBUG|INFO|WARN|ERROR) (.*)\z", RegexOptions.CultureInvariant);

        /// <summary>An unknown level counts as a warning.</summary>
        private static LogLevel LevelOf(string akv)
        {
            var at = Array.IndexOf(Levels, akv);
            return at < 0 ? LogLevel.Warning : (LogLevel)at;
        }

        private static readonly string[] Levels = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR" };
    }
}
