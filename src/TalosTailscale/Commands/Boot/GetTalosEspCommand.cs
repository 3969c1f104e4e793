using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets the EFI system partition of nodes: its files, what boots now, what boots next and why, what is wrong with it.</summary>
[Cmdlet(VerbsCommon.Get, "TalosEsp")]
[OutputType(typeof(EspInfo))]
public sealed class GetTalosEspCommand : EspCmdlet
{
    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        (EspSession session, SwapNodeFacts facts) = await OpenAsync(client, node, cancellationToken);
        await using (session)
        {
            await WriteObjectAsync(await session.ReadAsync(facts, cancellationToken));
            await session.CloseAsync(cancellationToken);
        }
    }
}
