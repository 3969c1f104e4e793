namespace TalosTailscale.Core.Talos;

/// <summary>
/// The connections of this process to Talos endpoints, one for each endpoint and set of credentials. An idle one closes
/// its socket after a minute; nothing here keeps a process alive.
/// </summary>
public sealed class TalosConnections : IDisposable
{
    private readonly Dictionary<(TalosEndpoint Endpoint, string Credentials), TalosChannel> _channels = [];
    private readonly object _gate = new();

    /// <summary>The connections that all clients share unless they are given others.</summary>
    public static TalosConnections Shared { get; } = new();

    /// <summary>How many endpoints are held at the moment.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _channels.Count;
        }
    }

    /// <summary>Closes every connection; calls under way fail. To be called when the module is removed; later calls connect anew.</summary>
    public void Dispose()
    {
        TalosChannel[] all;
        lock (_gate)
        {
            all = [.. _channels.Values];
            _channels.Clear();
        }

        foreach (TalosChannel channel in all) channel.Dispose();
    }

    /// <summary>The channel of an endpoint, entered: the caller must leave it.</summary>
    internal TalosChannel Enter(TalosEndpoint endpoint, TalosCredentials credentials, TimeSpan connectTimeout, TimeProvider clock)
    {
        lock (_gate)
        {
            (TalosEndpoint, string) key = (endpoint, credentials.Fingerprint);
            if (_channels.TryGetValue(key, out TalosChannel? known) && known.TryEnter()) return known;
            var made = new TalosChannel(endpoint, credentials, connectTimeout, clock);
            made.TryEnter();
            _channels[key] = made;
            return made;
        }
    }

    internal bool IsAvoided(TalosEndpoint endpoint, TalosCredentials credentials)
    {
        lock (_gate)
            return _channels.TryGetValue((endpoint, credentials.Fingerprint), out TalosChannel? known) && known.IsAvoided;
    }

    /// <summary>Takes a channel out, so that the next call to its endpoint connects anew.</summary>
    internal void Retire(TalosChannel channel)
    {
        lock (_gate)
        {
            foreach (KeyValuePair<(TalosEndpoint, string), TalosChannel> entry in _channels)
            {
                if (!ReferenceEquals(entry.Value, channel)) continue;
                _channels.Remove(entry.Key);
                break;
            }
        }

        channel.Retire();
    }
}
