using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <content>The parameters.</content>
public sealed partial class InstallTsNodeCommand
{
    /// <summary>
    /// How nodes get the image: UkiSwap, Promote or Upgrade. When not given, what the inventory says, else swap on arm64
    /// that boots a UKI, promote where an upgrade of an earlier run has failed, and upgrade elsewhere.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateSet(nameof(TsRolloutMethod.UkiSwap), nameof(TsRolloutMethod.Promote), nameof(TsRolloutMethod.Upgrade))]
    public TsRolloutMethod? Method { get; set; }

    /// <summary>The schematic for all nodes; each node's own with the tailscale extension added when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^[0-9a-fA-F]{64}$")]
    public string? SchematicId { get; set; }

    /// <summary>A file of New-TsExtensionServiceConfig -PassThru, from the pipeline.</summary>
    [Parameter(Mandatory = false, ValueFromPipeline = true)]
    public TsExtensionServiceConfig? ServiceConfig { get; set; }

    /// <summary>Where the key is, to render each node's file first; see New-TsExtensionServiceConfig.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? AuthKeyReference { get; set; }

    /// <summary>Patches instead of the manifests of the inventory; see Set-TalosMachinePatch.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public object[] Patch { get; set; } = [];

    /// <summary>The folder for backups of machine configurations; see Set-TalosMachinePatch.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? BackupFolder { get; set; }

    /// <summary>Checks of Test-TsNode to leave out at the end.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string[] SkipCheck { get; set; } = [];

    /// <summary>A private image that each node pulls at the end; see Test-TsNode.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? RegistryImage { get; set; }

    /// <summary>The Image Factory; factory.talos.dev when not given.</summary>
    [Parameter(Mandatory = false)]
    public Uri? FactoryUri { get; set; }

    /// <summary>The socket of the tailscaled on this machine; see Test-TsNode.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Socket { get; set; }

    /// <summary>The address of the tailnet's API; see Test-TsNode.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public Uri? ApiUri { get; set; }

    /// <summary>
    /// Runs inside the cluster: a Kubernetes Job for each wave, from -ContainerImage, with the rights of
    /// deploy/rollout-rbac.yaml. Nothing depends on this machine but the looking on.
    /// </summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter InCluster { get; set; }

    /// <summary>With -InCluster: the container image of this module, made with deploy/Dockerfile.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? ContainerImage { get; set; }
}
