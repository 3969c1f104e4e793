using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>The upgrade of one node with an installer image.</summary>
internal static class LabUpgrade
{
    /// <summary>Pulls the installer image and takes the UKI out of it, inside the call, as the node does.</summary>
    internal static async Task<string> PullAsync(LabNode node, string image, CancellationToken cancellationToken)
    {
        try
        {
            await node.Images.PullPatientlyAsync(1, image, cancellationToken);
        }
        catch (LabPullException e)
        {
            throw LabTarget.Failure(StatusCode.Unknown, $"error validating installer image \"{image}\": {e.Message}");
        }

        return await TakeUkiAsync(node, image, cancellationToken)
            ?? throw LabTarget.Failure(
                StatusCode.Unknown,
                $"error validating installer image \"{image}\": no installer in the image for {node.GoArchitecture}"
            );
    }

    /// <summary>Takes the UKI out of a pulled installer image; null when it holds none for the node.</summary>
    internal static async Task<string?> TakeUkiAsync(LabNode node, string image, CancellationToken cancellationToken)
    {
        var path = Path.Combine(node.Cluster.Folder, "nodes", node.Name, $"installer-{Guid.NewGuid():N}.efi");
        var registry = node.Cluster.Part<ILabImageRegistry>();
        return
            registry is not null
            && await registry.SaveInstallerUkiAsync(image, node.Architecture, path, cancellationToken)
            ? path
            : null;
    }

    // internal/pkg/etcd, ValidateForUpgrade: every member has to be healthy.
    internal static void CheckEtcd(LabNode node)
    {
        var sick = node.Cluster.Etcd.Members.FirstOrDefault(m =>
            node.Cluster.Etcd.NodeOf(m.Id)?.Services["etcd"]?.State != "Running"
        );
        if (sick is not null)
            throw LabTarget.Failure(
                StatusCode.Unknown,
                $"error validating etcd for upgrade: etcd member {sick.PeerUrl} is not healthy; all members must be healthy to perform an upgrade"
            );
    }

    /// <summary>The sequence after the call has been answered: install, then reboot, also when the installer failed.</summary>
    internal static async Task RunAsync(
        LabNode node,
        string ukiPath,
        string sequence,
        bool powerCycle,
        string actor,
        CancellationToken cancellationToken
    )
    {
        node.Events.Add(new SequenceEvent { Sequence = sequence, Action = SequenceEvent.Types.Action.Start }, actor);
        node.Change(n => (n.Stage, n.IsReady) = (LabStage.Upgrading, false));
        LabBoot.TellStage(node, actor);
        var error = await InstallAsync(node, ukiPath, cancellationToken);
        if (error is not null)
        {
            LabBoot.Kernel(node, "err", $"[talos] upgrade failed: {error}");
            node.Events.Add(
                new SequenceEvent
                {
                    Sequence = sequence,
                    Error = new Protos.Common.Error { Message = error },
                },
                actor
            );
        }

        node.Power.Reboot(powerCycle, actor);
    }

    /// <summary>Runs the installer.</summary>
    /// <returns>Its error; null when it went well.</returns>
    internal static async Task<string?> InstallAsync(LabNode node, string ukiPath, CancellationToken cancellationToken)
    {
        var uki = await LabFirmware.ReadAsync(ukiPath, cancellationToken);
        var error = uki is null
            ? "failed to install bootloader: no UKI in the installer"
            : LabInstaller.Install(node, ukiPath, uki);
        File.Delete(ukiPath);
        return error;
    }
}
