using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Keyfactor.Orchestrators.Common.Enums;
using Keyfactor.Orchestrators.Extensions;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using Newtonsoft.Json.Serialization;
using static Keyfactor.Orchestrators.Common.Enums.OrchestratorJobStatusJobResult;

/// <summary>The test cases: each public method is one case.</summary>
internal sealed class Cases
{
    public string Note = "";

    private readonly Orchestrator _orchestrator;
    private readonly string _folder;
    private readonly string _program;

    public Cases(Orchestrator orchestrator, string folder)
    {
        _orchestrator = orchestrator;
        _folder = folder;
        _program = Path.Combine(folder, OnWindows ? "akv.exe" : "akv");
    }

    // Jobs on the fake Azure.

    public void manifest_names_the_capabilities() =>
        Equal("CertStores.AKV.Discovery, CertStores.AKV.Inventory, CertStores.AKV.Management, CertStores.AKV.Reenrollment",
            string.Join(", ", _orchestrator.Capabilities.OrderBy(name => name)));

    public void add_overwrite_inventory_remove()
    {
        var alias = Name();
        var add = Add(alias);
        add.JobProperties = new Dictionary<string, object>
        {
            ["CertificateTags"] = "{\"owner\":\"Müller & Söhne 界 🔑\"}", ["PreserveExistingTags"] = true, ["NonExportable"] = false,
        };
        Expect(Success, "", Run(add));
        var item = Inventory("work").Single(one => one.Alias == alias);
        Equal(true, item.PrivateKeyEntry);
        Equal(OrchestratorInventoryItemStatus.Unknown, item.ItemStatus);
        Equal(1, item.Certificates.Count());
        Convert.FromBase64String(item.Certificates.First());
        Equal("{\"owner\":\"Müller & Söhne 界 🔑\"}", (string)item.Parameters["CertificateTags"]);
        Equal(null, item.Parameters["PreserveExistingTags"]);
        Expect(Warning, alias, Run(Add(alias)), "again, without overwrite");
        var other = Add(alias, "ossl-modern-P-384.pfx");
        other.Overwrite = true;
        Expect(Success, "", Run(other));
        Expect(Success, "", Run(Remove(alias)));
        Expect(Warning, alias, Run(Remove(alias)), "removed already");
        Equal(false, Inventory("work").Any(one => one.Alias == alias));
    }

    public void create_and_create_add()
    {
        var create = Management("create" + Name(), CertStoreOperationType.Create);
        create.JobCertificate = new ManagementJobCertificate();
        create.JobProperties = new Dictionary<string, object>();
        Expect(Success, "", Run(create));
        Expect(Warning, "", Run(create), "exists already");
        var both = Add("web", vault: "both" + Name());
        both.OperationType = CertStoreOperationType.CreateAdd;
        Expect(Success, "", Run(both));
    }

    public void discovery_submits_the_vaults()
    {
        List<string> found = null;
        _orchestrator.OnDiscovery = paths => { found = paths.ToList(); return true; };
        Expect(Success, "", Run(Discovery()));
        Equal(true, found.Contains($"{Env("AZURE_SUBSCRIPTION_ID")}:{Env("AKV_FAKE_RESOURCE_GROUP")}:work"));
    }

    public void discovery_warns_of_a_failing_tenant()
    {
        var job = Discovery();
        job.JobProperties["dirs"] = Env("AZURE_TENANT_ID") + ", no-such-tenant.example";
        Expect(Warning, "no-such-tenant.example", Run(job));
    }

    public void failures_have_the_id_and_the_reason()
    {
        var job = Add("a/b");
        Expect(Failure, "Alias", Run(job));
        job = Add(Name());
        job.JobCertificate.PrivateKeyPassword = "wrong";
        Expect(Failure, "password", Run(job));
        job = Add(Name());
        job.CertificateStoreDetails = null;
        Expect(Failure, "StorePath", Run(job));
        job = Management("work", CertStoreOperationType.SetPassword);
        Expect(Failure, "OperationType", Run(job));
        job = Add(Name());
        job.JobCancelled = true;
        Expect(Failure, "cancelled", Run(job));
        job = Add(Name());
        job.ServerError = new ServerFault { Code = 5, Message = "the server's words" };
        Expect(Failure, "the server's words", Run(job));
        Expect(Failure, "configuration", _orchestrator.Run(null), id: 0);
    }

    public void failed_inventory_submits_nothing()
    {
        var called = false;
        _orchestrator.OnInventory = items => called = true;
        Expect(Failure, "no-such-vault", Run(InventoryJob("no-such-vault")));
        Equal(false, called);
    }

    public void reenrollment_merges_the_issued_certificate()
    {
        foreach (var key in new[] { "ECC 256", "RSA 2048" })
        {
            var alias = Name();
            X509Certificate2 issued = null;
            var asked = 0;
            _orchestrator.OnReenrollment = request => { asked++; return issued = Sign(request); };
            var job = Reenrollment(alias, key);
            Expect(Success, "merged", Run(job), key);
            Equal(1, asked);
            var item = Inventory("work").Single(one => one.Alias == alias);
            Equal(Convert.ToBase64String(issued.RawData), item.Certificates.First());
            Expect(Warning, "already exists", Run(job), "again, without overwrite");
            Equal(1, asked);
            job.JobProperties["Overwrite"] = true;
            Expect(Success, "merged", Run(job), "again, with overwrite");
        }
    }

    public void reenrollment_without_a_certificate_stays_pending()
    {
        var alias = Name();
        var requests = new List<string>();
        _orchestrator.OnReenrollment = request => { requests.Add(request); return null; };
        Expect(Failure, "The request is pending in the vault", Run(Reenrollment(alias)));
        _orchestrator.OnReenrollment = request => { requests.Add(request); throw new InvalidOperationException("the CA's words"); };
        Expect(Failure, "the CA's words", Run(Reenrollment(alias)));
        Equal(false, Inventory("work").Any(one => one.Alias == alias));
        _orchestrator.OnReenrollment = request => { requests.Add(request); return Sign(request); };
        Expect(Success, "merged", Run(Reenrollment(alias)));
        Equal(1, requests.Distinct().Count());
    }

    public void reenrollment_rejects_another_certificate()
    {
        var other = Sign(null);
        _orchestrator.OnReenrollment = request => other;
        Expect(Failure, "has the key of the pending request", Run(Reenrollment(Name())));
        var job = Reenrollment(Name());
        job.JobProperties["SAN"] = "directory=CN=a";
        Expect(Failure, "directory", Run(job));
    }

    public void a_request_counts_only_with_exit_code_zero()
    {
        _orchestrator.OnReenrollment = request => { throw new Exception("called"); };
        Script("cat >/dev/null; echo '{\"Request\":{\"Csr\":\"x\"},\"JobResult\":null}'; exit 4");
        Expect(Failure, "contradicts its answer", Run(Reenrollment(Name())));
        Script("cat >/dev/null; echo '{\"Request\":{\"Csr\":\"\"},\"JobResult\":null}'; exit 0");
        Expect(Failure, "without a result", Run(Reenrollment(Name())));
        Script("cat >/dev/null; echo '{\"Request\":{\"Csr\":\"x\"},\"JobResult\":null}'; exit 0");
        Expect(Failure, "without a result", Run(InventoryJob("work")));
        _orchestrator.OnReenrollment = request => Sign(null);
        Expect(Failure, "returned another request", Run(Reenrollment(Name())));
    }

    public void job_properties_have_the_types_of_newtonsoft()
    {
        var job = Add(Name());
        job.JobProperties = JsonConvert.DeserializeObject<Dictionary<string, object>>(
            "{\"NonExportable\": false, \"PreserveExistingTags\": null, \"CertificateTags\": null, \"long\": 9223372036854775807,"
            + " \"double\": 1.5, \"date\": \"2026-01-01T00:00:00Z\", \"nested\": {\"a\": [1, null, {}]}, \"$type\": \"x\", \"ä\": \"界\"}");
        Expect(Success, "", Run(job));
        job.JobProperties["NonExportable"] = 5.5;
        Expect(Failure, "NonExportable", Run(job));
    }

    public void json_defaults_of_the_host_are_ignored()
    {
        var before = JsonConvert.DefaultSettings;
        JsonConvert.DefaultSettings = () => new JsonSerializerSettings
        {
            ContractResolver = new CamelCasePropertyNamesContractResolver(), TypeNameHandling = TypeNameHandling.All,
        };
        try
        {
            Equal(Id, (long)Seen(() => Run(InventoryJob("work")))["JobHistoryId"]);
            Expect(Success, "", Run(InventoryJob("work")));
        }
        finally
        {
            JsonConvert.DefaultSettings = before;
        }
    }

    public void eight_jobs_at_once()
    {
        var names = Enumerable.Range(0, 8).Select(_ => Name()).ToArray();
        Task.WaitAll(names.Select(name => Task.Factory.StartNew(() =>
        {
            var job = Add(name);
            job.JobHistoryId = 1000 + Array.IndexOf(names, name);
            Expect(Success, "", _orchestrator.Run(job), id: job.JobHistoryId);
        }, TaskCreationOptions.LongRunning)).ToArray());
        var found = Inventory("work").Select(item => item.Alias).ToList();
        Equal(0, names.Except(found).Count());
    }

    public void ten_thousand_certificates()
    {
        var before = Memory();
        var items = Inventory("big");
        Equal(10000, items.Count);
        Equal(10000, items.Select(item => item.Alias).Distinct().Count());
        Note = $"the host grew by {Memory() - before} MiB to {Memory()} MiB";
    }

    // Secrets.

    public void pam_references_are_resolved()
    {
        var asked = new List<string>();
        _orchestrator.Resolver = new Resolver(value =>
        {
            lock (asked) { asked.Add(value); }
            return value == "{\"SecretId\":\"s\"}" ? Env("AZURE_CLIENT_SECRET") : value;
        });
        var job = InventoryJob("work");
        job.ServerPassword = "{\"SecretId\":\"s\"}";
        Expect(Success, "", Run(job));
        Equal(Env("AZURE_CLIENT_ID") + " {\"SecretId\":\"s\"}", string.Join(" ", asked));
    }

    public void throwing_resolver_is_a_failure_naming_the_field()
    {
        _orchestrator.Resolver = new Resolver(value => throw new InvalidOperationException("secret words"));
        var result = Run(InventoryJob("work"));
        Expect(Failure, "ServerUsername", result);
        Equal(false, result.FailureMessage.Contains("secret words"));
        _orchestrator.Resolver = new Resolver(value => value == Env("AZURE_CLIENT_ID") ? value : throw new Exception("secret words"));
        Expect(Failure, "ServerPassword", Run(InventoryJob("work")));
    }

    public void resolver_without_a_value_never_selects_a_managed_identity()
    {
        foreach (var nothing in new[] { null, "", "  " })
        {
            _orchestrator.Resolver = new Resolver(value => value == Env("AZURE_CLIENT_ID") ? value : nothing);
            Expect(Failure, "ServerPassword", Run(InventoryJob("work")));
            _orchestrator.Resolver = new Resolver(value => nothing);
            var job = InventoryJob("work");
            job.ServerPassword = "managed";
            job.ServerUsername = null;
            Expect(Failure, "ServerPassword", Run(job));
        }
    }

    public void references_of_akv_are_not_resolved_here()
    {
        _orchestrator.Resolver = new Resolver(value => "resolved");
        var cases = new Dictionary<string, string>
        {
            ["{\"file\":\"/a b\"}"] = "{\"file\":\"/a b\"}", [" { \"env\" : \"A\\\"B\" } "] = " { \"env\" : \"A\\\"B\" } ",
            ["{\"file\":\"/a\",\"x\":1}"] = "resolved", ["{\"FILE\":\"/a\"}"] = "resolved", ["{'file':'/a'}"] = "resolved",
            ["{\"file\":1}"] = "resolved", ["x{\"file\":\"/a\"}"] = "resolved", ["plain"] = "resolved", [""] = "", ["  "] = "  ",
        };
        foreach (var one in cases)
        {
            var job = InventoryJob("work");
            job.ServerPassword = one.Key;
            Equal(one.Value, (string)Seen(() => Run(job))["ServerPassword"]);
        }
    }

    public void null_resolver_keeps_values_unchanged()
    {
        _orchestrator.Resolver = null;
        Expect(Success, "", Run(InventoryJob("work")));
    }

    public void document_is_complete_one_line_and_ascii()
    {
        var job = Add("web");
        job.ServerPassword = "Pä$$ \"wörd\" 界\r\n";
        job.LastInventory = new[] { new PreviousInventoryItem { Alias = "ä", PrivateKeyEntry = true, Thumbprints = new[] { "AB" } } };
        var seen = Seen(() => Run(job), out var bytes);
        Equal(JObject.FromObject(job).ToString(Formatting.None), seen.ToString(Formatting.None));
        Equal(1, bytes.Count(one => one == '\n'));
        Equal('{', (char)bytes[0]);
        Equal(true, bytes.All(one => one < 128));
    }

    // A failing program.

    public void missing_program_is_reported()
    {
        File.Delete(_program);
        Expect(Failure, "does not exist", Run(InventoryJob("work")));
    }

    public void a_missing_execute_bit_is_set()
    {
        if (OnWindows)
        {
            throw new NotApplicable();
        }
        Process.Start("chmod", "644 \"" + _program + "\"").WaitForExit();
        Expect(Success, "", Run(InventoryJob("work")));
    }

    public void file_that_cannot_be_executed_is_reported()
    {
        File.Delete(_program);
        File.WriteAllBytes(_program, new byte[] { 0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3 });
        Expect(Failure, "", Run(InventoryJob("work")));
    }

    public void program_without_output_is_reported()
    {
        Script("cat >/dev/null; exit 0");
        Expect(Failure, "exit code 0 and without a result", Run(InventoryJob("work")));
    }

    public void early_failure_is_reported_with_the_programs_output()
    {
        Script("echo 'first line' >&2; echo 'akv: no such option' >&2; exit 2");
        var job = Add("web");
        job.JobCertificate.Contents = new string('A', 8 << 20); // akv ends without reading it.
        var result = Run(job);
        Expect(Failure, "exit code 2", result);
        Expect(Failure, "akv: no such option", result);
    }

    public void killed_program_is_reported()
    {
        Script("printf '{\"JobResult\":{\"Result\":2,'; kill -9 $$");
        Expect(Failure, "signal 9", Run(InventoryJob("work")));
        Script("printf '{\"JobResult\":{\"Result\":2,\"JobHistoryId\":1,\"FailureMessage\":\"\"},\"Inventory\":[]}'; kill -9 $$");
        Expect(Failure, "signal 9", Run(InventoryJob("work")));
    }

    public void invalid_output_is_rejected()
    {
        foreach (var output in new[]
        {
            "hello secret", "[]", "null", "{}", "{\"JobResult\":null}", "{\"JobResult\":{\"Result\":2}} {}", "{\"JobResult\":{\"Result\":2}} x",
            "{\"JobResult\":{\"Result\":\"x\"}}", "{\"JobResult\":{\"Result\":7}}", "{\"JobResult\":{\"Result\":0}}", "{\"JobResult\":[]}",
            "{\"JobResult\":{\"Result\":2},\"Inventory\":{}}", "{\"JobResult\":{\"Result\":2}}", "{\"JobResult\":{\"Result\":2},\"Inventory\":null}",
            new string('[', 100000), "{\"JobResult\":{\"Result\":2},\"Inventory\":[" + new string('[', 1000),
            "\u0001\ufffd", "{\"JobResult\":{\"Result\":4,\"FailureMessage\":\"x\"}}",
        })
        {
            File.WriteAllText(Path.Combine(_folder, "output"), output);
            Script("cat >/dev/null; cat output");
            var called = false;
            _orchestrator.OnInventory = items => called = true;
            var result = Run(InventoryJob("work"));
            Expect(Failure, "", result, output);
            Equal(false, result.FailureMessage.Contains("secret"));
            Equal(false, called);
        }
    }

    public void fifty_megabytes_of_invalid_output_are_skipped()
    {
        var before = Memory();
        Script("head -c 52428800 /dev/zero | tr '\\0' 'x'; exit 4");
        Expect(Failure, "without a result", Run(InventoryJob("work")));
        Script("head -c 52428800 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo last words >&2; exit 4");
        Expect(Failure, "last words", Run(InventoryJob("work")));
        Script("yes line | head -c 524288 >&2; cat >/dev/null; exit 4");
        var result = Run(InventoryJob("work"));
        Expect(Failure, "line | line", result);
        Equal(true, result.FailureMessage.Length <= 4000);
        Note = $"the host grew by {Memory() - before} MiB";
    }

    public void fifty_megabytes_of_answer_are_accepted()
    {
        Script("cat >/dev/null; printf '{\"JobResult\":{\"Result\":2,\"JobHistoryId\":1,\"FailureMessage\":\"\"},\"Inventory\":['; "
            + "c=$(head -c 40000 /dev/zero | tr '\\0' 'A'); i=0; while [ $i -lt 1250 ]; do [ $i = 0 ] || printf ,; "
            + "printf '{\"Alias\":\"a%s\",\"Certificates\":[\"%s\"],\"Parameters\":{\"CertificateTags\":\"2026-01-01T00:00:00Z\"}}' $i $c; i=$((i+1)); done; printf ']}'");
        var items = Inventory("work");
        Equal(1250, items.Count);
        Equal("2026-01-01T00:00:00Z", (string)items[7].Parameters["CertificateTags"]);
    }

    public void hanging_program_is_stopped()
    {
        Environment.SetEnvironmentVariable("AKV_JOB_LIMIT", "2");
        Script("cat >/dev/null; trap 'echo ended safely >&2; exit 4' TERM; sleep 600 & wait");
        Expect(Failure, "did not end in time", Run(InventoryJob("work")));
        Script("trap '' TERM; cat >/dev/null; printf '{\"JobResult\":'; while :; do sleep 1; done");
        Environment.SetEnvironmentVariable("AKV_JOB_LIMIT", "1");
        var clock = Stopwatch.StartNew();
        Expect(Failure, "did not end in time", Run(InventoryJob("work")));
        Equal(true, clock.Elapsed.TotalSeconds < 39);
    }

    public void open_output_does_not_block_the_job()
    {
        Script("cat >/dev/null; sleep 30 & printf '{\"JobResult\":{\"Result\":2,\"JobHistoryId\":1,\"FailureMessage\":\"\"},\"Inventory\":[]}'");
        var clock = Stopwatch.StartNew();
        Expect(Failure, "", Run(InventoryJob("work")));
        Equal(true, clock.Elapsed.TotalSeconds < 25);
    }

    public void messages_are_truncated_and_made_printable()
    {
        File.WriteAllText(Path.Combine(_folder, "output"),
            "{\"JobResult\":{\"Result\":4,\"FailureMessage\":\"a\\u001b[2J\\u0000" + new string('界', 5000) + "\"}}");
        Script("cat >/dev/null; cat output; exit 4");
        var result = Run(InventoryJob("work"));
        Expect(Failure, "(truncated at 4,000 characters)", result);
        Equal(true, result.FailureMessage.Length <= 4000 && !result.FailureMessage.Any(char.IsControl));
    }

    // An orchestrator that rejects results.

    public void delegate_returning_false_is_a_failure()
    {
        _orchestrator.OnInventory = items => false;
        Expect(Failure, "did not transmit", Run(InventoryJob("work")));
        _orchestrator.OnDiscovery = paths => false;
        Expect(Failure, "did not transmit", Run(Discovery()));
    }

    public void throwing_delegate_is_a_failure()
    {
        _orchestrator.OnInventory = items => throw new InvalidOperationException("413 too large");
        Expect(Failure, "413 too large", Run(InventoryJob("work")));
        _orchestrator.OnDiscovery = paths => throw new InvalidOperationException("gone");
        Expect(Failure, "gone", Run(Discovery()));
    }

    // The environment.

    public void each_job_has_a_line_in_the_orchestrators_log()
    {
        global::Keyfactor.Logging.LogHandler.Lines.Clear();
        Script("cat >/dev/null; echo '{\"level\":\"INFO\",\"fields\":{\"message\":\"json {0} line\",\"id\":7}}' >&2; "
            + "echo '2026-11-26T03:27:02.123456Z DEBUG akv_azure: text line' >&2; echo 'akv: words' >&2; exit 4");
        Run(InventoryJob("work"));
        var lines = string.Join("\n", global::Keyfactor.Logging.LogHandler.Lines);
        foreach (var expected in new[] { "Information json {0} line id=7", "Debug akv_azure: text line", "Warning akv: words",
            "Error CertStores.AKV.Inventory job " + Id + ": Failure after ", "exit code 4" })
        {
            if (!lines.Contains(expected))
            {
                throw new Unexpected($"no {expected} in:\n{lines}");
            }
        }
    }

    public void deleted_working_directory_is_tolerated()
    {
        if (OnWindows)
        {
            // On Windows, a directory in use cannot be removed.
            throw new NotApplicable();
        }
        var before = Directory.GetCurrentDirectory();
        var gone = Path.Combine(Path.GetTempPath(), "gone" + Name());
        Directory.CreateDirectory(gone);
        try
        {
            Directory.SetCurrentDirectory(gone);
            Directory.Delete(gone);
            Expect(Success, "", Run(InventoryJob("work")));
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    public void settings_beside_the_program_are_used()
    {
        var settings = Path.Combine(_folder, "akv.toml");
        var before = File.ReadAllText(settings);
        try
        {
            File.WriteAllText(settings, before + "\noverwrite = true\n");
            Expect(Failure, "overwrite can only be given on the command line", Run(InventoryJob("work")));
            File.WriteAllText(settings, before + "\nchain = true\n");
            Expect(Success, "", Run(InventoryJob("work")));
        }
        finally
        {
            File.WriteAllText(settings, before);
        }
    }

    /// <summary>One long-running job.</summary>
    public void Hang() => Run(InventoryJob("work"));

    public void Restore()
    {
        _orchestrator.OnInventory = items => true;
        _orchestrator.OnDiscovery = paths => true;
        _orchestrator.OnReenrollment = request => null;
        _orchestrator.Resolver = new Resolver(value => value);
        Environment.SetEnvironmentVariable("AKV_JOB_LIMIT", null);
        RestoreProgram();
    }

    private void RestoreProgram()
    {
        File.Delete(_program);
        File.Copy(Env("AKV"), _program);
        if (OnWindows)
        {
            return;
        }
        Process.Start("chmod", "755 \"" + _program + "\"").WaitForExit();
    }

    private JobResult Run(JobConfiguration job) => _orchestrator.Run(job);

    private List<CurrentInventoryItem> Inventory(string vault)
    {
        List<CurrentInventoryItem> found = null;
        _orchestrator.OnInventory = items => { found = items.ToList(); return true; };
        Expect(Success, "", Run(InventoryJob(vault)));
        return found;
    }

    /// <summary>The standard input of the program.</summary>
    private JObject Seen(Func<JobResult> run) => Seen(run, out _);

    private JObject Seen(Func<JobResult> run, out byte[] bytes)
    {
        Script("cat >input; exit 4");
        run();
        bytes = File.ReadAllBytes(Path.Combine(_folder, "input"));
        RestoreProgram();
        return JsonConvert.DeserializeObject<JObject>(System.Text.Encoding.UTF8.GetString(bytes), new JsonSerializerSettings { DateParseHandling = DateParseHandling.None });
    }

    private void Script(string text)
    {
        if (OnWindows)
        {
            throw new NotApplicable();
        }
        File.Delete(_program);
        File.WriteAllText(_program, "#!/bin/sh\n" + text + "\n");
        Process.Start("chmod", "755 \"" + _program + "\"").WaitForExit();
    }

    private InventoryJobConfiguration InventoryJob(string vault) => Common(new InventoryJobConfiguration
    {
        Capability = "CertStores.AKV.Inventory", LastInventory = new List<PreviousInventoryItem>(), CertificateStoreDetails = Store(vault),
    });

    private DiscoveryJobConfiguration Discovery() => Common(new DiscoveryJobConfiguration
    {
        Capability = "CertStores.AKV.Discovery", ClientMachine = Env("AZURE_TENANT_ID"),
        JobProperties = new Dictionary<string, object> { ["dirs"] = "", ["extensions"] = null, ["symLinks"] = false },
    });

    private ManagementJobConfiguration Management(string vault, CertStoreOperationType operation) => Common(new ManagementJobConfiguration
    {
        Capability = "CertStores.AKV.Management", OperationType = operation, CertificateStoreDetails = Store(vault),
        LastInventory = new List<PreviousInventoryItem>(),
        JobProperties = new Dictionary<string, object> { ["CertificateTags"] = null, ["PreserveExistingTags"] = null, ["NonExportable"] = null },
    });

    private ManagementJobConfiguration Add(string alias, string file = "ossl-modern-P-256.pfx", string vault = "work")
    {
        var job = Management(vault, CertStoreOperationType.Add);
        job.JobCertificate = new ManagementJobCertificate
        {
            Alias = alias, Contents = Convert.ToBase64String(File.ReadAllBytes(Path.Combine(Env("PFX_FOLDER"), file))), PrivateKeyPassword = Env("PFX_PASSWORD"),
        };
        return job;
    }

    private ReenrollmentJobConfiguration Reenrollment(string alias, string key = "ECC 256") => Common(new ReenrollmentJobConfiguration
    {
        Capability = "CertStores.AKV.Reenrollment", CertificateStoreDetails = Store("work"), LastInventory = new List<PreviousInventoryItem>(),
        JobProperties = new Dictionary<string, object>
        {
            ["subjectText"] = "CN=web.example,O=Contoso\\, Ltd.", ["keyType"] = key.Split(' ')[0], ["keySize"] = int.Parse(key.Split(' ')[1]),
            ["Alias"] = alias, ["Overwrite"] = null, ["SAN"] = "dns=web.example&dns=www.web.example", ["CertificateTags"] = null,
        },
    });

    /// <summary>Issues a certificate for a request; without a request, a certificate with another
    /// key.</summary>
    private X509Certificate2 Sign(string request)
    {
        if (!File.Exists(Path.Combine(_folder, "ca.pem")))
        {
            OpenSsl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30");
        }
        File.WriteAllText(Path.Combine(_folder, "request.pem"), request ?? "");
        OpenSsl(request == null
            ? "req -x509 -newkey rsa:2048 -nodes -keyout other.key -out issued.pem -subj /CN=other -days 30"
            : "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -copy_extensions copy -out issued.pem");
        var pem = File.ReadAllLines(Path.Combine(_folder, "issued.pem")).Where(line => !line.StartsWith("-----"));
        return new X509Certificate2(Convert.FromBase64String(string.Concat(pem)));
    }

    private void OpenSsl(string arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { WorkingDirectory = _folder, UseShellExecute = false, RedirectStandardError = true };
        using (var process = Process.Start(start))
        {
            var words = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new Unexpected("openssl " + arguments + ": " + words);
            }
        }
    }

    private ManagementJobConfiguration Remove(string alias)
    {
        var job = Management("work", CertStoreOperationType.Remove);
        job.JobCertificate = new ManagementJobCertificate { Alias = alias, Contents = "" };
        return job;
    }

    private static T Common<T>(T job) where T : JobConfiguration
    {
        job.JobHistoryId = Id;
        job.RequestStatus = 1;
        job.ServerUsername = Env("AZURE_CLIENT_ID");
        job.ServerPassword = Env("AZURE_CLIENT_SECRET");
        job.UseSSL = true;
        job.JobId = Guid.NewGuid();
        return job;
    }

    private static CertificateStore Store(string vault) => new CertificateStore
    {
        ClientMachine = Env("AZURE_TENANT_ID"),
        StorePath = $"{Env("AZURE_SUBSCRIPTION_ID")}:{Env("AKV_FAKE_RESOURCE_GROUP")}:{vault}",
        Properties = "{\"TenantId\": null, \"SkuType\": \"\", \"VaultRegion\": \"\", \"AzureCloud\": \"\", \"PrivateEndpoint\": \"\", \"ServerUseSsl\": \"true\"}",
        Type = 105,
    };

    private static bool OnWindows => Environment.OSVersion.Platform == PlatformID.Win32NT;

    private static string Name() => "c" + Guid.NewGuid().ToString("N").Substring(0, 12);

    private static string Env(string name) => Environment.GetEnvironmentVariable(name);

    private static long Memory()
    {
        GC.Collect();
        using (var process = Process.GetCurrentProcess())
        {
            return process.WorkingSet64 >> 20;
        }
    }

    private static void Equal<T>(T expected, T actual)
    {
        if (!Equals(expected, actual))
        {
            throw new Unexpected($"expected {expected}, got {actual}");
        }
    }

    private static void Expect(OrchestratorJobStatusJobResult status, string message, JobResult result, string about = "", long id = Id)
    {
        if (result.Result != status || result.JobHistoryId != id || result.FailureMessage == null || result.FailureMessage.IndexOf(message, StringComparison.Ordinal) < 0)
        {
            var shown = about.Length > 60 ? about.Substring(0, 60) : about;
            throw new Unexpected($"expected {status} of {id} with \"{message}\", got {result.Result} of {result.JobHistoryId}: {result.FailureMessage} {shown}");
        }
    }

    private const long Id = 9007199254740993;
}
