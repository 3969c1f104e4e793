using System.Collections;
using System.Management.Automation;
using System.Security;

namespace TalosTailscale.Commands;

/// <content>The parameters.</content>
public sealed partial class NewTsExtensionServiceConfigCommand
{
    /// <summary>The nodes: names of the inventory, or objects of Get-TsNode.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "Names of the inventory, for example ampone."
    )]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NodeNameCompleter))]
    public TsNodeReference[] Node { get; set; } = [];

    /// <summary>Where the key is: env:NAME, file:PATH, op://vault/item/field, vault:NAME, or tailscale: for a fresh one.</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ParameterSetName = "Reference",
        HelpMessage = "Where the key is, never the key: env:NAME, file:PATH, op://vault/item/field, vault:NAME or tailscale:."
    )]
    [ValidateNotNullOrEmpty]
    public string? AuthKeyReference { get; set; }

    /// <summary>The key itself.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = "Key",
        HelpMessage = "The auth key; it is not shown while you type."
    )]
    [ValidateNotNull]
    public SecureString? AuthKey { get; set; }

    /// <summary>The name to ask for in the tailnet; by default what the template says, else the node's name.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Hostname { get; set; }

    /// <summary>Networks to offer to the tailnet, in CIDR form; an empty list takes back what was offered before.</summary>
    [Parameter(Mandatory = false)]
    [AllowEmptyCollection]
    public string[]? Route { get; set; }

    /// <summary>Tags to ask for, such as tag:k8s-node; an OAuth client secret needs one.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string[]? Tag { get; set; }

    /// <summary>A control server of one's own, such as Headscale.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public Uri? LoginServer { get; set; }

    /// <summary>Lets tailscale manage the resolvers. Fails on Talos, whose root file system is read-only.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter AcceptDns { get; set; }

    /// <summary>Log in only when logged out. On where the template says nothing; -AuthOnce:$false logs in at every start.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter AuthOnce { get; set; }

    /// <summary>Further arguments of 'tailscale up', each without blanks.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string[]? ExtraArgument { get; set; }

    /// <summary>Further environment variables of the extension.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public IDictionary? ExtraEnvironment { get; set; }

    /// <summary>The template; by default the node's tailscale-extension-service.template.yaml where there is one.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? TemplatePath { get; set; }

    /// <summary>Renders without a template file.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter NoTemplate { get; set; }

    /// <summary>The file to write; by default tailscale-extension-service.yaml in the node's manifests folder.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? OutputPath { get; set; }

    /// <summary>The devices folder, where it is not found by itself.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Inventory { get; set; }

    /// <summary>
    /// Writes the file although git does not ignore it, or although it cuts the node off from a LAN in the tailnets' range.
    /// </summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes an object for each file, to be piped into Set-TalosMachinePatch.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter PassThru { get; set; }
}
