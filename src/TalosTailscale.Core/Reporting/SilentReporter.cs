namespace TalosTailscale.Core.Reporting;

/// <summary>A reporter for callers that do not want to hear anything.</summary>
public sealed class SilentReporter : IReporter
{
    /// <summary>The one instance.</summary>
    public static SilentReporter Instance { get; } = new();

    /// <inheritdoc/>
    public void Verbose(string message) { }

    /// <inheritdoc/>
    public void Warning(string message) { }

    /// <inheritdoc/>
    public void Progress(ProgressStep step) { }
}
