namespace TalosTailscale.Tests.Rollout;

/// <summary>Everything that a step may do to a node: with its effect or without, and told as a success or as a failure.</summary>
internal static class ModelEffects
{
    private const byte Good = 1,
        Bad = 2;

    /// <summary>The node after each of the things that can happen.</summary>
    /// <param name="action">The step.</param>
    /// <param name="node">The node.</param>
    /// <param name="method">How it gets its image.</param>
    /// <param name="gate">Whether it is up and, for a control plane, all the others are.</param>
    internal static IEnumerable<ModelNode> Of(TsRolloutAction action, ModelNode node, TsRolloutMethod method, bool gate)
    {
        ModelNode good = node with { Pending = Good },
            bad = node with { Pending = Bad };
        switch (action)
        {
            case TsRolloutAction.Check:
            case TsRolloutAction.Verify when node.RunsNew:
                if (gate)
                    yield return good;
                yield return bad;
                break;
            case TsRolloutAction.Verify:
                yield return bad;
                break;
            case TsRolloutAction.Cordon:
                yield return good with
                {
                    Cordoned = true,
                };
                yield return bad with
                {
                    Cordoned = true,
                };
                yield return bad;
                break;
            case TsRolloutAction.Uncordon:
                yield return good with
                {
                    Cordoned = false,
                };
                yield return bad with
                {
                    Cordoned = false,
                };
                yield return bad;
                break;
            case TsRolloutAction.Activate:
                foreach (ModelNode after in Activated(node, good, bad, method))
                    yield return after;
                break;
            case TsRolloutAction.Restart:
                if (method == TsRolloutMethod.Upgrade && node.Rebooted)
                {
                    yield return good;
                    break;
                }

                yield return bad;
                if (!node.Up)
                    break;
                yield return Down(good);
                yield return Down(bad);
                break;
            case TsRolloutAction.Return:
                // Waits while it is down; or gives up.
                yield return node.Up ? good : bad;
                break;
            default:
                yield return good;
                yield return bad;
                break;
        }
    }

    private static IEnumerable<ModelNode> Activated(
        ModelNode node,
        ModelNode good,
        ModelNode bad,
        TsRolloutMethod method
    )
    {
        yield return bad;
        if (!node.Up)
            yield break;
        if (method == TsRolloutMethod.Upgrade)
        {
            // Restarts by itself, also when the installer failed before it wrote anything (siderolabs/talos#11343 boards).
            yield return Down(good with { Staged = true });
            yield return Down(bad with { Staged = true });
            yield return Down(bad);
            yield return good with
            {
                Staged = true,
            };
            yield break;
        }

        // A swap of what is there already writes nothing.
        ModelNode written = node.Staged ? node : node with { Staged = true, Writes = (byte)(node.Writes + 1) };
        yield return written with
        {
            Pending = Good,
        };
        if (!node.Staged)
            yield return written with
            {
                Pending = Bad,
            };
    }

    private static ModelNode Down(ModelNode node) =>
        node with
        {
            Up = false,
            RunsNew = false,
            Rebooted = true,
            Touches = (byte)(node.Touches + 1),
        };
}
