using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <content>What the user may say.</content>
public sealed partial class SaveTalosImageCommand
{
    /// <summary>A UKI for a swap, the installer ISO, or the reference of the installer for an upgrade.</summary>
    [Parameter(Mandatory = false)]
    public TalosImageKind Kind { get; set; } = TalosImageKind.Uki;

    /// <summary>The Talos version; that of the node when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern(@"^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]
    [ArgumentCompleter(typeof(TalosVersionCompleter))]
    public string? Version { get; set; }

    /// <summary>The architecture; that of the node when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateSet(nameof(TalosArchitecture.Amd64), nameof(TalosArchitecture.Arm64))]
    public TalosArchitecture Architecture { get; set; }

    /// <summary>The signed image (<c>-SecureBoot:$false</c>: the plain one); what the node runs when not given.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter SecureBoot { get; set; }

    /// <summary>
    /// The official extensions of the image; when neither this nor a schematic is given, those that the node runs and
    /// siderolabs/tailscale.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExtensionNameCompleter))]
    public string[] Extension { get; set; } = [];

    /// <summary>The id of a schematic that the factory knows, also from New-TalosSchematic by the pipeline.</summary>
    [Parameter(Mandatory = false, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SchematicIdCompleter))]
    public string? SchematicId { get; set; }

    /// <summary>A folder, or the file to write; the current folder when not given.</summary>
    [Parameter(Mandatory = false)]
    [Alias("OutFile")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The Image Factory; else the one that TALOSTAILSCALE_FACTORY names, else https://factory.talos.dev.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public Uri? FactoryUri { get; set; }

    /// <summary>A proxy; that of the environment when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public Uri? Proxy { get; set; }

    /// <summary>Downloads again what is there, and replaces whatever has the file's name.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }
}
