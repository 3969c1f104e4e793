using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text;
using System.Text.Json;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;

namespace TalosTailscale.Benchmarks.Validation;

/// <summary>The two processes of <see cref="ValidationBenchmark"/>.</summary>
internal static class ValidationProcess
{
    private const string Script = "param($c, $n, $s) Test-TsNode -TalosConfig $c -Node $n -Socket $s -ThrottleLimit 64";

    /// <summary>A lab whose nodes are all in the tailnet, until its input ends. Argument: how many nodes.</summary>
    public static async Task<int> RunLabAsync(string[] args)
    {
        var options = new LabOptions
        {
            Nodes =
            [
                .. LabNodeOptions
                    .Many(int.Parse(args[0], CultureInfo.InvariantCulture))
                    .Select(node => node with { Extensions = ["siderolabs/tailscale"] }),
            ],
        };
        await using var lab = await LabCluster.StartAsync(options);
        var files = lab.WriteClientFiles();
        await JoinAsync(lab, files);
        await File.WriteAllLinesAsync(Path.Combine(files.Folder, "nodes"), lab.Nodes.Select(node => node.Address));
        await File.WriteAllTextAsync(
            Path.Combine(files.Folder, "socket"),
            files.Environment.GetValueOrDefault("TS_SOCKET", "")
        );
        Console.WriteLine(files.Folder);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>A client. Argument: the folder of the lab's client files.</summary>
    public static async Task<int> RunClientAsync(string[] args)
    {
        (string Name, object Value)[] values =
        [
            ("c", Path.Combine(args[0], "talosconfig")),
            ("n", await File.ReadAllLinesAsync(Path.Combine(args[0], "nodes"))),
            ("s", await File.ReadAllTextAsync(Path.Combine(args[0], "socket"))),
        ];
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using (var import = Prepare(runspace, "param($m) Import-Module $m", ("m", Manifest())))
            import.Invoke();
        using var shell = Prepare(runspace, Script, values);
        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        var output = shell.Invoke();
        var wall = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var used = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds;
        if (shell.Streams.Error.Count > 0)
            throw new InvalidOperationException(shell.Streams.Error[0].ToString());
        // Only the objects' own properties: their type is one of the module's load context.
        var alarms = output.Where(check => check.Properties["Status"].Value.ToString() is "Fail" or "Warning").ToList();
        foreach (var alarm in alarms.Take(3))
            Console.Error.WriteLine($"   {alarm} {alarm.Properties["Evidence"].Value}");
        using var self = Process.GetCurrentProcess();
        var figures = new ValidationFigures(
            wall,
            used,
            self.PeakWorkingSet64,
            output.Count,
            alarms.Count,
            await StopAsync(runspace, values)
        );
        Console.WriteLine(JsonSerializer.Serialize(figures));
        return 0;
    }

    private static async Task<double> StopAsync(Runspace runspace, (string Name, object Value)[] values)
    {
        using var shell = Prepare(runspace, Script, values);
        using var output = new PSDataCollection<PSObject>();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        output.DataAdded += (_, _) => begun.TrySetResult();
        var running = shell.BeginInvoke<PSObject, PSObject>(null, output);
        await Task.WhenAny(begun.Task, Task.Factory.FromAsync(running, _ => { }));
        var started = Stopwatch.GetTimestamp();
        await Task.Factory.FromAsync(shell.BeginStop(null, null), shell.EndStop);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static PowerShell Prepare(Runspace runspace, string script, params (string Name, object Value)[] values)
    {
        var shell = PowerShell.Create(runspace);
        shell.AddScript(script);
        foreach (var (name, value) in values)
            shell.AddParameter(name, value);
        return shell;
    }

    private static async Task JoinAsync(LabCluster lab, LabClientFiles files)
    {
        await using var client = TalosClient.Connect(
            TalosConfigFile.Load(files.Environment["TALOSCONFIG"]).Context(),
            new TalosClientOptions()
        );
        // The first call connects; the others share what it made.
        await client.Node(null).VersionAsync();
        await Parallel.ForEachAsync(lab.Nodes, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (node, stop) =>
        {
            var calls = client.Node(node.Address, node.Name);
            var (_, config) = await calls.MachineConfigAsync("v1alpha1", stop);
            var patched = MachineConfigPatcher.Apply(config, [new ConfigPatch(Patch(lab, node.Name), "join")]);
            await calls.ApplyConfigurationAsync(
                Encoding.UTF8.GetBytes(patched.Text),
                TalosApplyMode.NoReboot,
                cancellation: stop
            );
            await node.WhenAsync(one => one.TailnetAddress is not null && one.Stage == LabStage.Running, stop);
        });
    }

    private static string Patch(LabCluster lab, string node) =>
        $"""
            machine:
              network:
                nameservers:
                  - 100.100.100.100
                  - 192.168.1.1
            ---
            apiVersion: v1alpha1
            kind: ExtensionServiceConfig
            name: tailscale
            environment:
              - TS_AUTHKEY={lab.Options.AuthKey}
              - TS_HOSTNAME={node}
              - TS_ACCEPT_DNS=false
              - TS_AUTH_ONCE=true
            """;

    private static string Manifest()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var manifest = Path.Combine(folder.FullName, "TalosTailscale.psd1");
            if (File.Exists(manifest))
                return manifest;
        }

        throw new DirectoryNotFoundException("No checkout found above the benchmarks.");
    }
}
