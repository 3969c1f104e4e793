using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets the members of the etcd cluster as control plane nodes see them.</summary>
[Cmdlet(VerbsCommon.Get, "TalosEtcdMember")]
[OutputType(typeof(TalosEtcdMember))]
public sealed class GetTalosEtcdMemberCommand : TalosCmdlet
{
    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        // All of a node at once, so that the rows of several nodes do not mix.
        await WriteObjectAsync(await client.EtcdMemberListAsync(cancellationToken), enumerate: true);
    }
}
