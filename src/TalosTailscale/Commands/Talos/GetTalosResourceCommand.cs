using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets resources of the nodes' state, of any type, with their content as objects; follows them if asked to.</summary>
[Cmdlet(VerbsCommon.Get, "TalosResource")]
[OutputType(typeof(TalosResource), typeof(TalosResourceChange))]
public sealed class GetTalosResourceCommand : TalosCmdlet
{
    /// <summary>The type: in full (<c>Members.cluster.talos.dev</c>), its first part (<c>members</c>) or an alias.</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        HelpMessage = "The type of resource, for example members or Members.cluster.talos.dev."
    )]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosTypeCompleter))]
    public string Type { get; set; } = "";

    /// <summary>One resource; all of the type when not given.</summary>
    [Parameter(Mandatory = false, Position = 2)]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>The namespace; the type's own when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Goes on with what happens to them, until stopped.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Watch { get; set; }

    /// <summary>Needed for types that hold secrets, such as machine configurations.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        (TalosType type, bool sensitive) = await TalosTypeNames.FindAsync(client, Type, Namespace, cancellationToken);
        if (sensitive && !Force)
        {
            throw TalosErrors.TalosResourceSensitive.New(
                $"'{type.Type}' on '{node.Name}' holds secrets, which would be shown.",
                node.Name
            );
        }

        if (Watch)
        {
            await foreach (TalosResourceChange change in client.WatchAsync(type, Id, cancellationToken))
                await WriteObjectAsync(change with { Resource = Shown(change.Resource), Old = Shown(change.Old) });
        }
        else if (Id is not null)
        {
            await WriteObjectAsync(Shown(await client.GetResourceAsync(type, Id, cancellationToken)));
        }
        else
        {
            await foreach (TalosResource resource in client.ListResourcesAsync(type, cancellationToken))
                await WriteObjectAsync(Shown(resource));
        }
    }

    private static TalosResource? Shown(TalosResource? resource) =>
        resource is null ? null : resource with { Spec = Objects(resource.Spec) };

    private static object? Objects(object? value)
    {
        switch (value)
        {
            case IReadOnlyDictionary<string, object?> map:
                var shown = new PSObject();
                foreach ((string key, object? child) in map)
                    shown.Properties.Add(new PSNoteProperty(key, Objects(child)));
                return shown;
            case IReadOnlyList<object?> list:
                return list.Select(Objects).ToArray();
            default:
                return value;
        }
    }
}
