using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;
using TalosTailscale.Lab;

namespace TalosTailscale.Benchmarks.Talos;

/// <summary>The two processes of <see cref="FleetBenchmark"/>: a lab of many nodes, and a PowerShell engine that asks it.</summary>
internal static class FleetProcess
{
    /// <summary>A lab, until its input ends. Arguments: how many nodes, the Talos version.</summary>
    public static async Task<int> RunLabAsync(string[] args)
    {
        var options = new LabOptions { Nodes = LabNodeOptions.Many(int.Parse(args[0], CultureInfo.InvariantCulture)) };
        if (args.Length > 1)
            options.TalosVersion = args[1];
        await using var lab = await LabCluster.StartAsync(options);
        var folder = lab.WriteClientFiles().Folder;
        await File.WriteAllLinesAsync(Path.Combine(folder, "nodes"), lab.Nodes.Select(node => node.Address));
        Console.WriteLine(folder);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>A client. Arguments: the folder of the lab's client files, how many nodes.</summary>
    public static async Task<int> RunClientAsync(string[] args)
    {
        var config = Path.Combine(args[0], "talosconfig");
        var nodes = (await File.ReadAllLinesAsync(Path.Combine(args[0], "nodes")))
            .Take(int.Parse(args[1], CultureInfo.InvariantCulture))
            .ToArray();
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        var started = Stopwatch.GetTimestamp();
        Invoke(
            runspace,
            "param($m) Import-Module $m; Get-Command Get-TalosExtension | Out-Null",
            ("m", Checkout.Manifest)
        );
        var import = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        double idle = self.WorkingSet64;

        var (first, cpu) = Ask(runspace, config, nodes);
        var (again, _) = Ask(runspace, config, nodes);
        self.Refresh();
        Console.WriteLine(
            JsonSerializer.Serialize(new FleetFigures(import, first, cpu, again, idle, self.PeakWorkingSet64))
        );
        return 0;
    }

    private static (double Wall, double Cpu) Ask(Runspace runspace, string config, string[] nodes)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        var count = Invoke(
                runspace,
                "param($c, $n) (Get-TalosExtension -TalosConfig $c -Node $n).Node",
                ("c", config),
                ("n", nodes)
            )
            .Distinct()
            .Count();
        if (count != nodes.Length)
            throw new InvalidOperationException($"{count} of {nodes.Length} nodes answered.");
        return (
            Stopwatch.GetElapsedTime(started).TotalMilliseconds,
            (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds
        );
    }

    private static List<string> Invoke(Runspace runspace, string script, params (string Name, object Value)[] values)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(script);
        foreach (var (name, value) in values)
            shell.AddParameter(name, value);
        var output = shell.Invoke<string>();
        if (shell.Streams.Error.Count > 0)
            throw new InvalidOperationException(shell.Streams.Error[0].ToString());
        return [.. output];
    }
}
