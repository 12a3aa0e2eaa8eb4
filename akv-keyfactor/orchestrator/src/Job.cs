using System;
using System.Collections.Generic;
using System.Diagnostics;
using Keyfactor.Orchestrators.Common.Enums;
using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;

namespace Akv.UniversalOrchestrator
{
    /// <summary>
    /// One job from start to end: the configuration goes to akv, and the answer comes back. Every
    /// failure becomes a result with the job's ID; no exception escapes.
    /// </summary>
    internal static class Job
    {
        /// <summary>A job that returns only its result.</summary>
        public static JobResult Run(JobConfiguration config, IPAMSecretResolver resolver) =>
            Run<object>(config, resolver, null, null, null);

        /// <summary>
        /// A job that returns a list: <paramref name="found"/> extracts it from the answer, and
        /// <paramref name="submit"/> submits it to the orchestrator.
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

        /// <summary>A job of any number of steps; the outcome of the last step is the job's
        /// outcome.</summary>
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
                // Its text may contain the job's secrets, so only its type is shown.
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
            // The message keeps the job's own report beside the outcome of the submission.
            var reported = string.IsNullOrEmpty(message) ? "" : " (the job reported: " + message + ")";
            if (items == null)
            {
                throw new JobFailedException($"cannot submit {list}: the answer of akv does not contain it" + reported);
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

    /// <summary>The job cannot continue; the message is for Command.</summary>
    internal sealed class JobFailedException : Exception
    {
        public JobFailedException(string message) : base(message) { }
    }
}
