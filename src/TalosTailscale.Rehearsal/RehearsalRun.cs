using System.Diagnostics;
using TalosTailscale.Lab;

namespace TalosTailscale.Rehearsal;

/// <summary>Brings the lab up, points the environment at it, and plays a script or keeps it up.</summary>
internal static class RehearsalRun
{
    public static async Task<int> RunAsync(RehearsalOptions options, CancellationToken cancellationToken)
    {
        string root = CheckoutRoot();
        if (options.Fault is "")
            return ListFaults();
        if (options.Shape is "")
            return ListShapes();

        var lab = LabShape.Options(LabShape.Parse(options.Shape ?? ""));
        if (options.Fault is { } fault)
            lab.Faults.Add(LabFaultSetting.Parse(fault));
        if (options.File is { } path && !File.Exists(path))
            throw new FileNotFoundException($"'{path}' is not there; -File takes the path of a script.");

        Console.WriteLine("Starting the lab: Talos, Kubernetes, Image Factory, registry and tailnet on loopback …");
        var clock = Stopwatch.StartNew();
        await using LabCluster cluster = await LabCluster.StartAsync(lab, cancellationToken);
        LabClientFiles client = cluster.WriteClientFiles();
        // The tour renders files with a key in them: into a copy, not into the checkout.
        LabInventory.Copy(Path.Combine(root, "devices"), Path.Combine(client.Folder, "devices"), lab.Nodes);
        client.AddVariable("TALOSTAILSCALE_DEVICES", Path.Combine(client.Folder, "devices"));
        client.AddVariable("TALOSTAILSCALE_BACKUPS", Path.Combine(client.Folder, "backups"));
        client.AddFile("authkey", cluster.Options.AuthKey, "TAILSCALE_AUTHKEY_FILE");
        Console.WriteLine(
            $"The lab is up after {clock.Elapsed.TotalSeconds:0.0} s: {string.Join(", ", cluster.Nodes.Select(n => n.Name))}."
        );

        if (options.Serve)
        {
            await ServeAsync(client, cancellationToken);
            return 0;
        }

        // Child processes (kubectl in a user's script) see the environment too; the process is the rehearsal's own.
        foreach ((string name, string value) in client.Environment)
            Environment.SetEnvironmentVariable(name, value);
        // PowerShell takes Ctrl+C; what ends the process from outside leaves no files of the lab behind.
        using CancellationTokenRegistration end = cancellationToken.Register(() => End(cluster));
        RehearsalStage stage = RehearsalStage.Current = Stage(
            options,
            cluster,
            Path.Combine(root, "TalosTailscale.psd1")
        );
        if (options.Prompt)
            return RehearsalShell.Prompt();

        int code = RehearsalShell.Play(mustCheck: stage.AsTyped);
        Console.WriteLine($"{stage.Tally.Summary} ({clock.Elapsed.TotalSeconds:0.0} s in all)");
        return code;
    }

    /// <summary>What to run: a user's own words, or one of the scripts in the repository.</summary>
    private static RehearsalStage Stage(RehearsalOptions options, LabCluster lab, string manifest) =>
        new()
        {
            Lab = lab,
            Manifest = manifest,
            Fault = lab.Options.Faults is [var setting, ..] ? setting.Fault.Name : null,
            Command = options.Command,
            AsTyped = options is { Command: null, File: null },
            File =
                options.Command is not null ? null
                : options.File is { } own ? Path.GetFullPath(own)
                : RehearsalShell.Script(options.Fault is null ? "tour.ps1" : "fault.ps1"),
        };

    private static void End(LabCluster lab)
    {
        lab.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
        Environment.Exit(143);
    }

    private static int ListFaults()
    {
        foreach (LabFault fault in LabFault.All)
            Console.WriteLine($"  {fault.Name, -24} {fault.Description}");
        Console.WriteLine("  Add @NODE for one node and =VALUE where the fault has one: -Fault ExpiredKey@ampone");
        return 0;
    }

    private static int ListShapes()
    {
        foreach (LabShape shape in LabShape.All)
            Console.WriteLine($"  {shape.Name, -24} {shape.Description}");
        Console.WriteLine("  Several go together: -Shape MembersWithDomain,DiscoveryOff");
        return 0;
    }

    private static async Task ServeAsync(LabClientFiles client, CancellationToken cancellationToken)
    {
        string[] pwsh = [.. client.Environment.Select(variable => $"$env:{variable.Key} = '{variable.Value}'")];
        string script = client.AddFile("lab.ps1", string.Join(Environment.NewLine, pwsh) + Environment.NewLine);
        string shell = client.AddFile(
            "lab.sh",
            string.Concat(client.Environment.Select(variable => $"export {variable.Key}='{variable.Value}'\n"))
        );
        Console.WriteLine();
        Console.WriteLine("# Paste this at a pwsh prompt; Ctrl+C here ends the lab:");
        Console.WriteLine($". '{script}'");
        Console.WriteLine();
        Console.WriteLine("# It sets:");
        foreach (string line in pwsh)
            Console.WriteLine(line);
        Console.WriteLine();
        Console.WriteLine("# … and for a POSIX shell (kubectl, other Talos clients):");
        Console.WriteLine($". '{shell}'");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("Stopping the lab.");
        }
    }

    private static string CheckoutRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "TalosTailscale.psd1")))
                return folder.FullName;
        throw new FileNotFoundException($"No checkout with TalosTailscale.psd1 above '{AppContext.BaseDirectory}'.");
    }
}
