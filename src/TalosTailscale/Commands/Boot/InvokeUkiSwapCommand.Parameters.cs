using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <content>Parameters.</content>
public sealed partial class InvokeUkiSwapCommand
{
    private const string PathSet = "Path";
    private const string InstallerSet = "InstallerImage";
    private const string PromoteSet = "Promote";
    private const string PruneSet = "Prune";

    /// <summary>The file with the new image: a UKI (.efi), or an ISO or disk image that holds one.</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet,
        HelpMessage = "The file with the new image: a UKI (.efi), or an ISO or disk image that holds one."
    )]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>
    /// The installer image (factory.talos.dev/metal-installer/…:v1.12.4) whose UKI is wanted: the node's own containerd
    /// pulls it and the UKI is copied on the node, so that next to nothing is sent there.
    /// </summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = InstallerSet,
        HelpMessage = "The installer image with the version, for example factory.talos.dev/metal-installer/…:v1.12.4."
    )]
    [ValidateNotNullOrEmpty]
    public string InstallerImage { get; set; } = "";

    /// <summary>With -InstallerImage: the Image Factory that is asked what its schematic holds; factory.talos.dev when not given.</summary>
    // In every set, so that a default for all cmdlets ('*:FactoryUri') does not choose the set.
    [Parameter(Mandatory = false)]
    public Uri? FactoryUri { get; set; }

    /// <summary>Takes the ~N image that a failed upgrade left on the partition: nothing is sent.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = PromoteSet,
        HelpMessage = "$true takes the image that a failed upgrade left on the partition."
    )]
    public SwitchParameter Promote { get; set; }

    /// <summary>
    /// Swaps nothing, but removes leftovers and all backups of this module but the newest and that of the image which runs.
    /// </summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = PruneSet,
        HelpMessage = "$true removes leftovers and old backups, and swaps nothing."
    )]
    public SwitchParameter Prune { get; set; }

    /// <summary>Leaves duplicate entries of the same version in the boot menu.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter KeepDuplicates { get; set; }
}
