using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Tests.Engine;

/// <summary>
/// A lab of its own and a PowerShell session whose cmdlets reach it: what a user has after <c>-Serve</c>, without
/// touching the environment of the process. The inventory is a copy, so that rendered keys never lie in the checkout.
/// </summary>
internal sealed class LabSession : IAsyncDisposable
{
    private static readonly (string Variable, string Parameter)[] s_parameters =
    [
        ("TALOSCONFIG", "TalosConfig"),
        ("KUBECONFIG", "KubeConfig"),
        ("TALOSTAILSCALE_FACTORY", "FactoryUri"),
        ("TALOSTAILSCALE_TAILNET_API", "ApiUri"),
        ("TS_SOCKET", "Socket"),
    ];

    private readonly Dictionary<string, object> _defaults;

    private LabSession(LabCluster lab, LabClientFiles client, string devices, Dictionary<string, object> defaults)
    {
        Lab = lab;
        Client = client;
        Devices = devices;
        _defaults = defaults;
        Session = PowerShellSession.Create(defaults);
    }

    public LabCluster Lab { get; }

    public LabClientFiles Client { get; }

    /// <summary>The copy of the inventory.</summary>
    public string Devices { get; }

    /// <summary>A file with the lab's auth key.</summary>
    public string KeyReference => "file:" + Path.Combine(Client.Folder, "authkey");

    public PowerShellSession Session { get; }

    /// <summary>The pods that there are now, as <c>namespace/name</c>.</summary>
    public IReadOnlyList<string> Pods => Lab.Part<LabKubernetesPart>()!.Api.Pods;

    public static async Task<LabSession> StartAsync(LabOptions? options = null)
    {
        LabCluster lab = await LabCluster.StartAsync(options, TestContext.Current.CancellationToken);
        try
        {
            LabClientFiles client = lab.WriteClientFiles();
            client.AddFile("authkey", lab.Options.AuthKey);
            string devices = Path.Combine(client.Folder, "devices");
            LabInventory.Copy(Repository.Devices, devices, lab.Options.Nodes);
            var defaults = new Dictionary<string, object>
            {
                ["Inventory"] = devices,
                ["BackupFolder"] = Path.Combine(client.Folder, "backups"),
            };
            foreach ((string variable, string parameter) in s_parameters)
                if (client.Environment.TryGetValue(variable, out string? value))
                    defaults[parameter] = value;
            return new LabSession(lab, client, devices, defaults);
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public PowerShellResult Invoke(string script, params (string Name, object? Value)[] values) =>
        Session.Invoke(script, values);

    /// <summary>A further session with a screen, by which it is asked.</summary>
    public PowerShellSession OpenOn(ScreenHost screen) => PowerShellSession.Create(_defaults, host: screen);

    public async ValueTask DisposeAsync()
    {
        Session.Dispose();
        await Lab.DisposeAsync();
    }

    internal static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
            if (!file.EndsWith("tailscale-extension-service.yaml", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (string folder in Directory.EnumerateDirectories(from))
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
