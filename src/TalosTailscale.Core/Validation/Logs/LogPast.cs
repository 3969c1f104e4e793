namespace TalosTailscale.Core.Validation;

/// <summary>
/// What failed earlier in a log than what counts now: over, once a later line shows the node in the tailnet.
/// </summary>
internal sealed class LogPast
{
    private readonly Dictionary<TsCheckCause, LogFound> _found = [];

    /// <summary>What a later line showed to be over.</summary>
    public IEnumerable<LogFound> Over => _found.Values.Where(found => found.OverLine is not null);

    /// <summary>What no later line showed to be over.</summary>
    public IEnumerable<LogFound> Open => _found.Values.Where(found => found.OverLine is null);

    /// <summary>Takes up what no longer is of the start that counts.</summary>
    public void Add(IEnumerable<LogFound> found)
    {
        foreach (var one in found)
            _found[one.Pattern.Cause!] = _found.TryGetValue(one.Pattern.Cause!, out var before)
                ? LogFound.Together([before, one])
                : one;
    }

    /// <summary>A line that shows the node in the tailnet, or its connection to be back.</summary>
    public void End(int line, string? time)
    {
        foreach (var found in Open.ToArray())
            _found[found.Pattern.Cause!] = found with { OverLine = line, OverTime = time };
    }
}
