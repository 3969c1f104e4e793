namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>A reader under mutation.</summary>
/// <param name="Name">As it is called on the command line.</param>
/// <param name="Seeds">Well-formed inputs.</param>
/// <param name="Run">Reads an input; a <see cref="TsException"/> is an answer, anything else is a finding.</param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, Func<Stream, Task> Run)
{
    /// <summary>Puts checksums right again after a mutation, so that what is behind them is reached.</summary>
    public Action<Mutation, Random>? Repair { get; init; }
}
