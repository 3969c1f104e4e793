using System.ComponentModel;
using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Base of the cmdlets that look at or change the EFI system partition of nodes, through a shell on the node.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class EspCmdlet : TalosCmdlet
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private KubernetesConnection? _kubernetes;

    /// <summary>
    /// The kubeconfig file; else the one that KUBECONFIG names or ~/.kube/config, else one is fetched through the Talos API.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? KubeConfig { get; set; }

    /// <summary>The context of the kubeconfig; its current one when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KubeContextCompleter))]
    public string? KubeContext { get; set; }

    /// <summary>
    /// Image of the helper pod, by tag or digest. It needs sh, mount, dd and sha256sum; with perl or coreutils 9.5 two
    /// names can be exchanged, else the swap takes the space of a second copy.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = PodNodeShell.DefaultImage;

    /// <summary>
    /// How the shell on the node is had: by a pod (Kubernetes), by a container that Talos runs (Talos, from 1.13 on), or by
    /// whichever of the two can be had, the pod first (Auto, the default).
    /// </summary>
    [Parameter(Mandatory = false)]
    public TalosNodeShellKind Via { get; set; }

    /// <summary>The device of the EFI system partition on the node (/dev/nvme0n1p1); found through the Talos API when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^/dev/[A-Za-z0-9._/-]+$")]
    public string? EspDevice { get; set; }

    /// <summary>Reads the facts of a node and opens its partition. Nothing is left on the node when the session is disposed of.</summary>
    private protected async Task<(EspSession Session, SwapNodeFacts Facts)> OpenAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        KubernetesConnection? kubernetes = await KubernetesIfAnyAsync(client, cancellationToken);
        SwapNodeFacts facts = await SwapFactsReader.ReadAsync(client, kubernetes, Reporter, cancellationToken);
        string device = EspDevice ?? await EspLocator.FindAsync(client, facts.Variables, cancellationToken);
        string name = await client.NodenameAsync(cancellationToken) ?? node.KubernetesName ?? node.Name;
        var request = ShellFor(
            facts,
            new NodeShellRequest
            {
                Via = Via,
                KubernetesNode = name,
                Image = Image,
            }
        );
        INodeShell shell = await NodeShells.OpenAsync(client, kubernetes, request, Reporter, cancellationToken);
        return (new EspSession(shell, device, Reporter), facts);
    }

    /// <summary>What else the shell must have.</summary>
    private protected virtual NodeShellRequest ShellFor(SwapNodeFacts facts, NodeShellRequest request) => request;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _kubernetes?.Dispose();
            _opening.Dispose();
        }

        base.Dispose(disposing);
    }

    // By way of Talos the cluster is only asked for its control planes, and a cluster that is down must not be in the way;
    // one that is another's, or a kubeconfig that is not to be trusted, is.
    private async Task<KubernetesConnection?> KubernetesIfAnyAsync(
        TalosNodeClient client,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await KubernetesAsync(cancellationToken);
        }
        catch (TsException exception)
            when (Via != TalosNodeShellKind.Kubernetes && !KubernetesAccess.IsRefusal(exception))
        {
            if (Via == TalosNodeShellKind.Auto && !await client.HasDebugServiceAsync(cancellationToken))
                throw;
            Reporter.Verbose($"{client.Node}: there is no way to the cluster: {exception.Message}");
            return null;
        }
    }

    private async Task<KubernetesConnection> KubernetesAsync(CancellationToken cancellationToken)
    {
        string? path = KubeConfig is null ? null : await ResolveNewPathAsync(KubeConfig);
        await _opening.WaitAsync(cancellationToken);
        try
        {
            return _kubernetes ??= await KubernetesAccess.OpenAsync(Client, path, KubeContext, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }
}
