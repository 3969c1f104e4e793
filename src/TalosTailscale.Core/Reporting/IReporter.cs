namespace TalosTailscale.Core.Reporting;

/// <summary>
/// Where the Core tells what it does. The cmdlets hand in one that queues to the pipeline; every text passes the
/// redactor there. Safe to call from any thread.
/// </summary>
public interface IReporter
{
    /// <summary>One line per external call or decision, with the node's name where there is one.</summary>
    /// <param name="message">The line.</param>
    void Verbose(string message);

    /// <summary>Something that the user should change.</summary>
    /// <param name="message">What was found and what to do.</param>
    void Warning(string message);

    /// <summary>How far something that takes over a second has come. Never blocks; updates may be dropped.</summary>
    /// <param name="step">The state now.</param>
    void Progress(ProgressStep step);
}
