namespace TalosTailscale.Core.Rollout;

/// <summary>What a step saw and did.</summary>
/// <param name="Text">In words.</param>
/// <param name="Backup">The file that holds the image of before.</param>
/// <param name="ImageSha256">SHA-256 of the image that was put into its place.</param>
internal sealed record RolloutEvidence(string Text, string? Backup = null, string? ImageSha256 = null);

/// <summary>
/// The hands of a rollout. Each step can be done again: what is there already is seen, and not done twice.
/// </summary>
internal interface INodeSteps
{
    /// <summary>The boot that runs on a node now.</summary>
    Task<string?> BootIdAsync(RolloutWork work, CancellationToken cancellationToken);

    /// <summary>Does one step on a node.</summary>
    /// <exception cref="TsException">It failed.</exception>
    Task<RolloutEvidence> RunAsync(RolloutWork work, TsRolloutAction action, CancellationToken cancellationToken);
}
