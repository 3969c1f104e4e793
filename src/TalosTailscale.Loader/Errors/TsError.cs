namespace TalosTailscale;

/// <summary>
/// One kind of failure: its ErrorId, category, meaning and what to do about it. Every error of the module is made from
/// one of these, by <see cref="New"/>, so that none is without an id or an advice, and the help can list them all.
/// </summary>
/// <remarks>
/// Each room of the Core keeps its own as <c>public static readonly</c> fields of a class named after it
/// (<c>TalosErrors</c>, <c>ImageErrors</c> …).
/// </remarks>
/// <param name="Id">The ErrorId: PascalCase, states the condition, unique (<c>EspNotFound</c>).</param>
/// <param name="Category">The kind of failure.</param>
/// <param name="Meaning">One sentence for the error table of the help: when this happens.</param>
/// <param name="RecommendedAction">One sentence: what to do next, where the case at hand has nothing more exact.</param>
public sealed record TsError(string Id, TsErrorCategory Category, string Meaning, string RecommendedAction)
{
    /// <summary>Makes the exception for one occurrence.</summary>
    /// <param name="message">One sentence with the thing named in single quotes, what was found and what was expected.</param>
    /// <param name="target">The thing that the user named: a node, a path.</param>
    /// <param name="inner">The cause, where there is one.</param>
    /// <param name="recommendedAction">A more exact advice for this occurrence.</param>
    /// <returns>The exception, ready to be thrown.</returns>
    public TsException New(
        string message,
        object? target = null,
        Exception? inner = null,
        string? recommendedAction = null
    ) => new(this, message, target, inner, recommendedAction);
}
