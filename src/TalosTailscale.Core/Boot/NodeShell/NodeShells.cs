using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>Opens a shell on a node, by the one way or the other.</summary>
public static class NodeShells
{
    private static readonly TimeSpan s_pull = TimeSpan.FromMinutes(15);

    /// <summary>Opens it.</summary>
    /// <param name="node">The node's Talos API.</param>
    /// <param name="kubernetes">The cluster; null where there is no way to it.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="reporter">Told of each step, and why a way was not taken.</param>
    /// <param name="cancellationToken">Cancels; nothing is left then.</param>
    /// <returns>The shell, to be disposed of by the caller.</returns>
    /// <exception cref="TsException">The first way's failure when no other is left.</exception>
    public static async Task<INodeShell> OpenAsync(
        TalosNodeClient node,
        KubernetesConnection? kubernetes,
        NodeShellRequest request,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(reporter);
        foreach (string image in new[] { request.Image, request.FromImage }.OfType<string>())
            if (ImageReference.Digest(image) is null)
                reporter.Verbose(
                    $"{node.Node}: '{image}' names no digest; what runs is what its registry says now. NAME@sha256:… pins it."
                );
        if (request.Via == TalosNodeShellKind.Talos)
        {
            return request.FromImage is null
                ? await TalosNodeShell.OpenAsync(node, request.Image, reporter, cancellationToken).ConfigureAwait(false)
                : throw BootErrors.ShellCannotBorrow.New(
                    $"'{request.FromImage}' cannot be opened on '{node.Node}' by way of Talos: its containers share no files.",
                    node.Node
                );
        }

        if (kubernetes is null && request.Via == TalosNodeShellKind.Auto && request.FromImage is null)
            return await TalosNodeShell
                .OpenAsync(node, request.Image, reporter, cancellationToken)
                .ConfigureAwait(false);
        ArgumentNullException.ThrowIfNull(kubernetes);
        try
        {
            return await PodNodeShell
                .OpenAsync(node, kubernetes, Spec(request), reporter, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TsException exception)
            when (request.Via == TalosNodeShellKind.Auto
                && request.FromImage is null
                && exception.Error != BootErrors.ShellOnAnotherMachine
                && exception.Error != BootErrors.ShellMachineUnknown
            )
        {
            if (!await node.HasDebugServiceAsync(cancellationToken).ConfigureAwait(false))
                throw;
            reporter.Warning(
                $"{node.Node}: no pod could be had ({exception.ErrorId}: {exception.Message}); the shell is opened by way of Talos."
            );
            return await TalosNodeShell
                .OpenAsync(node, request.Image, reporter, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static HelperPodSpec Spec(NodeShellRequest request)
    {
        var spec = new HelperPodSpec
        {
            NodeName = request.KubernetesNode,
            Image = request.Image,
            Purpose = "esp",
            Tenure = request.Tenure,
        };
        return request.FromImage is null
            ? spec
            : spec with
            {
                FromImage = request.FromImage,
                FromImageFile = request.FromImageFile,
                ReadyTimeout = s_pull,
            };
    }
}
