using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Keyfactor.Orchestrators.Extensions;
using Keyfactor.Orchestrators.Extensions.Interfaces;
using Newtonsoft.Json.Linq;

/// <summary>Loads an extension's folder in the same way as the Universal Orchestrator.</summary>
internal sealed class Orchestrator
{
    private readonly Dictionary<string, Type> _classes = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase);

    public Func<IEnumerable<CurrentInventoryItem>, bool> OnInventory = items => true;
    public Func<IEnumerable<string>, bool> OnDiscovery = paths => true;
    public Func<string, X509Certificate2> OnReenrollment = request => null;
    public IPAMSecretResolver Resolver = new Resolver(value => value);

    public Orchestrator(string folder)
    {
        var manifest = JObject.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        var extensions = Member(Member(manifest, "Extensions"), "keyfactor.orchestrators.extensions.iorchestratorjobextension");
        foreach (var entry in extensions.Properties())
        {
            var assembly = Assembly.LoadFrom(Path.Combine(folder, (string)Member((JObject)entry.Value, "AssemblyPath", true)));
            _classes[entry.Name] = assembly.GetType((string)Member((JObject)entry.Value, "typefullname", true), true);
        }
    }

    public IEnumerable<string> Capabilities => _classes.Keys;

    public JobResult Run(JobConfiguration config)
    {
        var capability = config?.Capability ?? "CertStores.AKV.Management";
        var job = Make(_classes[_classes.ContainsKey(capability) ? capability : "CertStores.AKV.Management"]);
        if (job is IInventoryJobExtension inventory)
        {
            return inventory.ProcessJob((InventoryJobConfiguration)config, items => OnInventory(items));
        }
        if (job is IDiscoveryJobExtension discovery)
        {
            return discovery.ProcessJob((DiscoveryJobConfiguration)config, paths => OnDiscovery(paths));
        }
        if (job is IReenrollmentJobExtension reenrollment)
        {
            return reenrollment.ProcessJob((ReenrollmentJobConfiguration)config, request => OnReenrollment(request));
        }
        return ((IManagementJobExtension)job).ProcessJob((ManagementJobConfiguration)config);
    }

    /// <summary>Selects the constructor as dependency injection does: with a resolver if there is
    /// one.</summary>
    private object Make(Type type)
    {
        var constructor = type.GetConstructor(new[] { typeof(IPAMSecretResolver) });
        return constructor != null ? constructor.Invoke(new object[] { Resolver }) : Activator.CreateInstance(type);
    }

    private static JObject Member(JObject parent, string name) => (JObject)Member(parent, name, true);

    private static JToken Member(JObject parent, string name, bool anyCase) =>
        parent.Properties().Single(member => string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>A PAM provider from a function.</summary>
internal sealed class Resolver : IPAMSecretResolver
{
    private readonly Func<string, string> _resolve;

    public Resolver(Func<string, string> resolve) => _resolve = resolve;

    public string Resolve(string secret) => _resolve(secret);
}
