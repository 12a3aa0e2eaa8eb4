using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;

namespace Akv.UniversalOrchestrator
{
    /// <summary>The program akv and its settings, in the folder of this assembly.</summary>
    internal static class AkvProgram
    {
        public static bool OnWindows => Environment.OSVersion.Platform == PlatformID.Win32NT;

        public static string Settings => Path.Combine(Folder, "akv.toml");

        private static string Folder => Path.GetDirectoryName(typeof(AkvProgram).Assembly.Location);

        public static Process Start()
        {
            var program = Path.Combine(Folder, OnWindows ? "akv.exe" : "akv");
            if (!File.Exists(program))
            {
                throw new JobFailedException($"cannot start {program}: it does not exist. Unpack the whole zip into this folder");
            }
            var start = new ProcessStartInfo(program, Arguments)
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Folder,
            };
            if (File.Exists(Settings))
            {
                // A variable, because a path in it needs no quoting.
                start.Environment["AKV_CONFIG"] = Settings;
            }
            try
            {
                return Process.Start(start);
            }
            catch (Win32Exception)
            {
                return StartAgain(start);
            }
        }

        /// <summary>Sets the execute bit, which an unpacked file often lacks, and starts once
        /// more.</summary>
        private static Process StartAgain(ProcessStartInfo start)
        {
            try
            {
                if (!OnWindows)
                {
                    NativeMethods.chmod(start.FileName, 0x1ED); // 0755
                }
                return Process.Start(start);
            }
            catch (Win32Exception refused)
            {
                throw new JobFailedException($"cannot start {start.FileName}: error {refused.NativeErrorCode}. " + (OnWindows
                    ? "Run Unblock-File on it, and check that antivirus and application control allow it"
                    : "Check its execute permission (chmod 755), that the file system is not mounted noexec, and that it is for this processor"));
            }
        }

        /// <summary>Asks akv to end at the next safe point.</summary>
        public static void Cancel(Process process)
        {
            if (OnWindows)
            {
                process.StandardInput.BaseStream.Dispose();
            }
            else
            {
                NativeMethods.kill(process.Id, 15);
            }
        }

        /// <summary>
        /// akv ends itself at a safe point when this process has ended, even if it was killed. On
        /// Windows it detects that by its standard input, which stays open for this purpose.
        /// </summary>
        private const string Arguments = "job - --exit-with-parent";

        private static class NativeMethods
        {
            [DllImport("libc")]
            public static extern int chmod(string path, uint mode);

            [DllImport("libc")]
            public static extern int kill(int process, int signal);
        }
    }
}
