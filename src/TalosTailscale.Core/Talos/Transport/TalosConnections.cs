namespace TalosTailscale.Core.Talos;

/// <summary>
/// The connections of this process to Talos endpoints, one for each endpoint and set of credentials. An idle one closes
/// its socket after a minute; nothing here keeps a process alive.
/// </summary>
public sealed class TalosConnections : IDisposable
{
    private readonly Dictionary<(TalosEndpoint Endpoint, string Credentials), TalosChannel> _channels = [];
    private readonly object _gate = new();
    private readonly SocketCount _sockets = new();

    /// <summary>The connections that all clients share unless they are given others.</summary>
    public static TalosConnections Shared { get; } = new();

    /// <summary>How many endpoints are held at the moment.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _channels.Count;
        }
    }

    /// <summary>How many sockets are open at the moment, those being closed included.</summary>
    public int OpenSockets => _sockets.Open;

    /// <summary>
    /// Closes every connection as soon as the calls on it have ended; later calls connect anew. For when the module is
    /// removed in one runspace while others may use it.
    /// </summary>
    public void Release()
    {
        foreach (TalosChannel channel in TakeAll())
            channel.Retire();
    }

    /// <summary>Closes every connection; calls under way fail, later ones connect anew.</summary>
    public void Dispose()
    {
        foreach (TalosChannel channel in TakeAll())
            channel.Dispose();
    }

    /// <summary>The channel of an endpoint, entered: the caller must leave it.</summary>
    internal TalosChannel Enter(
        TalosEndpoint endpoint,
        TalosCredentials credentials,
        TimeSpan connectTimeout,
        TimeProvider clock
    )
    {
        lock (_gate)
        {
            (TalosEndpoint, string) key = (endpoint, credentials.Fingerprint);
            if (_channels.TryGetValue(key, out TalosChannel? known) && known.TryEnter())
                return known;
            var made = new TalosChannel(endpoint, credentials, connectTimeout, clock, _sockets);
            made.TryEnter();
            _channels[key] = made;
            return made;
        }
    }

    internal bool IsAvoided(TalosEndpoint endpoint, TalosCredentials credentials)
    {
        lock (_gate)
            return _channels.TryGetValue((endpoint, credentials.Fingerprint), out TalosChannel? known)
                && known.IsAvoided;
    }

    private TalosChannel[] TakeAll()
    {
        lock (_gate)
        {
            TalosChannel[] all = [.. _channels.Values];
            _channels.Clear();
            return all;
        }
    }

    /// <summary>Takes a channel out, so that the next call to its endpoint connects anew.</summary>
    internal void Retire(TalosChannel channel)
    {
        lock (_gate)
        {
            foreach (KeyValuePair<(TalosEndpoint, string), TalosChannel> entry in _channels)
            {
                if (!ReferenceEquals(entry.Value, channel))
                    continue;
                _channels.Remove(entry.Key);
                break;
            }
        }

        channel.Retire();
    }
}
