using System;
using System.Collections.Generic;
using System.Diagnostics;
using Keyfactor.Orchestrators.Common.Enums;
using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;

namespace Akv.UniversalOrchestrator
{
    /// <summary>
    /// One job from start to end: the configuration goes to akv, the answer comes back. Whatever goes wrong
    /// is a result with the job's id; no exception leaves.
    /// </summary>
    internal static class Job
    {
        /// <summary>A job that brings nothing back but its result.</summary>
        public static JobResult Run(JobConfiguration config, IPAMSecretResolver resolver) =>
            Run<object>(config, resolver, null, null, null);

        /// <summary>
        /// A job that brings a list back: <paramref name="found"/> takes it out of the answer,
        /// <paramref name="submit"/> hands it to the orchestrator.
        /// </summary>
        public static JobResult Run<T>(
            JobConfiguration config, IPAMSecretResolver resolver, string list,
            Func<JobAnswer, List<T>> found, Func<List<T>, bool> submit) =>
            Run(config, log =>
            {
                var outcome = AkvProcess.Run(JobDocument.Of(config, resolver), log);
                var result = outcome.Result();
                if (found != null && result.Result != OrchestratorJobStatusJobResult.Failure)
                {
                    Submit(list, found(outcome.Answer), submit, result.FailureMessage);
                }
                return outcome;
            });

        /// <summary>A job of whatever steps; the outcome of the last one is the job's.</summary>
        public static JobResult Run(JobConfiguration config, Func<Log, ProcessOutcome> steps)
        {
            var clock = Stopwatch.StartNew();
            var log = new Log();
            ProcessOutcome outcome = null;
            JobResult result;
            try
            {
                outcome = steps(log);
                result = outcome.Result();
            }
            catch (JobFailedException failed)
            {
                result = Failure(failed.Message);
            }
            catch (Exception unexpected)
            {
                // Its text may hold what the job holds, so only its kind is shown.
                result = Failure("cannot run the job: " + unexpected.GetType().Name + " in the extension");
            }
            result.JobHistoryId = config?.JobHistoryId ?? 0;
            log.Write(
                result.Result == OrchestratorJobStatusJobResult.Failure ? LogLevel.Error : LogLevel.Information,
                $"{config?.Capability} job {result.JobHistoryId}: {result.Result} after {clock.Elapsed.TotalSeconds:0.0} s, "
                    + $"exit code {outcome?.ExitCode.ToString() ?? "none"}. {result.FailureMessage}");
            return result;
        }

        private static void Submit<T>(string list, List<T> items, Func<List<T>, bool> submit, string message)
        {
            // What the job itself reported is kept beside what became of its list.
            var reported = string.IsNullOrEmpty(message) ? "" : " (the job reported: " + message + ")";
            if (items == null)
            {
                throw new JobFailedException($"cannot submit {list}: the answer of akv has none" + reported);
            }
            bool taken;
            try
            {
                taken = submit(items);
            }
            catch (Exception refused)
            {
                throw new JobFailedException(
                    $"cannot submit {list}: the orchestrator failed with {refused.GetType().Name}: {refused.Message}" + reported);
            }
            if (!taken)
            {
                throw new JobFailedException(
                    $"cannot submit {list}: the orchestrator did not transmit it to Command, see its log" + reported);
            }
        }

        private static JobResult Failure(string message) =>
            new JobResult { Result = OrchestratorJobStatusJobResult.Failure, FailureMessage = Text.Message(message) };
    }

    /// <summary>The job cannot go on; the message is for Command.</summary>
    internal sealed class JobFailedException : Exception
    {
        public JobFailedException(string message) : base(message) { }
    }
}
