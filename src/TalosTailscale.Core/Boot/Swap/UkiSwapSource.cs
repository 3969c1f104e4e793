namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Where the bytes of the new image come from.</summary>
/// <param name="Uki">What was read of it: with its hash and its extensions.</param>
/// <param name="OpenAsync">Opens it from the first byte, seekable; called again after a broken connection.</param>
public sealed record UkiSwapSource(UkiInfo Uki, Func<CancellationToken, Task<Stream>> OpenAsync)
{
    /// <summary>A path in the node shell's own container (an installer image): then nothing is sent.</summary>
    public string? ContainerPath { get; init; }

    /// <summary>A file that is on the partition already (<c>~N</c> of a failed upgrade): then nothing is copied.</summary>
    public string? PromotedName { get; init; }

    /// <summary>SHA-256, lower case.</summary>
    /// <exception cref="InvalidOperationException">The image was read without being hashed.</exception>
    public string Sha256 => Uki.Sha256 ?? throw new InvalidOperationException("The image was not hashed.");
}
