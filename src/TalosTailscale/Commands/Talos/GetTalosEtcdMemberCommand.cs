using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets the members of the etcd cluster as control plane nodes see them.</summary>
[Cmdlet(VerbsCommon.Get, "TalosEtcdMember")]
[OutputType(typeof(TalosEtcdMember))]
public sealed class GetTalosEtcdMemberCommand : TalosCmdlet
{
    private protected override async Task NodeAsync(TalosNodeClient client, TsNode node, CancellationToken cancellationToken)
    {
        foreach (TalosEtcdMember member in await client.EtcdMemberListAsync(cancellationToken))
            await WriteObjectAsync(member);
    }
}
