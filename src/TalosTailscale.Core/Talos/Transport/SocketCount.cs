using System.Net.Sockets;

namespace TalosTailscale.Core.Talos;

/// <summary>How many sockets are open.</summary>
internal sealed class SocketCount
{
    private int _open;

    internal int Open => Volatile.Read(ref _open);

    internal void Add(int change) => Interlocked.Add(ref _open, change);
}

/// <summary>A connected socket that is counted until it is closed.</summary>
internal sealed class CountedConnection : NetworkStream
{
    private readonly SocketCount? _count;
    private int _closed;

    internal CountedConnection(Socket socket, SocketCount? count)
        : base(socket, ownsSocket: true)
    {
        _count = count;
        count?.Add(1);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            _count?.Add(-1);
    }
}
