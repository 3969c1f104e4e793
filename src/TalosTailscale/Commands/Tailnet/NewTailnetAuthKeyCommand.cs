using System.Management.Automation;
using System.Net;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Commands;

/// <summary>Makes an auth key by the tailnet's API. The key comes as a SecureString and is shown nowhere.</summary>
[Cmdlet(VerbsCommon.New, "TailnetAuthKey", SupportsShouldProcess = true)]
[OutputType(typeof(TailnetAuthKey))]
public sealed class NewTailnetAuthKeyCommand : TailnetApiCmdlet
{
    /// <summary>The tags of the nodes that log in with it, such as tag:k8s-node.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        HelpMessage = "A tag of the nodes that log in with the key, for example tag:k8s-node."
    )]
    [ValidateNotNullOrEmpty]
    [ValidatePattern("^tag:[a-zA-Z][a-zA-Z0-9-]*$")]
    public string[] Tag { get; set; } = [];

    /// <summary>Lets more than one node use it.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Reusable { get; set; }

    /// <summary>Makes the nodes vanish from the tailnet when they go offline. Not for servers.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Ephemeral { get; set; }

    /// <summary>Leaves the nodes waiting for approval, where the tailnet asks for it.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter NeedsApproval { get; set; }

    /// <summary>How long it can be used; one day when not given, 90 days at most.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Life { get; set; } = TimeSpan.FromDays(1);

    /// <summary>What it is for, as the admin console shows it.</summary>
    [Parameter(Mandatory = false)]
    [ValidateLength(0, 50)]
    public string Description { get; set; } = "Talos node";

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        using var client = ConnectApi();
        if (
            !await ShouldProcessAsync(
                Tailnet ?? "the credential's tailnet",
                $"Make an auth key for {string.Join(", ", Tag)}"
            )
        )
            return;
        var request = new TailnetKeyRequest(Tag, Reusable, Ephemeral, !NeedsApproval, Life, Description);
        var (info, key) = await client.CreateKeyAsync(request, cancellationToken);
        await WriteObjectAsync(
            new TailnetAuthKey
            {
                Id = info.Id,
                Tags = info.Tags,
                Reusable = info.Reusable,
                Ephemeral = info.Ephemeral,
                Preauthorized = info.Preauthorized,
                Created = info.Created,
                Expires = info.Expires,
                Key = new NetworkCredential("", key).SecurePassword,
            }
        );
    }
}
