using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <content>The parameters.</content>
public sealed partial class UpdateTalosNodeAddressCommand
{
    /// <summary>
    /// The places to correct: one or more of those that the output names, or All, which is all of them but Hostname.
    /// Nothing is corrected without it.
    /// </summary>
    [Parameter(Mandatory = false, Position = 1)]
    public TsAddressPlace Repair { get; set; }

    /// <summary>The address that is no longer true; the one of the inventory when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? OldAddress { get; set; }

    /// <summary>The address at which the node lives; found by the node's identity when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? NewAddress { get; set; }

    /// <summary>
    /// Files and folders to search, with what is below them. By default the devices folder, or the repository around it
    /// where it lies at the top of one.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

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

    /// <summary>The folder for backups of machine configurations that are changed; by default one of the user's own.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? BackupFolder { get; set; }
}
