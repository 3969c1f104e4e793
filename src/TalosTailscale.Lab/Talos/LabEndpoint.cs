using System.Collections.Concurrent;
using TalosTailscale.Lab.Pki;

namespace TalosTailscale.Lab.Talos;

/// <summary>One listening port of the lab's Talos API and its open connections.</summary>
/// <param name="node">The node whose apid it is; null for the one that reaches every node.</param>
internal sealed class LabEndpoint(LabNode? node)
{
    private readonly ConcurrentDictionary<LabTlsConnection, bool> _open = new();
    private long _cutNext = -1;

    internal LabNode? Node => node;

    internal string Address { get; set; } = "";

    internal int Open => _open.Count;

    internal void CutNext(long bytes) => Interlocked.Exchange(ref _cutNext, bytes);

    internal void Add(LabTlsConnection connection)
    {
        _open.TryAdd(connection, true);
        if (Interlocked.Exchange(ref _cutNext, -1) is var bytes and >= 0)
            connection.CutAfter(bytes);
    }

    internal void Remove(LabTlsConnection connection) => _open.TryRemove(connection, out _);

    internal void AbortAll()
    {
        foreach (var connection in _open.Keys)
            connection.Abort();
    }
}
