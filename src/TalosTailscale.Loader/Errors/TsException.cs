namespace TalosTailscale;

/// <summary>An expected failure, with everything that an error record needs. Made by <see cref="TsError.New"/>.</summary>
public sealed class TsException : Exception
{
    internal TsException(TsError error, string message, object? target, Exception? inner, string? recommendedAction)
        : base(message, inner)
    {
        Error = error;
        Target = target;
        RecommendedAction = recommendedAction ?? error.RecommendedAction;
    }

    /// <summary>The kind of failure.</summary>
    public TsError Error { get; }

    /// <summary>The ErrorId.</summary>
    public string ErrorId => Error.Id;

    /// <summary>The thing that the user named: a node, a path.</summary>
    public object? Target { get; }

    /// <summary>One sentence: what to do next.</summary>
    public string RecommendedAction { get; }
}
