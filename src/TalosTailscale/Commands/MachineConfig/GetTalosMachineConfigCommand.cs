using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Gets the machine configuration of nodes: the active one, or the one on disk. Its text holds the cluster's secrets and is
/// not part of the default view.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TalosMachineConfig")]
[OutputType(typeof(TalosMachineConfig))]
public sealed class GetTalosMachineConfigCommand : TalosCmdlet
{
    /// <summary>The configuration on disk: ahead of the active one while one is staged, behind it during a trial.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Persistent { get; set; }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        string id = Persistent ? "persistent" : "v1alpha1";
        (string version, string text) = await client.MachineConfigAsync(id, cancellationToken);
        ConfigSecrets.Register(text);
        await WriteObjectAsync(
            new TalosMachineConfig
            {
                Node = node.Name,
                Id = id,
                Version = version,
                Documents = [.. ConfigDocuments.Parse(text, node.Name).Select(document => document.ToString())],
                Text = text,
            }
        );
    }
}
