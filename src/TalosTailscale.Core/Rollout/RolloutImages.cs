using System.Collections.Concurrent;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Rollout;

/// <summary>Which image each node is to have. Every schematic is looked at and registered once, however many nodes want it.</summary>
internal sealed class RolloutImages(RolloutSetup setup, IReporter reporter)
{
    private readonly ConcurrentDictionary<string, Schematic> _schematics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<UkiExtension>?>>> _ready = new(
        StringComparer.Ordinal
    );

    /// <summary>The schematic that a node is to run: computed here, without asking the factory.</summary>
    /// <exception cref="TsException"><c>ImageChoiceIncomplete</c>: what it runs now does not say from what it was made.</exception>
    internal string WantedId(string node, IReadOnlyList<TalosExtension> running)
    {
        if (setup.SchematicId is { } given)
            return given;
        Schematic schematic = ImageChoice.SchematicFor(node, running);
        _schematics[schematic.Id] = schematic;
        return schematic.Id;
    }

    /// <summary>The installer of a node's schematic.</summary>
    internal string Installer(RolloutNodeFacts facts) =>
        ImageFactoryUri.Installer(
            ImageFactoryUri.Resolve(setup.Factory),
            SchematicId.Parse(facts.WantedSchematicId!),
            VersionTag.Parse(facts.TalosVersion ?? ""),
            facts.SecureBoot
        );

    /// <summary>Makes sure that the factory builds it.</summary>
    /// <returns>The extensions that it brings; null where the factory does not tell.</returns>
    internal Task<IReadOnlyList<UkiExtension>?> ReadyAsync(
        RolloutNodeFacts facts,
        CancellationToken cancellationToken
    ) =>
        _ready
            .GetOrAdd(facts.WantedSchematicId!, id => new(() => RegisterAsync(id, Installer(facts), cancellationToken)))
            .Value;

    /// <summary>The names of a schematic's extensions.</summary>
    internal async Task<IReadOnlyList<string>?> ExtensionsAsync(
        RolloutNodeFacts facts,
        CancellationToken cancellationToken
    ) =>
        (await ReadyAsync(facts, cancellationToken).ConfigureAwait(false))
            ?.Select(extension => extension.Name)
            .ToArray();

    private async Task<IReadOnlyList<UkiExtension>?> RegisterAsync(
        string id,
        string installer,
        CancellationToken cancellationToken
    )
    {
        if (_schematics.TryGetValue(id, out Schematic? schematic))
        {
            using var client = new ImageFactoryClient(ImageFactoryUri.Resolve(setup.Factory), null, reporter);
            await client.EnsureAsync(schematic, cancellationToken).ConfigureAwait(false);
            return
            [
                .. schematic.Extensions.Select(name => new UkiExtension { Name = name[(name.LastIndexOf('/') + 1)..] }),
            ];
        }

        return await InstallerExtensions
            .ReadAsync(installer, setup.Factory, reporter, cancellationToken)
            .ConfigureAwait(false);
    }
}
