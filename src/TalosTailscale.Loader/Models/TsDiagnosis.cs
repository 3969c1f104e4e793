namespace TalosTailscale;

/// <summary>What a log of the extension says, all in all.</summary>
public enum TsDiagnosisState
{
    /// <summary>Nothing in the log tells.</summary>
    Unknown,

    /// <summary>The last start led into the tailnet, and no line says that anything failed.</summary>
    Healthy,

    /// <summary>The node is in the tailnet; the findings tell what failed before and is over.</summary>
    Recovered,

    /// <summary>With something that should be changed or read: trouble of a node in the tailnet, or lines of failure that are not known.</summary>
    Troubled,

    /// <summary>The last start failed.</summary>
    Failing,
}

/// <summary>The reading of a log of ext-tailscale.</summary>
public sealed record TsDiagnosis
{
    /// <summary>The node, or where the text came from.</summary>
    public required string Node { get; init; }

    /// <summary>What the log says, all in all.</summary>
    public required TsDiagnosisState State { get; init; }

    /// <summary>The code of the cause that comes first; null when there is none.</summary>
    public string? Cause { get; init; }

    /// <summary>What is wrong.</summary>
    public string? Meaning { get; init; }

    /// <summary>What to do.</summary>
    public string? Fix { get; init; }

    /// <summary>The number of the runbook's failure mode (1 to 5); null for none.</summary>
    public int? FailureMode { get; init; }

    /// <summary>Everything that was found in the start that counts, most telling first; then what failed and is over.</summary>
    public IReadOnlyList<TsDiagnosisFinding> Findings
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>
    /// Lines that say that something failed and are not known, without secrets, at most ten; of a start that failed for a
    /// reason that is not told, also the last lines that are not known. Of a node that recovered: what failed, and since which line it is over.
    /// </summary>
    public IReadOnlyList<string> Evidence
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>How often the container started.</summary>
    public int Starts { get; init; }

    /// <summary>The number of lines.</summary>
    public int Lines { get; init; }

    /// <summary>Lines that are not known; they are counted and never read as something else.</summary>
    public int UnknownLines { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Cause is null ? $"{Node}: {State}" : $"{Node}: {Cause}";
}

/// <summary>One cause that a log names.</summary>
/// <param name="Cause">Its code.</param>
/// <param name="Count">How many lines name it.</param>
/// <param name="Line">The number of the last of them, from 1.</param>
/// <param name="Example">That line, without secrets.</param>
/// <param name="Meaning">What is wrong.</param>
/// <param name="Fix">What to do.</param>
/// <param name="Seen">The component and versions that write such lines.</param>
public sealed record TsDiagnosisFinding(
    string Cause,
    int Count,
    int Line,
    string Example,
    string Meaning,
    string Fix,
    string Seen
)
{
    /// <summary>Whether the node was in the tailnet after it: nothing is to be done.</summary>
    public bool Over { get; init; }

    /// <summary>The number of the line that shows that it is over; null where only the lack of a health warning does.</summary>
    public int? OverLine { get; init; }

    /// <summary>The time of that line as the log writes it; null where it has none.</summary>
    public string? OverTime { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Cause} ({Count}{(Over ? ", over" : "")})";
}
