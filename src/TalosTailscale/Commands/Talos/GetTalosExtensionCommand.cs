using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets the system extensions in the boot image that nodes run.</summary>
[Cmdlet(VerbsCommon.Get, "TalosExtension")]
[OutputType(typeof(TalosExtension))]
public sealed class GetTalosExtensionCommand : TalosCmdlet
{
    /// <summary>Names of extensions; wildcards are understood. All when not given.</summary>
    [Parameter(Mandatory = false, Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    private protected override async Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    )
    {
        Wildcards names = new(Name);
        IReadOnlyList<TalosExtension> extensions = await client.ExtensionsAsync(cancellationToken);
        // All of a node at once, so that the rows of several nodes do not mix.
        await WriteObjectAsync(extensions.Where(extension => names.Match(extension.Name)).ToArray(), enumerate: true);

        foreach (string missing in names.Unmatched())
        {
            await WriteErrorAsync(
                TalosErrors.TalosExtensionNotFound.New(
                    $"'{node.Name}' runs without the extension '{missing}'.",
                    node.Name
                )
            );
        }
    }
}
