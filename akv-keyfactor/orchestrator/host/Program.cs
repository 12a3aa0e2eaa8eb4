using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;

/// <summary>
/// Runs the cases, or with "hang" one long-running job: Host.exe FOLDER [hang]. FOLDER contains the
/// unpacked zip and is written to.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var folder = Path.GetFullPath(args[0]);
        // An orchestrator loads its log before its extensions.
        Assembly.LoadFrom(Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "Keyfactor.Logging.dll"));
        var cases = new Cases(new Orchestrator(folder), folder);
        if (args.Contains("hang"))
        {
            Console.WriteLine("started");
            cases.Hang();
            return 0;
        }
        var failed = 0;
        foreach (var one in typeof(Cases).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            if (one.Name == "Hang" || one.Name == "Restore" || (args.Length > 1 && !one.Name.Contains(args[1])))
            {
                continue;
            }
            var clock = Stopwatch.StartNew();
            string problem = null;
            try
            {
                one.Invoke(cases, null);
            }
            catch (TargetInvocationException error) when (error.InnerException is NotApplicable)
            {
                cases.Note = "not on this platform";
            }
            catch (TargetInvocationException error)
            {
                problem = error.InnerException is Unexpected ? error.InnerException.Message : error.InnerException.ToString();
                failed++;
            }
            cases.Restore();
            Console.WriteLine($"{(problem == null ? "ok    " : "FAILED")} {clock.Elapsed.TotalSeconds,6:0.00} s  {one.Name}  {cases.Note}{(problem == null ? "" : "\n       " + problem)}");
            cases.Note = "";
        }
        Console.WriteLine(failed == 0 ? "all cases passed" : failed + " cases failed");
        return failed == 0 ? 0 : 1;
    }
}

/// <summary>The case needs a shell.</summary>
internal sealed class NotApplicable : Exception { }

internal sealed class Unexpected : Exception
{
    public Unexpected(string message) : base(message) { }
}
