using System.Management.Automation;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Commands;

/// <summary>
/// Checks the cluster as a whole after a change: one cluster behind Talos and Kubernetes, Kubernetes nodes, etcd, the load balancer, the registry's pods, and that a
/// pod on each node pulls a private image. One object for each check, in a stable order; pods that it makes are deleted.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "TsCluster")]
[OutputType(typeof(TsCheck), typeof(bool))]
public sealed class TestTsClusterCommand : TalosCmdlet
{
    private readonly List<TsNodeReference> _selected = [];
    private KubernetesConnection? _kubernetes;

    /// <summary>The checks to make; all when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateSet(
        "KubernetesNode",
        "PodPull",
        "SameCluster",
        "StaleNodes",
        "EtcdMembers",
        "EtcdLeader",
        "LoadBalancer",
        "RegistryPods"
    )]
    public string[] Check { get; set; } = [];

    /// <summary>The checks to leave out.</summary>
    [Parameter(Mandatory = false)]
    [ValidateSet(
        "KubernetesNode",
        "PodPull",
        "SameCluster",
        "StaleNodes",
        "EtcdMembers",
        "EtcdLeader",
        "LoadBalancer",
        "RegistryPods"
    )]
    public string[] SkipCheck { get; set; } = [];

    /// <summary>The private image that a pod on each node pulls; without it that is skipped.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? RegistryImage { get; set; }

    /// <summary>The namespace of the registry's own pods.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    public string RegistryNamespace { get; set; } = "registry";

    /// <summary>The namespace in which the pods that pull are made.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    public string PodNamespace { get; set; } = "default";

    /// <summary>How long the pull of a pod may take.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan PullTimeout { get; set; } = TimeSpan.FromMinutes(3);

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

    /// <summary>Gives only whether everything asked for was looked at and passed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        _selected.AddRange(Node);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        var good = false;
        try
        {
            good = await CheckAsync(cancellationToken);
        }
        catch (TsException e) when (Quiet)
        {
            await WriteErrorAsync(e);
        }

        if (Quiet)
            await WriteObjectAsync(good);
    }

    private async Task<bool> CheckAsync(CancellationToken cancellationToken)
    {
        // A pipeline that brought nothing means no node, not all of them.
        if (MyInvocation.ExpectingInput && _selected.Count == 0)
            return false;
        DeviceInventory inventory = await OnPipelineAsync(() => SessionInventory.Load(SessionState, Inventory));
        var options = new ClusterValidationOptions
        {
            Nodes = inventory.Nodes,
            Selected =
                _selected.Count == 0
                    ? null
                    :
                    [
                        .. NodeWildcards
                            .Expand(_selected, inventory)
                            .Select(reference => DeviceInventory.Resolve(reference, inventory)),
                    ],
            Talos = Client,
            Kubernetes = OpenAsync,
            Folder = inventory.Folder,
            Checks = Check,
            SkipChecks = SkipCheck,
            RegistryImage = RegistryImage,
            RegistryNamespace = RegistryNamespace,
            PodNamespace = PodNamespace,
            PullTimeout = PullTimeout,
            ThrottleLimit = ThrottleLimit,
        };
        var (made, failed, good) = (0, 0, true);
        await foreach (var check in ClusterValidation.RunAsync(options, Reporter, cancellationToken))
        {
            made++;
            if (check.Status == TsCheckStatus.Fail)
                failed++;
            if (!Verdict.Allows(check, Check))
            {
                good = false;
                Reporter.Verbose($"{check}: {check.Evidence}");
            }

            if (!Quiet)
                await WriteObjectAsync(check);
        }

        Reporter.Verbose($"The cluster: {made} checks, {failed} failed.");
        return good && made > 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _kubernetes?.Dispose();
        base.Dispose(disposing);
    }

    private async Task<KubernetesConnection> OpenAsync(CancellationToken cancellationToken)
    {
        string? path = KubeConfig is null ? null : await ResolveNewPathAsync(KubeConfig);
        _kubernetes = await KubernetesAccess.OpenAnyAsync(Client, path, KubeContext, cancellationToken);
        Reporter.Verbose($"Kubernetes is asked at '{_kubernetes.Server}'.");
        return _kubernetes;
    }
}
