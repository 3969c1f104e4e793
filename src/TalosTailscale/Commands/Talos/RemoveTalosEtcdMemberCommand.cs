using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Removes a dead member from the etcd cluster, through a control plane node that lives. A member that lives, one that
/// may live and one that etcd cannot do without are refused.
/// </summary>
[Cmdlet(VerbsCommon.Remove, "TalosEtcdMember", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveTalosEtcdMemberCommand : TalosCmdlet
{
    private readonly HashSet<ulong> _removed = [];

    /// <summary>Removes members one at a time unless told otherwise.</summary>
    public RemoveTalosEtcdMemberCommand() => ThrottleLimit = 1;

    /// <summary>The member's id: hexadecimal text as Get-TalosEtcdMember shows it, or a number.</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The member's id as Get-TalosEtcdMember shows it."
    )]
    [EtcdMemberId]
    public ulong Id { get; set; }

    /// <summary>Removes also a member whose machine may live as it says nothing: it is switched off for good.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Goes on with the next member after one that failed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter ContinueOnError { get; set; }

    private protected override object? Input => Id;

    private protected override bool StopsAtFailure => !ContinueOnError && !IsWhatIf;

    private protected override string WorkName(TsNode node, object? input) => $"{(ulong)input!:x16}";

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        var id = (ulong)input!;

        // The same member piped from several nodes is one member.
        lock (_removed)
        {
            if (!_removed.Add(id))
                return;
        }

        TalosEtcdMember member = await CheckAsync(client, id, cancellationToken);
        string action =
            $"Remove the etcd member '{member.Hostname}' ({member.IdHex}, {string.Join(", ", member.PeerUrls)})";
        if (!await ShouldProcessAsync(Describe(node), action))
            return;

        // A question may stand for hours: what counts is how etcd is after the answer.
        await CheckAsync(client, id, cancellationToken);
        await client.EtcdRemoveMemberAsync(id, cancellationToken);
        Reporter.Verbose($"{node.Name}: removed the etcd member '{member.Hostname}'.");
    }

    private async Task<TalosEtcdMember> CheckAsync(
        TalosNodeClient client,
        ulong id,
        CancellationToken cancellationToken
    ) =>
        await EtcdQuorum.CheckRemovalAsync(
            client,
            id,
            await client.MembersAsync(cancellationToken),
            Force,
            Reporter,
            cancellationToken
        );
}
