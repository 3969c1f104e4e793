namespace TalosTailscale.Core.Talos;

/// <summary>
/// A client of the Talos API of one cluster. Connects when the first call is made, shares its connections with other
/// clients, and may be used from many threads at once.
/// </summary>
public sealed class TalosClient : IAsyncDisposable, IDisposable
{
    private readonly TalosCredentials _credentials;
    private readonly CancellationTokenSource _disposed = new();
    private int _next = -1;
    private int _isDisposed;

    private TalosClient(TalosConfigContext context, TalosClientOptions options, IReadOnlyList<TalosEndpoint> endpoints)
    {
        Context = context;
        Options = options;
        Endpoints = endpoints;
        _credentials = TalosCredentials.Create(context);
        _credentials.CheckDates(options.Clock.GetUtcNow());
    }

    /// <summary>The context.</summary>
    public TalosConfigContext Context { get; }

    /// <summary>How it connects.</summary>
    public TalosClientOptions Options { get; }

    /// <summary>The endpoints that are dialled in turn.</summary>
    public IReadOnlyList<TalosEndpoint> Endpoints { get; }

    /// <summary>The roles that the client certificate gives (<c>os:admin</c>); empty without a certificate.</summary>
    public IReadOnlyList<string> Roles => _credentials.Roles;

    internal CancellationToken Disposed => _disposed.Token;

    /// <summary>Prepares a client. Nothing is dialled yet; keys, certificates and their dates are checked.</summary>
    /// <param name="context">The context.</param>
    /// <param name="options">Times and endpoints; null for the usual ones.</param>
    /// <returns>The client.</returns>
    /// <exception cref="TsException">One of the credential and endpoint errors of <see cref="TalosErrors"/>.</exception>
    public static TalosClient Connect(TalosConfigContext context, TalosClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        options ??= new TalosClientOptions();
        if (context.IsOmni)
            throw TalosErrors.TalosLoginUnsupported.New(
                $"The context '{context.Name}' of '{context.Source}' logs in through Omni (auth.siderov1), whose calls are signed by its own client.",
                context.Name
            );
        IReadOnlyList<string> texts = options.Endpoints.Count > 0 ? options.Endpoints : context.Endpoints;
        if (texts.Count == 0)
        {
            throw TalosErrors.TalosEndpointMissing.New(
                $"The context '{context.Name}' of '{context.Source}' has no endpoints and none was given.",
                context.Name
            );
        }

        return new TalosClient(context, options, [.. texts.Select(TalosEndpoint.Parse).Distinct()]);
    }

    /// <summary>A node of the cluster.</summary>
    /// <param name="node">
    /// Its address or host name, without a port; the endpoint passes the calls on. Null for the endpoint itself.
    /// </param>
    /// <param name="displayName">What results and errors call the node; null for <paramref name="node"/>.</param>
    /// <returns>The node's calls.</returns>
    public TalosNodeClient Node(string? node, string? displayName = null) =>
        new(new TalosCaller(this, node, displayName ?? node ?? Endpoints[0].Host));

    /// <summary>Ends the calls that are under way. The connections stay for other clients and close when idle.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _disposed.Cancel();
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    /// <returns>When done.</returns>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal TalosChannel Enter(TalosEndpoint endpoint) =>
        Options.Connections.Enter(endpoint, _credentials, Options.ConnectTimeout, Options.Clock);

    /// <summary>The endpoints for one call: round robin, those that failed a moment ago last.</summary>
    internal TalosEndpoint[] Order()
    {
        int start = (int)((uint)Interlocked.Increment(ref _next) % (uint)Endpoints.Count);
        return
        [
            .. Enumerable
                .Range(0, Endpoints.Count)
                .Select(offset => Endpoints[(start + offset) % Endpoints.Count])
                .OrderBy(endpoint => Endpoints.Count > 1 && Options.Connections.IsAvoided(endpoint, _credentials)),
        ];
    }
}
