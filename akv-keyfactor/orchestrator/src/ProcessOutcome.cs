using Keyfactor.Orchestrators.Common.Enums;
using Keyfactor.Orchestrators.Extensions;

namespace Akv.UniversalOrchestrator
{
    /// <summary>How a run of akv ended.</summary>
    internal sealed class ProcessOutcome
    {
        /// <summary>The answer; null if the output is not an answer.</summary>
        public JobAnswer Answer;
        public int ExitCode;
        public bool TimedOut;
        /// <summary>The last lines that akv wrote to standard error.</summary>
        public string LastLines;

        /// <summary>The job's result. An answer counts only with the matching exit code.</summary>
        public JobResult Result()
        {
            if (TimedOut)
            {
                throw Ended("did not end in time and was stopped");
            }
            if (Answer?.JobResult == null)
            {
                throw Ended($"ended with {Ending} and without a result");
            }
            var result = Answer.JobResult;
            if (ExitCode != ExitCodeOf(result.Result))
            {
                throw Ended($"ended with {Ending}, which contradicts its result ({result.Result})");
            }
            result.FailureMessage = Text.Message(result.FailureMessage ?? "");
            return result;
        }

        /// <summary>The request to be signed; null if the answer is a result.</summary>
        public string Request()
        {
            var request = TimedOut ? null : Answer?.Request;
            if (request != null && ExitCode != 0)
            {
                throw Ended($"ended with {Ending}, which contradicts its answer (a request)");
            }
            return request?.Csr;
        }

        private JobFailedException Ended(string how) =>
            new JobFailedException($"cannot determine the outcome of the job: akv {how}" + (LastLines.Length == 0 ? "" : ": " + LastLines));

        /// <summary>.NET reports a process that signal N ended as 128 + N.</summary>
        private string Ending =>
            AkvProgram.OnWindows || ExitCode <= 128 || ExitCode > 192 ? "exit code " + ExitCode
            : $"exit code {ExitCode} (signal {ExitCode - 128})";

        private static int? ExitCodeOf(OrchestratorJobStatusJobResult result) =>
            result == OrchestratorJobStatusJobResult.Success ? 0
            : result == OrchestratorJobStatusJobResult.Warning ? 3
            : result == OrchestratorJobStatusJobResult.Failure ? 4
            : (int?)null;
    }
}
