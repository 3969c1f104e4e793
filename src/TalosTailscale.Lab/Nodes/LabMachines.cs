namespace TalosTailscale.Lab.Nodes;

/// <summary>Installs Talos on every node of the lab and boots it, once the parts that make images are there.</summary>
internal sealed class LabMachines : ILabPart
{
    private LabCluster? _cluster;

    public async Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        _cluster = cluster;
        var maker = cluster.Part<ILabUkiMaker>()
            ?? throw new InvalidOperationException("The lab has no part that makes UKIs.");
        var ukis = Directory.CreateDirectory(Path.Combine(cluster.Folder, "installed")).FullName;
        foreach (var node in cluster.Nodes)
            await InstallAsync(node, maker, ukis, cancellationToken);
        await Task.WhenAll(cluster.Nodes.Select(n => n.Power.StartAsync()));
        foreach (var node in cluster.Nodes.Where(n => n.Options.IsOff))
            node.Power.Off();
        foreach (var node in cluster.Nodes.Where(n => n.Faults.Has(LabFault.StagedConfigPending)))
            node.Config.Stage(LabOtherHands.AddDocument(node.ActiveConfig.Text, "staged"));
    }

    public void AddClientFiles(LabClientFiles files)
    {
        // Machines are reached by the APIs that show them.
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _cluster?.Nodes ?? [])
            await node.Power.StopAsync();
    }

    // One UKI for all nodes that are alike; each node has its own copy, since a swap exchanges it.
    private static async Task InstallAsync(
        LabNode node,
        ILabUkiMaker maker,
        string ukis,
        CancellationToken cancellationToken
    )
    {
        var request = new LabUkiRequest(
            node.TalosVersion,
            node.Architecture,
            node.Options.Extensions,
            node.Options.SecureBoot,
            HaltIfInstalled: false
        );
        var made = Path.Combine(
            ukis,
            $"{request.TalosVersion}-{request.Architecture}-{request.SecureBoot}-{string.Join('+', request.Extensions).Replace('/', '_')}.efi"
        );
        if (!File.Exists(made))
            await maker.WriteUkiAsync(request, made, cancellationToken);

        var name = $"Talos-{node.TalosVersion}.efi";
        File.Copy(
            made,
            Path.Combine(Directory.CreateDirectory(LabFirmware.LinuxFolder(node)).FullName, name),
            overwrite: true
        );
        var boot = Directory.CreateDirectory(Path.Combine(node.EspDirectory, "EFI", "BOOT")).FullName;
        var loader = Directory.CreateDirectory(Path.Combine(node.EspDirectory, "loader")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(boot, node.Architecture == TalosArchitecture.Arm64 ? "BOOTAA64.EFI" : "BOOTX64.EFI"),
            "systemd-boot of the lab",
            cancellationToken
        );
        await File.WriteAllTextAsync(Path.Combine(loader, "loader.conf"), "timeout 10\n", cancellationToken);

        // Where firmware refuses writes, the installer's write of the default has failed too.
        if (!node.Faults.Has(LabFault.EfivarsIoError))
        {
            node.LoaderVariables.Default = name;
            node.LoaderVariables["LoaderConfigTimeout"] = "5";
        }

        node.Config.Install(node.Options.MachineConfig ?? LabConfigTemplate.Create(node, node.Cluster.Secrets));
    }
}
