// Stand-ins for the two assemblies of an orchestrator's log, to check that the extension finds
// them.
#if ABSTRACTIONS
namespace Microsoft.Extensions.Logging
{
    public enum LogLevel { Trace, Debug, Information, Warning, Error, Critical, None }

    public interface ILogger { void Write(LogLevel level, string text); }

    public static class LoggerExtensions
    {
        public static void Log(this ILogger logger, LogLevel level, System.Exception error, string message, params object[] args) =>
            throw new System.InvalidOperationException("not this one");

        public static void Log(this ILogger logger, LogLevel level, string message, params object[] args) =>
            logger.Write(level, message.Replace("{Message}", (string)args[0]));
    }
}
#else
namespace Keyfactor.Logging
{
    using System.Collections.Generic;
    using Microsoft.Extensions.Logging;

    public static class LogHandler
    {
        public static readonly List<string> Lines = new List<string>();

        public static ILogger GetClassLogger(System.Type type) => new Logger();

        public static ILogger GetClassLogger<T>() => new Logger();

        private sealed class Logger : ILogger
        {
            public void Write(LogLevel level, string text)
            {
                lock (Lines)
                {
                    Lines.Add(level + " " + text);
                }
            }
        }
    }
}
#endif
