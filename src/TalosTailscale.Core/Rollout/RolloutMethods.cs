namespace TalosTailscale.Core.Rollout;

/// <summary>Chooses how a node gets its image, and says why.</summary>
internal static class RolloutMethods
{
    internal static (TsRolloutMethod Method, string Reason) Choose(
        RolloutNodeFacts facts,
        RolloutMemory memory,
        IReadOnlyList<TsRolloutAction> steps,
        RolloutOptions options
    )
    {
        if (options.GoBack)
            return Back(facts, memory);
        if (!steps.Contains(TsRolloutAction.Activate))
        {
            return facts.RunsWanted
                ? (TsRolloutMethod.None, "the image runs already")
                : (memory.Method, "an earlier run has begun it and the node has restarted, or is on its way");
        }

        if (options.Method is { } method)
            return (method, "asked for");

        // What was begun is ended the same way: the other way would write a second image.
        if (
            memory.InFlight
            && memory.Method != TsRolloutMethod.None
            && !RolloutMemory.GoesBack(memory.Method)
            && memory.SchematicId == facts.WantedSchematicId
        )
            return (memory.Method, "an earlier run has begun it this way");
        if (
            memory is { Outcome: RolloutOutcome.Failed, Method: TsRolloutMethod.Upgrade }
            && memory.SchematicId == facts.WantedSchematicId
            && facts.BootedWithUki
        )
            return (
                TsRolloutMethod.Promote,
                "an upgrade failed here before, as on firmware that refuses to write variables: its image lies on the partition"
            );
        return facts.Node.Activation switch
        {
            TsActivation.UkiSwap => (TsRolloutMethod.UkiSwap, "the inventory says so"),
            TsActivation.Upgrade => (TsRolloutMethod.Upgrade, "the inventory says so"),
            _ when facts.BootedWithUki && facts.Architecture == TalosArchitecture.Arm64 => (
                TsRolloutMethod.UkiSwap,
                "arm64, booted from a UKI: upgrades fail where firmware refuses to write variables"
            ),
            _ => (
                TsRolloutMethod.Upgrade,
                facts.BootedWithUki ? "amd64, whose firmware takes the installer's variables" : "not booted from a UKI"
            ),
        };
    }

    private static (TsRolloutMethod Method, string Reason) Back(RolloutNodeFacts facts, RolloutMemory memory)
    {
        if (facts.RunsWanted)
            return (TsRolloutMethod.None, "it runs what it ran before");
        return memory.Method is TsRolloutMethod.Upgrade or TsRolloutMethod.Rollback
            ? (TsRolloutMethod.Rollback, "Talos was upgraded and keeps what it ran before")
            : (
                TsRolloutMethod.Restore,
                $"its image was exchanged; the previous image is '{memory.Backup ?? "the newest backup"}'"
            );
    }
}
