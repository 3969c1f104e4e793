using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets the services of nodes with their state and health.</summary>
[Cmdlet(VerbsCommon.Get, "TalosService")]
[OutputType(typeof(TalosService))]
public sealed class GetTalosServiceCommand : TalosCmdlet
{
    /// <summary>Ids of services (<c>ext-tailscale</c>); wildcards are understood. All when not given.</summary>
    [Parameter(Mandatory = false, Position = 1)]
    [Alias("Name", "Service")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosServiceCompleter))]
    [SupportsWildcards]
    public string[] Id { get; set; } = ["*"];

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        Wildcards ids = new(Id);
        IReadOnlyList<TalosService> services = await client.ServiceListAsync(cancellationToken);
        // All of a node at once, so that the rows of several nodes do not mix.
        await WriteObjectAsync(services.Where(service => ids.Match(service.Id)).ToArray(), enumerate: true);

        foreach (string missing in ids.Unmatched())
        {
            await WriteErrorAsync(
                TalosErrors.TalosServiceNotFound.New($"'{node.Name}' has no service '{missing}'.", node.Name)
            );
        }
    }
}
