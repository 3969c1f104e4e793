using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Nodes;

/// <summary>One boot of a node: firmware, kernel, config, services, ready.</summary>
internal static class LabBoot
{
    private const string HaltText =
        "Talos is already installed to disk but booted from another media and talos.halt_if_installed kernel parameter "
        + "is set. Please reboot from the disk.";

    /// <summary>Power is off, or nearly: nothing answers, nothing runs, memory is lost.</summary>
    internal static void GoDown(LabNode node)
    {
        node.Tailscale.PowerOff();
        node.Cluster.Part<ILabTailnet>()?.Disconnect(node);
        node.Services.Clear();
        node.Logs.PowerOff();
        node.Events.PowerOff();
        node.Resources.CloseWatches();
        node.Change(n =>
        {
            (n.IsApiUp, n.IsKubernetesReady, n.IsReady) = (false, false, false);
            (n.Stage, n.TailnetAddress, n.UnmetConditions) = (LabStage.Unknown, null, []);
        });
    }

    /// <summary>Boots, until the node is running, waits for something, halts or cannot start.</summary>
    /// <param name="node">The node, which is down.</param>
    /// <param name="firmware">Whether through firmware and systemd-boot; else by kexec.</param>
    /// <param name="time">How long it takes.</param>
    /// <param name="boot">Ends with this boot.</param>
    internal static async Task RunAsync(LabNode node, bool firmware, TimeSpan time, CancellationToken boot)
    {
        await Task.Delay(time * 0.6, node.Cluster.Clock, boot);
        if (node.Faults.Has(LabFault.NeverBoots))
            return;
        var (choice, console) = firmware ? await LabFirmware.SelectAsync(node, boot) : await KexecAsync(node, boot);
        if (choice is null)
        {
            node.Change(n => n.Logs["kernel"].Add(console));
            return;
        }

        StartKernel(node, choice, firmware);
        if (choice.Uki.HaltsIfInstalled)
        {
            Kernel(node, "err", $"[talos] {HaltText}");
            node.Change(n => n.Stage = LabStage.Booting);
            return;
        }

        LoadConfig(node);
        await Task.Delay(time * 0.2, node.Cluster.Clock, boot);
        StartServices(node);
        await Task.Delay(time * 0.2, node.Cluster.Clock, boot);
        if (node.Tailscale.HasStarted)
            Finish(node);
        else
            node.Power.Run(_ => FinishLaterAsync(node, boot));
    }

    internal static void TellStage(LabNode node, string actor = "")
    {
        var status = new MachineStatusEvent.Types.MachineStatus { Ready = node.IsReady };
        status.UnmetConditions.AddRange(
            node.UnmetConditions.Select(c => new MachineStatusEvent.Types.MachineStatus.Types.UnmetCondition
            {
                Name = c.Name,
                Reason = c.Reason,
            })
        );
        node.Events.Add(
            new MachineStatusEvent { Stage = (MachineStatusEvent.Types.MachineStage)node.Stage, Status = status },
            actor
        );
    }

    internal static void Kernel(LabNode node, string priority, string text) =>
        node.Logs["kernel"].Add($"kern: {priority, 7}: [{node.Cluster.Now:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}]: {text}");

    // Talos loads kernel, initrd and first command line of the UKI that it takes for the default (kexecPrepare).
    private static async Task<(LabBootChoice? Choice, string Console)> KexecAsync(
        LabNode node,
        CancellationToken cancellationToken
    )
    {
        var name = LabFirmware.Probe(node);
        var path = name is null ? null : Path.Combine(LabFirmware.LinuxFolder(node), name);
        return path is not null && await LabFirmware.ReadAsync(path, cancellationToken) is { } uki
            ? (new(name!, uki), "")
            : (null, "kexec: no valid boot entry found matching LoaderEntryDefault or LoaderEntrySelected");
    }

    private static void StartKernel(LabNode node, LabBootChoice choice, bool firmware)
    {
        if (firmware)
        {
            node.LoaderVariables.Selected = choice.FileName.ToLowerInvariant();
            node.LoaderVariables.DevicePartUuid = LabDiskResources.EspPartUuid(node).ToString().ToUpperInvariant();
        }

        node.Change(n =>
        {
            (n.BootId, n.BootTime, n.BootedByKexec) = (Guid.NewGuid(), n.Cluster.Now, !firmware);
            (n.BootedUki, n.BootedEntry) = (choice.Uki, choice.FileName.ToLowerInvariant());
            n.KernelCommandLine = choice.Uki.CommandLine.TrimEnd('\0', '\n', ' ');
            n.TalosVersion = choice.Uki.Version ?? n.TalosVersion;
            n.Extensions =
            [
                .. choice.Uki.Extensions.Select(
                    (e, i) =>
                        new LabExtension(
                            Path.GetFileNameWithoutExtension(e.Image) is { Length: > 0 } image ? image : $"{i}",
                            e.Name,
                            e.Version ?? "",
                            e.IsSchematic ? choice.Uki.SchematicYaml : null
                        )
                ),
            ];
        });
        Kernel(node, "notice", $"Linux version 6.18.2-talos ({node.GoArchitecture})");
        Kernel(node, "notice", $"Command line: {node.KernelCommandLine}");
        Kernel(node, "info", $"[talos] booting Talos {node.TalosVersion}");
    }

    private static void LoadConfig(LabNode node)
    {
        if (node.Faults.Take(LabFault.AddressChanged, out var address) && address is not null)
            node.Change(n => n.Address = address);
        node.Change(n =>
        {
            n.Config.Boot();
            if (n.Faults.Value(LabFault.Renamed) is { } name)
                n.Hostname = name;
            (n.Stage, n.IsApiUp, n.IsKnown) = (LabStage.Booting, true, true);
            n.UnmetConditions = [("services", "kubelet not running")];
        });
        Kernel(node, "info", "[talos] service[apid](Running): Started task apid for container apid");
        node.Events.Add(new SequenceEvent { Sequence = "boot", Action = SequenceEvent.Types.Action.Start });
        TellStage(node);
    }

    private static void StartServices(LabNode node)
    {
        string[] services = node.IsControlPlane
            ?
            [
                "apid",
                "auditd",
                "containerd",
                "cri",
                "dashboard",
                "etcd",
                "kubelet",
                "machined",
                "syslogd",
                "trustd",
                "udevd",
            ]
            : ["apid", "auditd", "containerd", "cri", "dashboard", "kubelet", "machined", "syslogd", "udevd"];
        node.Change(n =>
        {
            foreach (var id in services)
                SetService(n, id, "Running", "Health check successful", id is "dashboard" ? null : true);
            n.IsKubernetesReady = true;
        });
        foreach (var id in services)
            node.Logs[id].Add($"{node.Cluster.Now:yyyy/MM/dd HH:mm:ss} {id} is up");
        node.Cluster.Etcd.Joined(node);
        node.Tailscale.Start();
    }

    // startAllServices waits for every service, up to 70 minutes: an extension without its config holds up the boot
    // (siderolabs/talos#12764).
    private static async Task FinishLaterAsync(LabNode node, CancellationToken boot)
    {
        node.Change(n => n.UnmetConditions = [("services", "ext-tailscale not running")]);
        TellStage(node);
        Kernel(node, "info", "[talos] task startAllServices (1/1): service \"ext-tailscale\" to be \"up\"");
        await node.WhenAsync(n => n.Tailscale.HasStarted, boot);
        Finish(node);
    }

    private static void Finish(LabNode node)
    {
        node.Change(n => (n.Stage, n.IsReady, n.UnmetConditions) = (LabStage.Running, true, []));
        node.Events.Add(new SequenceEvent { Sequence = "boot", Action = SequenceEvent.Types.Action.Stop });
        TellStage(node);
    }

    internal static void SetService(LabNode node, string id, string state, string message, bool? healthy)
    {
        node.Services.Set(id, state, message, healthy, node.Cluster.Now);
        node.Events.Add(
            new ServiceStateEvent
            {
                Service = id,
                Action = Enum.Parse<ServiceStateEvent.Types.Action>(state, ignoreCase: true),
                Message = message,
                Health = new ServiceHealth { Unknown = healthy is null, Healthy = healthy ?? false },
            }
        );
    }
}
