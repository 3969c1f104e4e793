using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Commands;

/// <content>The parameters.</content>
public sealed partial class SetTalosMachinePatchCommand
{
    /// <summary>
    /// Patches in their order: files, YAML or JSON text, hashtables, [pscustomobject], or what New-TsExtensionServiceConfig
    /// wrote. Without any, the runbook's manifests of the node: service, resolvers, extension.
    /// </summary>
    [Parameter(Mandatory = false, Position = 1, ParameterSetName = NodeSet)]
    [Parameter(
        Mandatory = true,
        Position = 1,
        ParameterSetName = FileSet,
        HelpMessage = "A file with a patch, or its text in YAML or JSON."
    )]
    [ValidateNotNullOrEmpty]
    public object[] Patch { get; set; } = [];

    /// <summary>A rendered service config; it stands for the node's first manifest.</summary>
    [Parameter(Mandatory = false, ValueFromPipeline = true, ParameterSetName = NodeSet)]
    public TsExtensionServiceConfig? ServiceConfig { get; set; }

    /// <summary>A file with a machine configuration, instead of a node; nothing is dialled.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = FileSet,
        HelpMessage = "A file with a machine configuration; no node is asked then."
    )]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Where the patched file goes; may be the file itself. Nothing is written without it.</summary>
    [Parameter(Mandatory = false, ParameterSetName = FileSet)]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Union: what is in a list already is not added again. Append: as Talos itself.</summary>
    [Parameter(Mandatory = false)]
    public ListMerge ListMerge { get; set; } = ListMerge.Union;

    /// <summary>When it takes effect; without a reboot unless told otherwise.</summary>
    [Parameter(Mandatory = false, ParameterSetName = NodeSet)]
    public TalosApplyMode Mode { get; set; } = TalosApplyMode.NoReboot;

    /// <summary>With -Mode Try: how long the node keeps it before it goes back.</summary>
    [Parameter(Mandatory = false, ParameterSetName = NodeSet)]
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The folder for the backup of what was there; by default one of the user's own.</summary>
    [Parameter(Mandatory = false, ParameterSetName = NodeSet)]
    [ValidateNotNullOrEmpty]
    public string? BackupFolder { get; set; }

    /// <summary>Keeps no backup, which would hold the cluster's secrets; then there is no way back by Restore-TalosMachineConfig.</summary>
    [Parameter(Mandatory = false, ParameterSetName = NodeSet)]
    public SwitchParameter NoBackup { get; set; }

    /// <summary>How long to wait for an extension service to follow; 0 does not wait.</summary>
    [Parameter(Mandatory = false, ParameterSetName = NodeSet)]
    public TimeSpan ServiceTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Accepts keys and kinds that this module does not know, for a Talos newer than it.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter AllowUnknownKey { get; set; }

    /// <summary>Refuses what would be a warning.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Strict { get; set; }

    /// <summary>
    /// Replaces a configuration that is staged or being tried; restarts the only control plane without a question.
    /// </summary>
    [Parameter(Mandatory = false, ParameterSetName = NodeSet)]
    public SwitchParameter Force { get; set; }
}
