using System.Management.Automation;
using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Commands;

/// <summary>
/// Goes back to the image that nodes ran before Install-TsNode, with the same gates and in the same order: the backup of
/// a swap, or Talos's own way back after an upgrade, by what the journal says was done. The machine configuration stays.
/// </summary>
[Cmdlet(VerbsCommon.Undo, "TsNode", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TsRolloutStep))]
[OutputType(typeof(TsRolloutPlan))]
public sealed class UndoTsNodeCommand : RolloutCmdlet
{
    private protected override string Question(TsRolloutNode node) =>
        node.Method == TsRolloutMethod.None
            ? "Check; it runs what it ran before"
            : $"Go back to the image of before ({node.Method}: {node.Reason}) and restart";

    private protected override RolloutOptions Options(RolloutWidth width) =>
        new()
        {
            GoBack = true,
            Width = width,
            MaxFailures = FailureLimit,
            SkipDrain = SkipDrain,
        };

    private protected override Task<RolloutSetup> SetupAsync(
        RolloutSetup connections,
        CancellationToken cancellationToken
    ) => Task.FromResult(connections);
}
