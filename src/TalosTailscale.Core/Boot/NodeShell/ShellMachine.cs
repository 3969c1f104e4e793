using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>Refuses a shell that is on another machine than the one that is meant.</summary>
internal delegate Task ShellProof(INodeShell shell, bool forWriting, CancellationToken cancellationToken);

/// <summary>
/// Makes sure that a shell is on the machine that Talos answers for. Everything about a swap is decided by what Talos says,
/// and done by the shell: if they are two machines, the wrong one is written to and the right one restarted.
/// </summary>
internal sealed class ShellMachine(TalosNodeClient node, KubernetesConnection? kubernetes, string kubernetesNode)
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";
    private const int BootIdLimit = 256;

    /// <summary>Refuses a shell on another machine.</summary>
    /// <param name="shell">The shell.</param>
    /// <param name="forWriting">False where nothing will be changed: then a role that cannot read boot ids will do.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TsException">ShellOnAnotherMachine, ShellMachineUnknown.</exception>
    internal async Task RequireAsync(INodeShell shell, bool forWriting, CancellationToken cancellationToken)
    {
        KubernetesNodeState? state = kubernetes is null
            ? null
            : await KubernetesNodes.GetAsync(kubernetes, kubernetesNode, cancellationToken).ConfigureAwait(false);
        if (state is not null)
            await RequireFirmwareAsync(state, cancellationToken).ConfigureAwait(false);
        string there = await ShellBootIdAsync(shell, cancellationToken).ConfigureAwait(false);
        string here;
        try
        {
            here = await node.BootIdAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosRoleMissing)
        {
            await RequireIdentityAsync(state, forWriting, e, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!Guid.TryParse(here, out Guid booted) || booted != Guid.Parse(there))
        {
            throw BootErrors.ShellOnAnotherMachine.New(
                $"The shell '{shell.Holder}' for '{node.Node}' is on a machine with the boot id {there}; Talos gives {Shown(here)}.",
                node.Node
            );
        }
    }

    // Equal or absent it proves nothing: boards and clones share it.
    private async Task RequireFirmwareAsync(KubernetesNodeState state, CancellationToken cancellationToken)
    {
        TalosSystemInformation? system;
        try
        {
            system = await node.SystemInformationAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error == TalosErrors.TalosRoleMissing || e.Error == TalosErrors.TalosResourceTypeUnknown)
        {
            return;
        }

        if (
            Guid.TryParse(state.SystemUuid, out Guid there)
            && Guid.TryParse(system?.Uuid, out Guid here)
            && here != there
            && here != OtherByteOrder(there)
        )
        {
            throw BootErrors.ShellOnAnotherMachine.New(
                $"The Kubernetes node '{state.Name}' has the system UUID {there}; Talos gives {here} for '{node.Node}'.",
                node.Node
            );
        }
    }

    // Who may not read boot ids may still look, where the machine is known by the identity that Talos gave it.
    private async Task RequireIdentityAsync(
        KubernetesNodeState? state,
        bool forWriting,
        TsException refusal,
        CancellationToken cancellationToken
    )
    {
        string? machine =
            forWriting || state is null
                ? null
                : await SameCluster.MachineAsync(node, cancellationToken).ConfigureAwait(false);
        if (machine is null || !machine.Equals(state!.MachineId, StringComparison.OrdinalIgnoreCase))
        {
            throw BootErrors.ShellMachineUnknown.New(
                $"The boot id of '{node.Node}', which tells whether the shell is on it, could not be read"
                    + $"{(forWriting ? ", and without it nothing is written" : "")}: {refusal.Message}",
                node.Node,
                refusal
            );
        }
    }

    private async Task<string> ShellBootIdAsync(INodeShell shell, CancellationToken cancellationToken)
    {
        using var output = new BoundedText(BootIdLimit);
        using var errors = new BoundedText(BootIdLimit);
        int code = await shell
            .RunAsync(["cat", BootIdPath], null, output, errors, cancellationToken)
            .ConfigureAwait(false);
        return code == 0 && Guid.TryParse(output.ToString().Trim(), out Guid id)
            ? id.ToString()
            : throw BootErrors.ShellMachineUnknown.New(
                $"'cat {BootIdPath}' in the shell '{shell.Holder}' for '{node.Node}' gave no boot id (exit code {code}).",
                node.Node
            );
    }

    // SMBIOS before 2.6 did not say in which order the first three fields are; readers of it differ.
    private static Guid OtherByteOrder(Guid id) => new(id.ToByteArray(), bigEndian: true);

    private static string Shown(string id) => Guid.TryParse(id, out Guid known) ? known.ToString() : "none";
}
