namespace TalosTailscale.Core.Rollout;

/// <summary>The exchange of an image that is about to be made.</summary>
/// <param name="Backup">The name that the image of before gets.</param>
/// <param name="ImageSha256">SHA-256 of the image that takes its place.</param>
/// <param name="PreviousSha256">SHA-256 of the image of before.</param>
internal sealed record ImageExchange(string Backup, string ImageSha256, string PreviousSha256);

/// <summary>
/// The hands of a rollout. Each step can be done again: what is there already is seen, and not done twice.
/// </summary>
internal interface INodeSteps
{
    /// <summary>The boot that runs on a node now.</summary>
    Task<string?> BootIdAsync(RolloutWork work, CancellationToken cancellationToken);

    /// <summary>Does one step on a node.</summary>
    /// <param name="work">The node.</param>
    /// <param name="action">The step.</param>
    /// <param name="announce">Writes an exchange down; awaited before it is made.</param>
    /// <param name="cancellationToken">Breaks the step off.</param>
    /// <returns>What it saw and did, in words.</returns>
    /// <exception cref="TsException">It failed.</exception>
    Task<string> RunAsync(
        RolloutWork work,
        TsRolloutAction action,
        Func<ImageExchange, Task> announce,
        CancellationToken cancellationToken
    );
}
