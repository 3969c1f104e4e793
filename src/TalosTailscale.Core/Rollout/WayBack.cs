using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.Rollout;

/// <summary>
/// Where the way back leads. It is gone only from exactly what Install-TsNode put there to exactly what ran before: what
/// somebody installed since is neither undone nor taken for the image of before.
/// </summary>
internal static class WayBack
{
    /// <summary>Why a node cannot go back, by what it runs and what the journal remembers; null when nothing is against it.</summary>
    internal static TsException? Refusal(RolloutNodeFacts facts, RolloutMemory memory)
    {
        if (memory.Method == TsRolloutMethod.None)
        {
            return RolloutErrors.NothingToUndo.New(
                $"No image change by Install-TsNode is recorded for '{facts.Node.Name}' that was not undone already.",
                facts.Node.Name
            );
        }

        // Of a silent node nothing is known yet, and one that restarted on its way back is looked at by the last steps.
        bool begins = RolloutTracks.For(facts, memory).Steps.Contains(TsRolloutAction.Activate);
        if (facts.Silence is not null || !begins)
            return null;
        return
            facts.SchematicId == memory.SchematicId && facts.TalosVersion == (memory.TalosVersion ?? facts.TalosVersion)
            ? null
            : NotThere(
                facts,
                memory,
                $"it does not run what Install-TsNode put there, {Image(memory.SchematicId, memory.TalosVersion)}"
            );
    }

    /// <summary>The error that names what the node runs, what was found, and how the image of before is had all the same.</summary>
    internal static TsException NotThere(RolloutNodeFacts facts, RolloutMemory memory, string found)
    {
        string node = facts.Node.Name;
        return RolloutErrors.PreviousImageNotThere.New(
            $"'{node}' runs {Image(facts.SchematicId, facts.TalosVersion)}, and {found}; "
                + $"before Install-TsNode it ran {Image(memory.PreviousSchematicId, memory.TalosVersion)}.",
            node,
            recommendedAction: Advice(facts, memory)
        );
    }

    /// <summary>Where to from here, as a command.</summary>
    internal static string Advice(RolloutNodeFacts facts, RolloutMemory memory) =>
        $"Get-TalosEsp {facts.Node.Name} shows what is there. 'Update-TalosNode {facts.Node.Name} "
        + $"{Installer(facts, memory)} -AllowExtensionLoss -Wait' installs the image of before.";

    // Of the version that runs: the image is gone back to, Talos is not.
    private static string Installer(RolloutNodeFacts facts, RolloutMemory memory) =>
        memory.PreviousSchematicId is { } previous
            ? ImageFactoryUri.Installer(
                ImageFactoryUri.Public,
                SchematicId.Parse(previous),
                VersionTag.Parse(facts.TalosVersion ?? ""),
                facts.SecureBoot
            )
            : $"ghcr.io/siderolabs/installer:{facts.TalosVersion}";

    private static string Image(string? schematic, string? version) =>
        $"the schematic '{schematic ?? "(none)"}'{(version is null ? "" : $" of Talos {version}")}";
}
