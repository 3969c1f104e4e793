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

    /// <summary>
    /// Image of the helper pod, by tag or digest. It needs sh, mount, dd and sha256sum; with perl or coreutils 9.5 two
    /// names can be exchanged, else the swap takes the space of a second copy.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = PodNodeShell.DefaultImage;

    /// <summary>The device of the EFI system partition on the node (/dev/nvme0n1p1); found through the Talos API when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^/dev/[A-Za-z0-9._/-]+$")]
    public string? EspDevice { get; set; }

    /// <summary>Reads the facts of a node and opens its partition. Nothing is left on the node when the session is disposed of.</summary>
    private protected async Task<(EspSession Session, SwapNodeFacts Facts)> OpenAsync(
        TalosNodeClient client, TsNode node, CancellationToken cancellationToken)
    {
        KubernetesConnection kubernetes = await KubernetesAsync(cancellationToken);
        SwapNodeFacts facts = await SwapFactsReader.ReadAsync(client, kubernetes, Reporter, cancellationToken);
        string device = EspDevice ?? await EspLocator.FindAsync(client, cancellationToken);
        string name = await client.NodenameAsync(cancellationToken) ?? node.KubernetesName ?? node.Name;
        var spec = new HelperPodSpec { NodeName = name, Image = Image, Purpose = "esp" };
        PodNodeShell shell = await PodNodeShell.OpenAsync(kubernetes, spec, Reporter, cancellationToken);
        return (new EspSession(shell, device, Reporter), facts);
    }

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

    private async Task<KubernetesConnection> KubernetesAsync(CancellationToken cancellationToken)
    {
        string? path = KubeConfig is null ? null : await ResolveNewPathAsync(KubeConfig);
        await _opening.WaitAsync(cancellationToken);
        try
        {
            return _kubernetes ??= path is not null || KubernetesConnection.HasDefault()
                ? KubernetesConnection.Open(path)
                : KubernetesConnection.FromBytes(await Client.Node(null).KubeconfigAsync(cancellationToken), "the Talos API");
        }
        finally
        {
            _opening.Release();
        }
    }
}
