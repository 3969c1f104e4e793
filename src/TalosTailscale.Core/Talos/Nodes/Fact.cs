using System.Diagnostics.CodeAnalysis;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Something that was asked of a node: the answer, or why there is none. A fact that nobody asked for has no answer
/// either, so that whoever judges by it refuses.
/// </summary>
/// <typeparam name="T">The answer's type.</typeparam>
[SuppressMessage("Usage", "CA2225:Operator overloads have named alternates", Justification = "Fact.Of, and Lost.")]
public readonly record struct Fact<T>
    where T : notnull
{
    private readonly bool _known;
    private readonly T? _value;
    private readonly FactLoss? _loss;

    internal Fact(T value)
    {
        _known = true;
        _value = value;
    }

    internal Fact(FactLoss loss) => _loss = loss;

    /// <summary>Why there is no answer; null when there is one.</summary>
    public FactLoss? Loss => _known ? null : _loss ?? FactLoss.NotAsked;

    /// <summary>The answer as a fact.</summary>
    /// <param name="value">The answer.</param>
    public static implicit operator Fact<T>(T value) => new(value);

    /// <summary>No answer, and why.</summary>
    /// <param name="loss">Why.</param>
    public static implicit operator Fact<T>(FactLoss loss) => new(loss);

    /// <summary>The answer, where there is one.</summary>
    /// <param name="value">The answer.</param>
    /// <returns>True when there is one.</returns>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return _known;
    }

    /// <summary>What follows from the answer; lost where that is.</summary>
    /// <typeparam name="TResult">What follows.</typeparam>
    /// <param name="read">From the one to the other.</param>
    /// <returns>The fact that follows.</returns>
    public Fact<TResult> Then<TResult>(Func<T, Fact<TResult>> read)
        where TResult : notnull
    {
        ArgumentNullException.ThrowIfNull(read);
        return _known ? read(_value!) : new Fact<TResult>(Loss!);
    }
}

/// <summary>Makes facts.</summary>
public static class Fact
{
    /// <summary>
    /// Asks for a fact of a node. A broken connection is no loss but ends everything: the rest could not be had either.
    /// </summary>
    /// <typeparam name="T">The answer's type.</typeparam>
    /// <param name="name">The fact, at the beginning of a sentence (<c>The machine type</c>).</param>
    /// <param name="call">The call that answers.</param>
    /// <returns>The fact.</returns>
    /// <exception cref="TsException">The node cannot be reached.</exception>
    public static Task<Fact<T>> AskAsync<T>(string name, Func<Task<T>> call)
        where T : notnull => AskAsync(name, call, e => e.Error.Category != TsErrorCategory.ConnectionError);

    /// <summary>Asks somebody else about a node, whose silence is a loss like others.</summary>
    /// <typeparam name="T">The answer's type.</typeparam>
    /// <param name="name">The fact, at the beginning of a sentence.</param>
    /// <param name="call">The call that answers.</param>
    /// <returns>The fact.</returns>
    public static Task<Fact<T>> AskPeerAsync<T>(string name, Func<Task<T>> call)
        where T : notnull => AskAsync(name, call, _ => true);

    /// <summary>The answer as a fact, where its type is an interface, from which there is no conversion.</summary>
    /// <typeparam name="T">The answer's type.</typeparam>
    /// <param name="value">The answer.</param>
    /// <returns>The fact.</returns>
    public static Fact<T> Of<T>(T value)
        where T : notnull => new(value);

    private static async Task<Fact<T>> AskAsync<T>(string name, Func<Task<T>> call, Func<TsException, bool> isLoss)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(call);
        try
        {
            return new Fact<T>(await call().ConfigureAwait(false));
        }
        catch (TsException e) when (isLoss(e))
        {
            return FactLoss.From(name, e);
        }
    }
}

/// <summary>Why something is not known.</summary>
/// <param name="Name">The fact (<c>SecurityState</c>).</param>
/// <param name="Reason">Why: as a rule the call, what came of it, and the role that it needs; no full stop.</param>
/// <param name="Advice">What would help; null where nothing is known to.</param>
public sealed record FactLoss(string Name, string Reason, string? Advice = null)
{
    /// <summary>Of a fact that nobody asked for.</summary>
    internal static FactLoss NotAsked { get; } = new("a fact", "it was not asked for");

    /// <summary>From the error of a call.</summary>
    /// <param name="name">The fact.</param>
    /// <param name="error">The error.</param>
    /// <returns>The loss.</returns>
    public static FactLoss From(string name, TsException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new FactLoss(name, error.Message.TrimEnd('.'), error.RecommendedAction);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} is not known: {Reason}";
}
